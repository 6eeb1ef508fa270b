//! `queue.db`: requests on their way from the telephone side to the reconciler. Written by the telephone side only,
//! and read by a child of the reconciler that runs as the same user: root never opens it.

mod request;
mod row;

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use crate::RequestId;
use crate::database::{self, DatabaseError, Migrations};

pub use request::{Matter, Request, Wish};
pub use row::{NoRequest, RawRequest};

const MIGRATIONS: Migrations = &["
    CREATE TABLE request (
        number       INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
        id           TEXT UNIQUE NOT NULL,
        matter       TEXT NOT NULL,                     -- open, extend, close, change-pin, failed-logins, guessing
        account      TEXT,                              -- NULL: of no account, guessing
        address      TEXT,                              -- open
        lifetime     INTEGER,                           -- open, extend: seconds; NULL: what the account has
        pin_hash     TEXT,                              -- change-pin: a PHC string
        failures     INTEGER,                           -- failed-logins, guessing
        caller       TEXT NOT NULL,
        requested_at INTEGER NOT NULL                   -- seconds since 1970, UTC
    ) STRICT;

    -- The throttling of logins; nobody but the telephone side reads it. Keys are keyed hashes, failures and told are
    -- counts, times are seconds since 1970, and columns named recent or failed hold times of eight bytes each.
    CREATE TABLE throttle_account (                     -- strangers at one account
        account     BLOB PRIMARY KEY,                   -- what was typed, whether it exists or not
        failures    INTEGER NOT NULL,
        told        INTEGER NOT NULL,
        recent      BLOB NOT NULL,
        unlocked_at INTEGER,
        tried_at    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX throttle_account_age ON throttle_account (tried_at);
    CREATE TABLE throttle_known (                       -- callers that were let in at an account
        account      BLOB NOT NULL,
        caller       BLOB NOT NULL,
        succeeded_at INTEGER NOT NULL,
        failures     INTEGER NOT NULL,
        told         INTEGER NOT NULL,
        recent       BLOB NOT NULL,
        unlocked_at  INTEGER,
        PRIMARY KEY (account, caller)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX throttle_known_age ON throttle_known (succeeded_at);
    CREATE TABLE throttle_caller (                      -- one stranger at all accounts
        caller    BLOB PRIMARY KEY,                     -- x'': all whose number is not told
        recent    BLOB NOT NULL,
        failed_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX throttle_caller_age ON throttle_caller (failed_at);
    CREATE TABLE throttle_everyone (                    -- all strangers at all accounts: one row
        one        INTEGER PRIMARY KEY CHECK (one = 1),
        recent     BLOB NOT NULL,
        failed     BLOB NOT NULL,
        alarmed_at INTEGER
    ) STRICT;
"];

/// The queue, open for writing.
#[derive(Debug)]
pub struct Queue(Connection);

/// The queue, open for reading.
#[derive(Debug)]
pub struct QueueReader(Connection);

impl Queue {
    /// Opens the queue, makes it when it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`database::open_writer`].
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        database::open_writer(path, MIGRATIONS).map(Self)
    }

    /// Adds a request. When this returns, it survives a power cut.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn enqueue(&mut self, request: &Request) -> Result<(), DatabaseError> {
        database::write(&mut self.0, |transaction| row::insert(transaction, request))
    }

    /// Runs `work` on what else the telephone side keeps here, in one transaction that nobody writes beside, and adds
    /// the requests that it comes to. What is kept here besides requests is no business of who reads them: without
    /// one they are not woken.
    ///
    /// It survives the end of this program. A power cut may undo the last ones, each of them whole: they come with
    /// every login, and waiting for the disk would keep the next one waiting.
    ///
    /// # Errors
    /// What `work` returned, or that the database cannot be written. Nothing is kept then.
    pub fn transaction<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(T, Vec<Request>), E>,
    ) -> Result<T, E> {
        self.wait_for_disk(false)?;
        let written = database::write_unannounced(&mut self.0, |transaction| {
            let (value, requests) = work(transaction)?;
            requests.iter().try_for_each(|request| row::insert(transaction, request))?;
            Ok::<_, E>((value, !requests.is_empty()))
        });
        self.wait_for_disk(true)?;
        let (value, is_added) = written?;
        if is_added {
            database::announce(&self.0);
        }
        Ok(value)
    }

    fn wait_for_disk(&self, wait: bool) -> Result<(), DatabaseError> {
        let level = if wait { "FULL" } else { "NORMAL" };
        Ok(self.0.pragma_update(None, "synchronous", level)?)
    }

    /// Forgets requests older than `before`; their verdicts have been heard, or never will be.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget(&mut self, before: Timestamp) -> Result<usize, DatabaseError> {
        database::write(&mut self.0, |transaction| {
            Ok(transaction
                .execute("DELETE FROM request WHERE requested_at < ?1", [before.as_second()])?)
        })
    }

    /// At most `limit` requests that arrived after number `after`, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn after(&self, after: i64, limit: u32) -> Result<Vec<RawRequest>, DatabaseError> {
        requests_after(&self.0, after, limit)
    }

    /// Forgets requests whose verdicts are known. Who reads requests is not woken.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn done(&mut self, ids: &[RequestId]) -> Result<(), DatabaseError> {
        database::write_unannounced(&mut self.0, |transaction| {
            let mut delete = transaction.prepare_cached("DELETE FROM request WHERE id = ?1")?;
            ids.iter().try_for_each(|id| delete.execute([id.to_string()]).map(|_| ()))?;
            Ok(())
        })
    }
}

