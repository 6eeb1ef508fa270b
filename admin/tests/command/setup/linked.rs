//! `packaging/link-sounds`, which root runs when the package is installed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use crate::site::{answer, shell};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/link-sounds");
const ASTERISK: u32 = 4321;

fn link(sounds: &Path, ours: &Path) -> bool {
    let script = format!("DIALGATE_SOUNDS={ours:?} {SCRIPT:?} {sounds:?}");
    answer(shell(&script), b"").code == 0
}

#[test]
fn root_puts_links_nowhere_that_asterisks_user_could_not() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let machine = tempfile::tempdir().unwrap();
    let [sounds, ours, etc] = ["sounds", "ours", "etc"].map(|name| machine.path().join(name));
    for folder in [sounds.join("fr"), ours.join("core/es/digits"), etc.join("digits")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(ours.join("core/es/digits/1.gsm"), "").unwrap();
    fs::set_permissions(machine.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for language in ["en", "es"] {
        symlink(&etc, sounds.join(language)).unwrap();
    }
    for folder in [&sounds, &sounds.join("fr")] {
        chown(folder, Some(ASTERISK), Some(ASTERISK)).unwrap();
    }
    // What it cannot link is told, and keeps nothing else.
    assert!(link(&sounds, &ours));
    let names: Vec<_> = fs::read_dir(&etc).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["digits"]);
    assert_eq!(fs::read_dir(etc.join("digits")).unwrap().count(), 0);
    assert_eq!(fs::read_link(sounds.join("fr/dialgate")).unwrap(), ours.join("fr"));
    assert!(sounds.join("de/dialgate").is_symlink());
}
