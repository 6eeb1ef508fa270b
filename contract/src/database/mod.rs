//! What both databases have in common: how a file is opened, how its schema grows, how it is written.

mod error;

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use rustix::fs::{AtFlags, CWD, FallocateFlags, Timespec, Timestamps, UTIME_NOW};

use crate::Lifetime;

pub use error::DatabaseError;

/// The oldest SQLite that is not known to damage a WAL database (the WAL-reset defect, mended in 3.51.3).
pub const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a statement waits for a lock before the database counts as busy.
const BUSY: Duration = Duration::from_secs(5);

/// What makes a schema of nothing: a list that only ever grows at its end. The file's `user_version` is how many
/// of its entries have been applied.
///
/// An entry that has been released is never changed or removed, and never breaks a program of the release before.
pub type Migrations = &'static [&'static str];

/// Opens a database for writing, makes it when it is not there, and brings its schema up to date.
///
/// # Errors
/// When the file cannot be opened or its schema is newer than this program.
pub fn open_writer(path: &Path, migrations: Migrations) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = open(path, flags)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut connection, path, migrations)?;
    reserve(path);
    Ok(connection)
}

/// Opens a file that something is copied into, and makes it when it is not there.
pub(crate) fn open_new(path: &Path) -> Result<Connection, DatabaseError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
}

/// Opens a database that somebody else writes.
///
/// # Errors
/// When the file cannot be opened (try again: its writer may just have closed it) or has another schema.
pub fn open_reader(path: &Path, migrations: Migrations) -> Result<Connection, DatabaseError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found = version(&connection).map_err(|error| without_wal(path, error))?;
    let known = migrations.len();
    if found < known {
        return Err(DatabaseError::Older { path: path.to_owned(), found, known });
    }
    if found > known {
        return Err(DatabaseError::Newer { path: path.to_owned(), found, known });
    }
    Ok(connection)
}

/// Whether a database that was opened for reading still has the schema that it was opened with.
#[must_use]
pub fn is_current(connection: &Connection, migrations: Migrations) -> bool {
    version(connection).is_ok_and(|found| found == migrations.len())
}

/// Runs `work` in one transaction that nobody else writes beside; keeps nothing of it when it fails.
///
/// # Errors
/// What `work` returned, or that the transaction could not be begun or kept.
pub fn write<T, E: From<DatabaseError>>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let value = write_unannounced(connection, work)?;
    announce(connection);
    Ok(value)
}

/// As [`write`], without waiting for the disk: what is written may be gone when the power fails, and nothing else.
pub(crate) fn write_lazily<T, E: From<DatabaseError>>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let synchronous = |connection: &Connection, level| {
        connection.pragma_update(None, "synchronous", level).map_err(DatabaseError::from)
    };
    // A WAL is then synced only before it is copied into the file.
    synchronous(connection, "NORMAL")?;
    let written = write(connection, work);
    synchronous(connection, "FULL")?;
    written
}

/// As [`write`], of what nobody watches for.
pub(crate) fn write_unannounced<T, E: From<DatabaseError>>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(DatabaseError::from)?;
    let value = work(&transaction)?;
    transaction.commit().map_err(DatabaseError::from)?;
    Ok(value)
}

/// Tells whoever watches the file that it was written. The commit itself cannot be watched for: it becomes visible
/// after the last write to the WAL, by a store to shared memory.
pub(crate) fn announce(connection: &Connection) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let touched = Timestamps { last_access: now, last_modification: now };
    if let Some(path) = connection.path() {
        // Who watches also looks without being told, only later.
        let _ = rustix::fs::utimensat(CWD, path, &touched, AtFlags::empty());
    }
}

/// Reads a stored text as the value it stands for.
pub(crate) fn parse<T: std::str::FromStr>(
    column: &'static str,
    what: &'static str,
    text: &str,
) -> Result<T, DatabaseError> {
    text.parse().map_err(|_| corrupt(column, what, text))
}

/// Reads stored seconds as a time.
pub(crate) fn timestamp(
    column: &'static str,
    seconds: i64,
) -> Result<jiff::Timestamp, DatabaseError> {
    jiff::Timestamp::from_second(seconds).map_err(|_| corrupt(column, "time", &seconds.to_string()))
}

/// Reads stored seconds as a duration.
pub(crate) fn lifetime(
    column: &'static str,
    seconds: Option<i64>,
) -> Result<Option<Lifetime>, DatabaseError> {
    let read = |seconds: i64| {
        Lifetime::from_seconds(seconds)
            .map_err(|_| corrupt(column, "duration", &seconds.to_string()))
    };
    seconds.map(read).transpose()
}