impl QueueReader {
    /// Opens the queue of the telephone side.
    ///
    /// # Errors
    /// See [`database::open_reader`].
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        database::open_reader(path, MIGRATIONS).map(Self)
    }

    /// What is wrapped, to set limits on.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.0
    }

    /// At most `limit` requests that arrived after number `after`, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn after(&self, after: i64, limit: u32) -> Result<Vec<RawRequest>, DatabaseError> {
        requests_after(&self.0, after, limit)
    }
}

fn requests_after(
    connection: &Connection,
    after: i64,
    limit: u32,
) -> Result<Vec<RawRequest>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, id, matter, account, address, lifetime, pin_hash, failures, caller, requested_at
         FROM request WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, limit], row::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CallerId;

    fn request(n: u8) -> Request {
        let address = "12.34.56.78".parse().unwrap();
        Request {
            id: RequestId::from_random([n; 16]),
            matter: Matter::Access {
                account: "4711".parse().unwrap(),
                wish: Wish::Open { address, lifetime: None },
            },
            caller: CallerId::from_network("+4930"),
            requested_at: Timestamp::from_second(1_800_000_000 + i64::from(n)).unwrap(),
        }
    }

    #[test]
    fn requests_are_read_in_the_order_of_their_arrival_and_forgotten_when_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        let mut queue = Queue::open(&path).unwrap();
        for n in 1..=3 {
            queue.enqueue(&request(n)).unwrap();
        }
        let reader = QueueReader::open(&path).unwrap();
        let all = reader.after(0, 10).unwrap();
        assert_eq!(all.iter().map(|raw| raw.number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(all[0].address.as_deref(), Some("12.34.56.78"));
        assert_eq!(reader.after(1, 1).unwrap()[0].number, 2);

        queue.done(&[request(2).id]).unwrap();
        assert_eq!(queue.forget(request(3).requested_at).unwrap(), 1);
        assert_eq!(reader.after(0, 10).unwrap().len(), 1);
    }

    #[test]
    fn who_watches_is_woken_by_requests_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        let mut queue = Queue::open(&path).unwrap();
        let touched = || std::fs::metadata(&path).unwrap().modified().unwrap();
        let before = touched();
        let kept = queue.transaction(|tx| {
            tx.execute("INSERT INTO throttle_everyone VALUES (1, x'', x'', NULL)", [])?;
            Ok::<_, DatabaseError>((7, Vec::new()))
        });
        assert_eq!((kept.unwrap(), touched()), (7, before));
        queue.transaction(|_| Ok::<_, DatabaseError>(((), vec![request(1)]))).unwrap();
        assert!(touched() > before);
        assert_eq!(QueueReader::open(&path).unwrap().after(0, 10).unwrap().len(), 1);
    }

    #[test]
    fn requests_wait_for_the_disk_whatever_came_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(&folder.path().join("queue.db")).unwrap();
        let level = |queue: &Queue| -> i64 {
            queue.0.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap()
        };
        let full = level(&queue);
        let during = queue.transaction(|tx| {
            let level: i64 = tx.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
            Ok::<_, DatabaseError>((level, Vec::new()))
        });
        assert_eq!((full, during.unwrap(), level(&queue)), (2, 1, 2));
        let failed = queue.transaction(|_| Err::<((), _), _>(DatabaseError::Library("x")));
        assert!(failed.is_err());
        assert_eq!(level(&queue), 2);
    }

    #[test]
    fn a_transaction_that_fails_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        let mut queue = Queue::open(&path).unwrap();
        queue.enqueue(&request(1)).unwrap();
        let failed = queue.transaction(|tx| {
            tx.execute("DELETE FROM request", [])?;
            Ok::<_, DatabaseError>(((), vec![request(2), request(2)]))
        });
        assert!(failed.is_err());
        let kept = QueueReader::open(&path).unwrap().after(0, 10).unwrap();
        assert_eq!(
            kept.iter().map(|raw| raw.id.clone()).collect::<Vec<_>>(),
            [request(1).id.to_string()]
        );
    }

    #[test]
    fn the_same_request_is_never_queued_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(&folder.path().join("queue.db")).unwrap();
        queue.enqueue(&request(1)).unwrap();
        assert!(queue.enqueue(&request(1)).is_err());
    }
}
