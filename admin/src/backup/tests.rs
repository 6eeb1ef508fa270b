use std::io::Cursor;
use std::path::Path;

use dialgate_contract::ledger::Ledger;
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::error::Error;

fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000).unwrap()
}

/// A backup of files that hold anything.
fn good() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    drop(Ledger::open(&folder.path().join(LEDGER)).unwrap());
    std::fs::write(folder.path().join(PEPPER), "00".repeat(32)).unwrap();
    std::fs::write(folder.path().join(CONFIG), "").unwrap();
    let mut tar = Vec::new();
    archive::write(folder.path(), now(), &mut tar).unwrap();
    tar
}

fn read(tar: &[u8], folder: &Path) -> Result<manifest::Manifest, Error> {
    archive::read(Cursor::new(tar), folder)
}

fn refused(tar: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    let error = read(tar, &inside).unwrap_err();
    let beside: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is written elsewhere");
    assert!(
        matches!(error, Error::Backup(BackupError::Damaged(_) | BackupError::Foreign(_))),
        "{error:?}"
    );
    error.to_string()
}

/// The good one, with an entry after its manifest that is none of ours.
fn with(entry: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let good = good();
    let mut archive = tar::Archive::new(Cursor::new(&good));
    let mut all = archive.entries().unwrap().raw(true);
    let mut first = all.next().unwrap().unwrap();
    let mut made = Builder::new(Vec::new());
    made.append(&first.header().clone(), &mut first).unwrap();
    entry(&mut made);
    for other in all {
        let mut other = other.unwrap();
        made.append(&other.header().clone(), &mut other).unwrap();
    }
    made.into_inner().unwrap()
}

fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    let bytes = &mut header.as_old_mut().name;
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_mtime(0);
    header.set_cksum();
    header
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = read(&good(), folder.path()).unwrap();
    assert_eq!((manifest.made_at, manifest.files.len()), (now(), 3));
    let text = std::fs::read_to_string(folder.path().join(PEPPER)).unwrap();
    assert_eq!(text, "00".repeat(32));
}

#[test]
fn files_that_are_none_of_ours_are_refused_and_written_nowhere() {
    for (name, kind) in [
        ("../evil", EntryType::Regular),
        ("/tmp/evil", EntryType::Regular),
        ("evil", EntryType::Regular),
        (LEDGER, EntryType::Symlink),
        (LEDGER, EntryType::Link),
        (PEPPER, EntryType::Fifo),
        (PEPPER, EntryType::Directory),
        ("././@LongLink", EntryType::GNULongName),
        ("pax", EntryType::XHeader),
        ("pax", EntryType::XGlobalHeader),
    ] {
        let tar = with(|made| made.append(&header(name, kind, 0), std::io::empty()).unwrap());
        let told = refused(&tar);
        assert!(told.contains("none of its files"), "{name}: {told}");
    }
}

#[test]
fn a_file_that_is_there_twice_is_refused() {
    let text = "00".repeat(32);
    let tar = with(|made| {
        made.append(&header(PEPPER, EntryType::Regular, 64), text.as_bytes()).unwrap();
    });
    assert!(refused(&tar).contains("twice"));
}

#[test]
fn a_size_that_no_file_has_is_refused_before_it_is_read() {
    for (name, size) in [(PEPPER, 1 << 40), (LEDGER, u64::MAX / 2), (CONFIG, 1 << 30)] {
        let tar = with(|made| {
            // The content is not there.
            made.append(&header(name, EntryType::Regular, size), std::io::empty()).unwrap();
        });
        let told = refused(&tar);
        assert!(told.contains("bytes is in it") || told.contains("overflow"), "{name}: {told}");
    }
}

#[test]
fn one_that_is_cut_off_anywhere_is_refused() {
    let good = good();
    // Two blocks of zeros end a tar archive, and may be missing.
    let end = good.len() - 1024;
    for length in (0..end).step_by(509) {
        refused(&good[..length]);
    }
}

