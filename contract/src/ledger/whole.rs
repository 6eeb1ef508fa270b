//! The ledger as a whole: a copy of it in one file, and another one put in its place while programs have it open.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, ffi, params_from_iter};

use super::{Ledger, LedgerReader};
use crate::database::{self, DatabaseError};

/// What belongs to this machine and to the requests in its queue, and not to a ledger of another time: letters, what
/// the DNS said, what stands in the kernel, what the clocks showed, whether we keep everybody else out, and last how
/// often what happened, for what is taken over before is counted as if it happened again.
const OURS: [&str; 9] =
    ["letter", "host", "host_address", "built", "pass", "clock", "base_policy", "ended", "total"];
/// Tables whose numbers are never given twice, for somebody may still speak of one.
const NUMBERED: [&str; 2] = ["lease", "letter"];

/// No ledger counts so far, and whoever could count no further could change nothing any more.
const HIGHEST: i64 = 1 << 48;

/// How often it is tried to get at a database that somebody else is just writing, and how long is waited before.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Writes a copy of a ledger to a new file: all of one moment, whoever writes meanwhile, and without a WAL.
///
/// # Errors
/// When the ledger cannot be read or the file not be written.
pub fn copy(from: &Connection, path: &Path) -> Result<(), DatabaseError> {
    let mut to = database::open_new(path)?;
    {
        let backup = Backup::new(from, &mut to)?;
        step(&backup, ALL)?;
    }
    to.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(())
}

/// What is wrong with a ledger of which nobody knows where it has been; `None` when nothing is. It must have the very
/// schema of `fresh`, a new one, for a schema can hold orders.
///
/// # Errors
/// When one of them cannot be read.
pub fn fault(suspect: &Connection, fresh: &Connection) -> Result<Option<String>, DatabaseError> {
    if schema(suspect)? != schema(fresh)? {
        return Ok(Some("its tables are not those of a ledger".to_owned()));
    }
    if let Some(fault) = damage(suspect)? {
        return Ok(Some(fault));
    }
    let highest: i64 = suspect.query_row(
        "SELECT max((SELECT max(number, others) FROM revision),
                    (SELECT coalesce(max(seq), 0) FROM sqlite_sequence))",
        [],
        |row| row.get(0),
    )?;
    Ok((highest > HIGHEST).then(|| format!("it counts to {highest}, which none does")))
}

/// What is wrong with a database as a file; `None` when nothing is.
///
/// # Errors
/// When it cannot be read.
pub fn damage(connection: &Connection) -> Result<Option<String>, DatabaseError> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Some(found));
    }
    let orphans: i64 =
        connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    Ok((orphans > 0).then(|| format!("{orphans} of its rows refer to rows that are not there")))
}

