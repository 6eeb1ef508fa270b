//! `queue.db`: requests on their way from the telephone side to the reconciler. Written by the telephone side only,
//! and read by a child of the reconciler that runs as the same user: root never opens it.

mod request;
mod row;

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, params};

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

    /// Forgets one request whose verdict is known.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn done(&mut self, id: RequestId) -> Result<(), DatabaseError> {
        database::write(&mut self.0, |transaction| {
            transaction.execute("DELETE FROM request WHERE id = ?1", [id.to_string()])?;
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
        let mut statement = self.0.prepare_cached(
            "SELECT number, id, matter, account, address, lifetime, pin_hash, failures, caller, requested_at
             FROM request WHERE number > ?1 ORDER BY number LIMIT ?2",
        )?;
        let rows = statement.query_map(params![after, limit], row::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
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

        queue.done(request(2).id).unwrap();
        assert_eq!(queue.forget(request(3).requested_at).unwrap(), 1);
        assert_eq!(reader.after(0, 10).unwrap().len(), 1);
    }

    #[test]
    fn the_same_request_is_never_queued_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(&folder.path().join("queue.db")).unwrap();
        queue.enqueue(&request(1)).unwrap();
        assert!(queue.enqueue(&request(1)).is_err());
    }
}
