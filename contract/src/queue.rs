//! `queue.db`: requests on their way from the telephone side to the reconciler. Written by the telephone side only,
//! and read by a child of the reconciler that runs as the same user: root never opens it.

use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use crate::database::{self, DatabaseError, Migrations};
use crate::{AccountNumber, CallerId, Lifetime, RequestId};

const MIGRATIONS: Migrations = &["
    CREATE TABLE request (
        number       INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
        id           TEXT UNIQUE NOT NULL,
        account      TEXT NOT NULL,
        address      TEXT NOT NULL,
        lifetime     INTEGER,                           -- seconds; NULL: what the account has
        caller       TEXT NOT NULL,
        requested_at INTEGER NOT NULL                   -- seconds since 1970, UTC
    ) STRICT;
"];

/// A traveller's wish to be let in from an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name everywhere.
    pub id: RequestId,
    /// Who asks.
    pub account: AccountNumber,
    /// From where. Any address that can be typed; whether it will do is for the reconciler to say.
    pub address: IpAddr,
    /// For how long; `None`: what the account has.
    pub lifetime: Option<Lifetime>,
    /// The number that was called from.
    pub caller: CallerId,
    /// When.
    pub requested_at: Timestamp,
}

/// The queue, open for writing.
#[derive(Debug)]
pub struct Queue(Connection);

/// The queue, open for reading.
#[derive(Debug)]
pub struct QueueReader(Connection);

/// A row as it is stored: nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRequest {
    /// The order of arrival.
    pub number: i64,
    /// [`Request::id`], or anything else.
    pub id: String,
    /// [`Request::account`], or anything else.
    pub account: String,
    /// [`Request::address`], or anything else.
    pub address: String,
    /// [`Request::lifetime`] in seconds, or anything else.
    pub lifetime: Option<i64>,
    /// [`Request::caller`], or anything else.
    pub caller: String,
    /// [`Request::requested_at`] in seconds, or anything else.
    pub requested_at: i64,
}

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
        database::write(&mut self.0, |transaction| insert(transaction, request))
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
            "SELECT number, id, account, address, lifetime, caller, requested_at FROM request
             WHERE number > ?1 ORDER BY number LIMIT ?2",
        )?;
        let rows = statement.query_map(params![after, limit], from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn insert(transaction: &Transaction<'_>, request: &Request) -> Result<(), DatabaseError> {
    transaction
        .prepare_cached(
            "INSERT INTO request (id, account, address, lifetime, caller, requested_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            request.id.to_string(),
            request.account.as_str(),
            request.address.to_string(),
            request.lifetime.map(Lifetime::seconds),
            request.caller.as_str(),
            request.requested_at.as_second(),
        ])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<RawRequest> {
    Ok(RawRequest {
        number: row.get("number")?,
        id: row.get("id")?,
        account: row.get("account")?,
        address: row.get("address")?,
        lifetime: row.get("lifetime")?,
        caller: row.get("caller")?,
        requested_at: row.get("requested_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(n: u8) -> Request {
        Request {
            id: RequestId::from_random([n; 16]),
            account: "4711".parse().unwrap(),
            address: "12.34.56.78".parse().unwrap(),
            lifetime: None,
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
        assert_eq!(all[0].address, "12.34.56.78");
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
