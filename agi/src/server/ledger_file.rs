use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::LedgerReader;
use rusqlite::Connection;

use super::queue_file::{Files, files};

/// Readers kept at most while nobody reads.
const IDLE: usize = 4;

/// The ledger at a path. Readers are kept, because opening one takes longer than all that it is asked in a call.
#[derive(Clone)]
pub(super) struct LedgerFile(Arc<Shared>);

struct Shared {
    path: PathBuf,
    readers: RwLock<Readers>,
}

/// Readers of the same files.
#[derive(Default)]
struct Readers {
    files: Files,
    idle: Mutex<Vec<LedgerReader>>,
}

impl LedgerFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(Arc::new(Shared { path, readers: RwLock::default() }))
    }

    /// Does `work` on this thread, which may block. A reader is used again only where all went well, and as long as the
    /// ledger is not removed, replaced or brought up to a newer schema.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let readers = self.readers();
        let kept = readers.idle().pop().filter(LedgerReader::is_current);
        let reader = match kept {
            Some(reader) => reader,
            None => open(&self.0.path)?,
        };
        let done = work(reader.connection())?;
        let mut idle = readers.idle();
        if idle.len() < IDLE {
            idle.push(reader);
        }
        Ok(done)
    }

    /// Those of the files that are there now. The others are closed before one is opened: SQLite would take their WAL's
    /// index for the new one's, in all that this process opens as long as one of them is left.
    fn readers(&self) -> RwLockReadGuard<'_, Readers> {
        let readers = || self.0.readers.read().unwrap_or_else(PoisonError::into_inner);
        let (files, known) = (files(&self.0.path), readers());
        if known.files == files {
            return known;
        }
        drop(known);
        // Waits until nobody reads.
        *self.0.readers.write().unwrap_or_else(PoisonError::into_inner) =
            Readers { files, idle: Mutex::default() };
        readers()
    }
}

impl Readers {
    fn idle(&self) -> MutexGuard<'_, Vec<LedgerReader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the ledger, trying again while its writer comes or goes.
fn open(ledger: &Path) -> Result<LedgerReader, DatabaseError> {
    for _ in 0..5 {
        match LedgerReader::open(ledger) {
            Err(error) if error.can_retry() => std::thread::sleep(Duration::from_millis(20)),
            opened => return opened,
        }
    }
    LedgerReader::open(ledger)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use dialgate_contract::ledger::Ledger;

    use super::*;

    /// A new ledger that says who it is.
    fn make(folder: &Path, name: &str) {
        let ledger = Ledger::open(&folder.join("ledger.db")).unwrap();
        let connection = rusqlite::Connection::open(folder.join("ledger.db")).unwrap();
        connection.execute_batch(&format!("CREATE TABLE {name} (n)")).unwrap();
        drop((connection, ledger));
    }

    fn has(ledger: &LedgerFile, name: &str) -> bool {
        let count = "SELECT count(*) FROM sqlite_schema WHERE name = ?1";
        ledger.read(|it| Ok(it.query_row(count, [name], |row| row.get::<_, i64>(0))?)).unwrap() == 1
    }

    #[test]
    fn a_ledger_that_was_replaced_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = LedgerFile::new(folder.path().join("ledger.db"));
        assert!(ledger.read(|_| Ok(())).is_err());
        make(folder.path(), "first");
        assert!(has(&ledger, "first") && has(&ledger, "first"));
        assert_eq!(ledger.readers().idle().len(), 1);
        for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(file));
        }
        make(folder.path(), "second");
        assert!(has(&ledger, "second") && !has(&ledger, "first"));
    }

    #[test]
    fn a_ledger_that_was_restored_into_the_same_file_is_read_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let [used, saved] = ["used", "saved"].map(|name| folder.path().join(name));
        std::fs::create_dir(&used).unwrap();
        std::fs::create_dir(&saved).unwrap();
        make(&used, "first");
        make(&saved, "second");
        make(&saved, "third");
        let ledger = LedgerFile::new(used.join("ledger.db"));
        let both = Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| ledger.read(|_| Ok(both.wait())).unwrap());
            }
        });
        assert_eq!(ledger.readers().idle().len(), 2);
        std::fs::remove_file(used.join("ledger.db-wal")).unwrap();
        std::fs::remove_file(used.join("ledger.db-shm")).unwrap();
        for file in ["ledger.db", "ledger.db-wal"] {
            std::fs::copy(saved.join(file), used.join(file)).unwrap();
        }
        for _ in 0..3 {
            assert!(has(&ledger, "third") && !has(&ledger, "first"));
        }
    }

    #[test]
    fn a_ledger_that_a_newer_program_has_changed_is_read_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = LedgerFile::new(folder.path().join("ledger.db"));
        make(folder.path(), "first");
        assert!(has(&ledger, "first"));
        let writer = rusqlite::Connection::open(folder.path().join("ledger.db")).unwrap();
        writer.execute_batch("PRAGMA user_version = 1000").unwrap();
        let read = ledger.read(|_| Ok(()));
        assert!(matches!(read, Err(DatabaseError::Newer { .. })), "{read:?}");
    }

    #[test]
    fn a_reader_that_failed_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = LedgerFile::new(folder.path().join("ledger.db"));
        make(folder.path(), "first");
        assert!(ledger.read(|it| Ok(it.execute_batch("SELECT * FROM nothing")?)).is_err());
        assert_eq!(ledger.readers().idle().len(), 0);
    }
}
