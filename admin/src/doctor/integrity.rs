//! Whether SQLite and a database can be trusted.

use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use rusqlite::{Connection, ErrorCode};

use super::check::{Check, Fix};
use super::place::Place;
use crate::error::Error;
use crate::site::Site;

/// How long a look into a database may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The library, and the ledger.
///
/// `is_ours`: whether only root can have written the ledger.
pub(super) fn check(site: &Site, place: &Place<'_>, is_ours: bool) -> Vec<Check> {
    let mut checks = vec![library(rusqlite::version(), rusqlite::version_number())];
    if is_ours {
        checks.extend(ledger(site, place));
    } else {
        let what = "it was not opened: it is not there, or others could have written it";
        let fix = Fix::advice("mend what is said of files above, then look again");
        checks.push(Check::skip("ledger", what, fix));
    }
    checks
}

/// The programs refuse an older one, too; what this is about is which one they were built with.
fn library(version: &str, number: i32) -> Check {
    let oldest = dialgate_contract::database::OLDEST_SQLITE;
    if number >= oldest {
        return Check::ok("sqlite", format!("SQLite {version}"));
    }
    let oldest = format!("{}.{}.{}", oldest / 1_000_000, oldest / 1_000 % 1_000, oldest % 1_000);
    let what = format!("SQLite {version} can damage a database: {oldest} or newer is needed");
    Check::fail(
        "sqlite",
        what,
        Fix::advice("install dialgate as it is shipped, with its own SQLite"),
    )
}

/// Nothing where there is no ledger, which another check tells.
fn ledger(site: &Site, place: &Place<'_>) -> Option<Check> {
    let path = place.config.ledger_file();
    let looked = site.reader().and_then(|reader| Ok(damage(reader.connection())?));
    Some(match looked {
        Ok(None) => Check::ok("ledger", "it is whole"),
        Ok(Some(damage)) => {
            Check::fail("ledger", format!("{} is damaged: {damage}", path.display()), restore())
        }
        Err(Error::NoLedger(_)) => return None,
        Err(Error::Database(error)) if is_interrupted(&error) => Check::skip(
            "ledger",
            format!("it is too large to be looked through within {} s", PATIENCE.as_secs()),
            Fix::advice(
                "have a copy of it looked through: `sqlite3 COPY 'PRAGMA integrity_check'`",
            ),
        ),
        Err(Error::Database(error)) if is_damage(&error) => {
            Check::fail("ledger", error.to_string(), restore())
        }
        Err(Error::Database(
            error @ (DatabaseError::NoWal { .. } | DatabaseError::Older { .. }),
        )) => Check::fail("ledger", error.to_string(), place.dialgate(&["init"])),
        Err(Error::NotTheirs(_)) => Check::skip(
            "ledger",
            "it is not for this user to read",
            Fix::advice("run this as root"),
        ),
        Err(error) => Check::fail(
            "ledger",
            error.to_string(),
            Fix::advice("see what it says above, and who else has the file open"),
        ),
    })
}

fn restore() -> Fix {
    Fix::advice(
        "stop dialgate-agi and dialgate-reconciler, move the file away, run `dialgate restore BACKUP --yes`, or \
         `dialgate init` where there is no backup, and start both again",
    )
}

/// Whether an error says that the file is not what SQLite wrote.
pub(super) fn is_damage(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::Corrupt { .. } => true,
        DatabaseError::Sqlite(error)
        | DatabaseError::Open { source: error, .. }
        | DatabaseError::NoWal { source: error, .. } => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
        DatabaseError::Newer { .. } | DatabaseError::Older { .. } | DatabaseError::Library(_) => {
            false
        }
    }
}

pub(super) fn is_interrupted(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Sqlite(error)
        if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted))
}

/// The first thing that is wrong with a database; `None` when nothing is.
pub(super) fn damage(connection: &Connection) -> Result<Option<String>, DatabaseError> {
    within_patience(connection, || {
        let found: String =
            connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        Ok((found != "ok").then_some(found))
    })
}

/// Interrupts what takes too long.
pub(super) fn within_patience<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    let interrupt = connection.get_interrupt_handle();
    let (done, over) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        // It is over when the other end is dropped.
        if over.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            interrupt.interrupt();
        }
    });
    let worked = work();
    drop(done);
    worked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn an_old_library_is_told() {
        assert_eq!(library("3.54.1", 3_054_001).outcome, Health::Ok);
        assert_eq!(library("3.40.1", 3_040_001).outcome, Health::Fail);
    }

    #[test]
    fn damage_is_found_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE t (n TEXT); CREATE INDEX i ON t (n); INSERT INTO t VALUES ('a'), ('b')")
            .unwrap();
        assert_eq!(damage(&connection).unwrap(), None);
        drop(connection);
        // The last page is the index.
        let mut bytes = std::fs::read(&path).unwrap();
        let end = bytes.len();
        bytes[end - 2] ^= 0xff;
        std::fs::write(&path, bytes).unwrap();
        let connection = Connection::open(&path).unwrap();
        let found = damage(&connection);
        assert!(found.is_err() || found.unwrap().is_some());
    }
}