impl Ledger {
    /// Puts all that `copy` holds, a ledger at `copy_path`, in the place of what is here, at `path`: in one transaction,
    /// and whoever has this ledger open goes on with what is then in it. Before, `work` may change the copy beside what
    /// is here; meanwhile nobody writes here.
    ///
    /// # Errors
    /// What `work` returned, or that one of them cannot be read or written. Nothing has changed here then.
    pub fn replace<T, E: From<DatabaseError>>(
        &mut self,
        path: &Path,
        copy: &mut Self,
        copy_path: &Path,
        work: impl FnOnce(&Transaction<'_>, &Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = LedgerReader::open(path)?;
        let source = LedgerReader::open(copy_path)?;
        let backup = Backup::new(source.connection(), &mut self.0).map_err(DatabaseError::from)?;
        // The first step, of no pages, takes the right to write.
        step(&backup, 0)?;
        let value = copy.write(|tx| work(tx, before.connection()))?;
        drop(before);
        step(&backup, ALL)?;
        drop(backup);
        database::announce(&self.0);
        Ok(value)
    }
}

/// Makes of a ledger of another time one that can stand in the place of `before`. Leases are to have been ended.
///
/// # Errors
/// When one of them cannot be read or written.
pub fn settle(transaction: &Transaction<'_>, before: &Connection) -> Result<(), DatabaseError> {
    // A request that is still in the queue is never decided twice.
    carry(transaction, before, "verdict")?;
    for table in OURS {
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
        carry(transaction, before, table)?;
    }
    transaction.execute("DELETE FROM verified", [])?;
    lose(transaction, before)?;
    for table in NUMBERED {
        go_on_counting(transaction, before, table)?;
    }
    let revision = "SELECT number FROM revision";
    let known: i64 = before.query_row(revision, [], |row| row.get(0))?;
    // What a pass found to be right goes by the ledger before: all is compared again.
    let next = "UPDATE revision SET number = max(number, ?1) + 1, others = max(number, ?1) + 1";
    transaction.execute(next, [known])?;
    Ok(())
}

/// Takes over the rows that are not there.
fn carry(
    transaction: &Transaction<'_>,
    before: &Connection,
    table: &str,
) -> Result<(), DatabaseError> {
    let mut from = before.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = from.column_count();
    let marks = vec!["?"; columns].join(", ");
    let mut into =
        transaction.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES ({marks})"))?;
    let mut rows = from.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> =
            (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        into.execute(params_from_iter(values))?;
    }
    Ok(())
}

/// Whoever had a right loses it with this; those that have it still are told apart when flows are cut.
fn lose(transaction: &Transaction<'_>, before: &Connection) -> Result<(), DatabaseError> {
    transaction.execute("DELETE FROM loss", [])?;
    let mut from = before.prepare(
        "SELECT network, services FROM loss
         UNION ALL SELECT address, services FROM lease WHERE ended_at IS NULL
         UNION ALL SELECT origin, services FROM allow
         WHERE origin GLOB '*[:/]*' OR origin NOT GLOB '*[^0-9.]*'
         UNION ALL SELECT address, services FROM host_address JOIN allow ON origin = host",
    )?;
    let mut into = transaction.prepare("INSERT INTO loss (network, services) VALUES (?1, ?2)")?;
    let mut rows = from.query([])?;
    while let Some(row) = rows.next()? {
        into.execute([row.get::<_, String>(0)?, row.get::<_, String>(1)?])?;
    }
    Ok(())
}

fn go_on_counting(
    transaction: &Transaction<'_>,
    before: &Connection,
    table: &str,
) -> Result<(), DatabaseError> {
    let last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1";
    let known: i64 = before.query_row(last, [table], |row| row.get(0))?;
    let own: i64 = transaction.query_row(last, [table], |row| row.get(0))?;
    transaction.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
    transaction.execute(
        "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
        rusqlite::params![table, known.max(own)],
    )?;
    Ok(())
}

/// All pages that are left.
const ALL: i32 = -1;

fn step(backup: &Backup<'_, '_>, pages: i32) -> Result<(), DatabaseError> {
    for _ in 0..TRIES {
        match backup.step(pages)? {
            StepResult::Done => return Ok(()),
            StepResult::More if pages != ALL => return Ok(()),
            StepResult::More => {}
            // And whatever a later library may say.
            StepResult::Busy | StepResult::Locked | _ => std::thread::sleep(PAUSE),
        }
    }
    let busy = ffi::Error::new(ffi::SQLITE_BUSY);
    Err(rusqlite::Error::SqliteFailure(busy, None).into())
}

type Definition = (String, String, String, Option<String>);

fn schema(connection: &Connection) -> Result<Vec<Definition>, DatabaseError> {
    let mut statement = connection.prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema
         WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY type, name",
    )?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{LeaseEnd, audit, lease, letter, revision};
    use crate::{AccountNumber, ServiceName, TravellerAddress};
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn open(folder: &tempfile::TempDir, name: &str) -> Ledger {
        Ledger::open(&folder.path().join(name)).unwrap()
    }

    fn grant(ledger: &mut Ledger, address: &str) {
        let account: AccountNumber = "4711".parse().unwrap();
        let address = TravellerAddress::new(address.parse().unwrap(), false).unwrap();
        let sip: std::collections::BTreeSet<ServiceName> = ["sip".parse().unwrap()].into();
        ledger
            .write(|tx| {
                lease::open(tx, &account, address, &sip, at(10), at(900))?;
                audit::record(tx, at(10), &audit::Actor::Reconciler, "lease-opened", None, "")
            })
            .unwrap();
    }

    fn put_back(live: &mut Ledger, folder: &tempfile::TempDir) {
        let (path, copied) = (folder.path().join("ledger.db"), folder.path().join("copy.db"));
        let mut copy = Ledger::open(&copied).unwrap();
        live.replace(&path, &mut copy, &copied, |tx, before| {
            for lease in lease::not_ended(tx)? {
                lease::end(tx, lease.id, at(20), LeaseEnd::Revoked)?;
            }
            settle(tx, before)?;
            audit::record(tx, at(20), &audit::Actor::Reconciler, "ledger-restored", None, "")
        })
        .unwrap();
    }