pub(crate) fn corrupt(column: &'static str, what: &'static str, value: &str) -> DatabaseError {
    DatabaseError::Corrupt { column, value: value.chars().take(80).collect(), what }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, DatabaseError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(DatabaseError::Library(rusqlite::version()));
    }
    let failed = |source| DatabaseError::Open { path: path.to_owned(), source };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    // The WAL and its index stay when the last writer leaves, so that a reader who may not write can always open.
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    ] {
        connection.set_db_config(setting, on).map_err(failed)?;
    }
    connection.pragma_update(None, "cell_size_check", true).map_err(failed)?;
    connection.pragma_update(None, "mmap_size", 0).map_err(failed)?;
    Ok(connection)
}

/// Takes room on the disk for the WAL before it is needed: as much as it grows to between two checkpoints (1000 pages
/// and their headers), so that a revocation can be written down when the disk is full.
fn reserve(path: &Path) {
    let mut wal = path.to_owned().into_os_string();
    wal.push("-wal");
    // Where the file system cannot do that, there is only no promise. SQLite puts its locks on other files than this
    // one, so closing it gives none of them up.
    if let Ok(wal) = std::fs::File::options().write(true).open(wal) {
        let _ = rustix::fs::fallocate(&wal, FallocateFlags::KEEP_SIZE, 0, 1000 * (4096 + 24) + 32);
    }
}

/// A reader who may not make the WAL is told that the database is read-only (`SQLITE_READONLY_DIRECTORY` and its kin)
/// or cannot be opened; it wants to write nothing.
fn without_wal(path: &Path, error: DatabaseError) -> DatabaseError {
    let DatabaseError::Sqlite(source) = error else { return error };
    match source.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            DatabaseError::NoWal { path: path.to_owned(), source }
        }
        Some(_) | None => DatabaseError::Sqlite(source),
    }
}

fn version(connection: &Connection) -> Result<usize, DatabaseError> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    usize::try_from(version)
        .map_err(|_| corrupt("user_version", "schema version", &version.to_string()))
}

fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: Migrations,
) -> Result<(), DatabaseError> {
    let known = migrations.len();
    if version(connection)? == known {
        return Ok(());
    }
    write(connection, |transaction| {
        let found = version(transaction)?;
        if found > known {
            return Err(DatabaseError::Newer { path: path.to_owned(), found, known });
        }
        for migration in migrations.iter().skip(found) {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(
            None,
            "user_version",
            i64::try_from(known).unwrap_or(i64::MAX),
        )?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const ONE: Migrations = &["CREATE TABLE t (n INTEGER NOT NULL) STRICT"];
    const TWO: Migrations =
        &["CREATE TABLE t (n INTEGER NOT NULL) STRICT", "ALTER TABLE t ADD COLUMN m TEXT"];

    fn file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        (folder, path)
    }

    #[test]
    fn migrating_twice_changes_nothing_and_a_later_list_adds_its_end() {
        let (_folder, path) = file();
        for migrations in [ONE, ONE, TWO, TWO] {
            let connection = open_writer(&path, migrations).unwrap();
            assert_eq!(version(&connection).unwrap(), migrations.len());
        }
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let (_folder, path) = file();
        drop(open_writer(&path, TWO).unwrap());
        assert!(matches!(
            open_writer(&path, ONE),
            Err(DatabaseError::Newer { found: 2, known: 1, .. })
        ));
        assert!(matches!(open_reader(&path, ONE), Err(DatabaseError::Newer { .. })));
    }

    #[test]
    fn a_failed_migration_leaves_the_file_as_it_was() {
        const BAD: Migrations =
            &["CREATE TABLE t (n INTEGER NOT NULL) STRICT", "ALTER TABLE nonsense"];
        let (_folder, path) = file();
        drop(open_writer(&path, ONE).unwrap());
        assert!(open_writer(&path, BAD).is_err());
        assert_eq!(version(&open_writer(&path, ONE).unwrap()).unwrap(), 1);
    }

    #[test]
    fn the_wal_stays_when_the_last_writer_leaves() {
        let (_folder, path) = file();
        drop(open_writer(&path, ONE).unwrap());
        for suffix in ["-wal", "-shm"] {
            let mut beside = path.clone().into_os_string();
            beside.push(suffix);
            assert!(Path::new(&beside).exists(), "{beside:?}");
        }
        assert!(open_reader(&path, ONE).is_ok());
    }

    #[test]
    fn work_that_fails_keeps_nothing() {
        let (_folder, path) = file();
        let mut connection = open_writer(&path, ONE).unwrap();
        let failed: Result<(), DatabaseError> = write(&mut connection, |transaction| {
            transaction.execute("INSERT INTO t VALUES (1)", [])?;
            Err(DatabaseError::Library("x"))
        });
        assert!(failed.is_err());
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0);
    }
}