#[test]
fn a_manifest_of_a_later_format_asks_for_a_later_program() {
    let text =
        r#"{"format":2,"dialgate":"9.9","made_at":"2027-01-01T00:00:00Z","host":"a","files":{}}"#;
    let mut made = Builder::new(Vec::new());
    let header = header(MANIFEST, EntryType::Regular, text.len() as u64);
    made.append(&header, text.as_bytes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = read(&made.into_inner().unwrap(), folder.path()).unwrap_err();
    assert!(matches!(error, Error::Backup(BackupError::Newer(version)) if version == "9.9"));
}

#[test]
fn the_keys_that_differ_are_named() {
    let here = "data-dir = \"/a\"\n[lease]\nmax = \"7d\"\n[mail]\noperator = []\n";
    let there =
        "data-dir = \"/a\"\n[lease]\nmax = \"3d\"\ndefault = \"1h\"\n[mail]\noperator = []\n";
    assert_eq!(
        compare::keys(here.as_bytes(), there.as_bytes()),
        [
            "lease.default is the default, in the backup \"1h\"",
            "lease.max is \"7d\", in the backup \"3d\""
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_byte_that_changed_in_what_a_backup_holds_is_found(place in 0_usize..1 << 20, bit in 0..8_u32) {
        let mut tar = good();
        let at = place % tar.len();
        tar[at] ^= 1_u8 << bit;
        let folder = tempfile::tempdir().unwrap();
        // What is between the files, or says when they were written, means nothing.
        if read(&tar, folder.path()).is_ok() {
            let pepper = std::fs::read_to_string(folder.path().join(PEPPER)).unwrap();
            prop_assert_eq!(pepper, "00".repeat(32));
        }
    }

    #[test]
    fn any_bytes_at_all_are_refused(tar in prop::collection::vec(any::<u8>(), 0..2048)) {
        refused(&tar);
    }
}

/// What becomes of a backup whose ledger was changed by `orders` before it was made.
fn unpacked(orders: &str) -> Error {
    let folder = tempfile::tempdir().unwrap();
    drop(Ledger::open(&folder.path().join(LEDGER)).unwrap());
    let other = rusqlite::Connection::open(folder.path().join(LEDGER)).unwrap();
    other.execute_batch(orders).unwrap();
    other.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(other);
    std::fs::write(folder.path().join(PEPPER), "00".repeat(32)).unwrap();
    std::fs::write(folder.path().join(CONFIG), "").unwrap();
    let file = folder.path().join("backup.tar");
    archive::write(folder.path(), now(), std::fs::File::create(&file).unwrap()).unwrap();
    match unpacked::Unpacked::read(&file, tempfile::tempdir().unwrap()) {
        Ok(_) => panic!("{orders}"),
        Err(error) => error,
    }
}

#[test]
fn a_ledger_that_could_give_orders_or_cannot_be_read_is_refused() {
    for (orders, words) in [
        ("CREATE TRIGGER x AFTER INSERT ON audit BEGIN DELETE FROM deny; END", "its tables"),
        ("DROP TRIGGER audit_delete", "its tables"),
        ("CREATE VIEW x AS SELECT 1", "its tables"),
        ("INSERT INTO deny VALUES ('everybody', '', NULL, 0)", "holds \"everybody\""),
        ("INSERT INTO account_service VALUES ('4711', 'sip')", "refer to rows that are not there"),
    ] {
        let error = unpacked(&format!("PRAGMA foreign_keys = OFF; {orders}"));
        let is_damaged = matches!(&error, Error::Backup(BackupError::Damaged(_)));
        assert!(is_damaged && error.to_string().contains(words), "{orders}: {error}");
    }
    let error = unpacked("PRAGMA user_version = 99");
    assert!(matches!(error, Error::Backup(BackupError::Newer(_))), "{error}");
}