    #[test]
    fn a_copy_is_one_file_that_is_a_ledger_of_that_moment() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = open(&folder, "ledger.db");
        grant(&mut live, "12.34.56.78");
        let copied = folder.path().join("copy.db");
        copy(live.connection(), &copied).unwrap();
        for suffix in ["-wal", "-shm", "-journal"] {
            assert!(!folder.path().join(format!("copy.db{suffix}")).exists(), "{suffix}");
        }
        grant(&mut live, "12.34.56.79");
        let copied = open(&folder, "copy.db");
        assert_eq!(lease::all(copied.connection()).unwrap().len(), 1);
        assert_eq!(fault(copied.connection(), live.connection()).unwrap(), None);
        copied.connection().execute_batch("CREATE TABLE x (y)").unwrap();
        assert!(fault(copied.connection(), live.connection()).unwrap().is_some());
    }

    #[test]
    fn whoever_has_a_ledger_open_goes_on_with_what_is_put_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = open(&folder, "ledger.db");
        grant(&mut live, "12.34.56.78");
        copy(live.connection(), &folder.path().join("copy.db")).unwrap();
        grant(&mut live, "12.34.56.79");
        let path = folder.path().join("ledger.db");
        let (reader, mut writer) =
            (LedgerReader::open(&path).unwrap(), Ledger::open(&path).unwrap());
        let (version, number) =
            (writer.data_version().unwrap(), revision::number(reader.connection()).unwrap());
        assert_eq!(lease::not_ended(reader.connection()).unwrap().len(), 2);

        put_back(&mut live, &folder);
        assert!(reader.is_current());
        assert_eq!(lease::not_ended(reader.connection()).unwrap(), []);
        assert_ne!(writer.data_version().unwrap(), version);
        assert!(revision::number(reader.connection()).unwrap() > number);
        let lost = super::super::loss::all(reader.connection()).unwrap();
        let lost: Vec<String> = lost.iter().map(|loss| loss.network.to_string()).collect();
        assert_eq!(lost, ["12.34.56.78", "12.34.56.79"]);
        assert_eq!(audit::verify(reader.connection(), None).unwrap().fault, None);
        grant(&mut writer, "12.34.56.80");
        let open = lease::not_ended(reader.connection()).unwrap();
        assert_eq!(open[0].id.to_string(), "L3", "no number is given twice");
    }

    #[test]
    fn verdicts_and_letters_of_the_ledger_before_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = open(&folder, "ledger.db");
        let post = "INSERT INTO letter (recipient, content, created_at, due_at)
                    VALUES ('a@b.net', '{}', 1, 1)";
        let decide = "INSERT INTO verdict (request, decision, decided_at) VALUES (?1, 'closed', 1)";
        let run = |ledger: &mut Ledger, request: &str| {
            ledger
                .write(|tx| {
                    tx.execute(post, [])?;
                    tx.execute(decide, [request]).map_err(DatabaseError::from)
                })
                .unwrap();
        };
        run(&mut live, "a");
        copy(live.connection(), &folder.path().join("copy.db")).unwrap();
        run(&mut live, "b");
        live.write(|tx| letter::sent(tx, letter::LetterId::from_row(1), at(5))).unwrap();
        put_back(&mut live, &folder);
        let count = |query: &str| -> i64 {
            live.connection().query_row(query, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(count("SELECT count(*) FROM verdict"), 2);
        assert_eq!(count("SELECT count FROM total WHERE what = 'request'"), 2);
        assert_eq!(count("SELECT count(*) FROM letter WHERE sent_at IS NULL"), 1);
        assert_eq!(count("SELECT count(*) FROM letter"), 2);
    }

    #[test]
    fn a_failure_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = open(&folder, "ledger.db");
        copy(live.connection(), &folder.path().join("copy.db")).unwrap();
        grant(&mut live, "12.34.56.78");
        let (path, copied) = (folder.path().join("ledger.db"), folder.path().join("copy.db"));
        let mut other = Ledger::open(&copied).unwrap();
        let failed = live
            .replace(&path, &mut other, &copied, |_, _| Err::<(), _>(DatabaseError::Library("x")));
        assert!(failed.is_err());
        assert_eq!(lease::not_ended(live.connection()).unwrap().len(), 1);
        grant(&mut live, "12.34.56.79");
    }
}
