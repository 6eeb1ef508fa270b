//! The audit trail: who did what, when. Lines are only ever added, each sealed with all before it.

mod chain;
mod query;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::database::{DatabaseError, corrupt};
use crate::{AccountNumber, CallerId};

use chain::Line;
pub use chain::{Chain, Fault, Head, HeadError, LineHash, verify};
pub use query::{Query, find, last, last_of};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A user of this machine, by name, with the operator's command.
    Operator(String),
    /// Whoever called, by the number the network told.
    Caller(CallerId),
    /// The reconciler of its own accord.
    Reconciler,
    /// Somebody with another tool.
    Unknown,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(name) => write!(f, "operator {name}"),
            Self::Caller(number) => write!(f, "caller {number}"),
            Self::Reconciler => f.write_str("reconciler"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// One line of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: the first is 1, and none is left out.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who, as [`Actor`] prints it.
    pub actor: String,
    /// What, such as `lease-opened`.
    pub action: String,
    /// To whose account.
    pub account: Option<String>,
    /// The rest, for people.
    pub detail: String,
}

/// Adds a line.
///
/// # Errors
/// When the database cannot be written.
pub fn record(
    transaction: &Transaction<'_>,
    at: Timestamp,
    actor: &Actor,
    action: &str,
    account: Option<&AccountNumber>,
    detail: &str,
) -> Result<(), DatabaseError> {
    add(transaction, at.as_second(), actor, action, account.map(AccountNumber::as_str), detail)
}

/// The same, of what may be stored otherwise than it should.
pub(super) fn add(
    transaction: &Transaction<'_>,
    at: i64,
    actor: &Actor,
    action: &str,
    account: Option<&str>,
    detail: &str,
) -> Result<(), DatabaseError> {
    let before = head(transaction)?;
    let last = before.map_or(0, |head| head.id).max(given(transaction)?);
    let id = last.checked_add(1).ok_or_else(|| corrupt("audit.id", "number", "too many"))?;
    let actor = actor.to_string();
    let line = Line {
        id,
        at,
        actor: actor.as_bytes(),
        action: action.as_bytes(),
        account: account.map(str::as_bytes),
        detail: detail.as_bytes(),
    };
    let hash = line.hash(before.map_or(LineHash::NONE, |head| head.hash));
    let mut statement = transaction.prepare_cached(
        "INSERT INTO audit (id, at, actor, action, account, detail, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    statement.execute(params![id, at, actor, action, account, detail, hash.as_bytes()])?;
    Ok(())
}

/// The last line, and what it and all before it are known by; `None` while there is none. Written down elsewhere, it
/// shows later whether anybody has written the trail anew: see [`verify`].
///
/// # Errors
/// When the database cannot be read.
pub fn head(connection: &Connection) -> Result<Option<Head>, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")?;
    let row = statement
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    row.map(|(id, hash)| {
        let hash = LineHash::from_stored(&hash)
            .ok_or_else(|| corrupt("audit.hash", "hash of 32 bytes", "another"))?;
        Ok(Head { id, hash })
    })
    .transpose()
}

/// The highest number that was ever given to a line, whether it is still there or not.
pub(super) fn given(connection: &Connection) -> Result<i64, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}
