//! The audit trail: who did what, when. Rows are only ever added.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, Rows, Transaction, params};

use crate::database::{DatabaseError, timestamp};
use crate::{AccountNumber, CallerId};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A user of this machine, by name, with the operator's command.
    Operator(String),
    /// Whoever called, by the number the network told.
    Caller(CallerId),
    /// The reconciler of its own accord.
    Reconciler,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(name) => write!(f, "operator {name}"),
            Self::Caller(number) => write!(f, "caller {number}"),
            Self::Reconciler => f.write_str("reconciler"),
        }
    }
}

/// One line of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
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
    let mut statement = transaction.prepare_cached(
        "INSERT INTO audit (at, actor, action, account, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![
        at.as_second(),
        actor.to_string(),
        action,
        account.map(AccountNumber::as_str),
        detail
    ])?;
    Ok(())
}

/// The last `limit` lines of one action, the latest of them first.
///
/// # Errors
/// When the database cannot be read.
pub fn last_of(
    connection: &Connection,
    action: &str,
    limit: u32,
) -> Result<Vec<Entry>, DatabaseError> {
    let mut statement = connection.prepare(
        "SELECT at, actor, action, account, detail FROM audit WHERE action = ?1
         ORDER BY id DESC LIMIT ?2",
    )?;
    entries(statement.query(params![action, limit])?)
}

/// The last `limit` lines, the oldest of them first.
///
/// # Errors
/// When the database cannot be read.
pub fn last(connection: &Connection, limit: u32) -> Result<Vec<Entry>, DatabaseError> {
    let mut statement = connection.prepare(
        "SELECT at, actor, action, account, detail FROM audit ORDER BY id DESC LIMIT ?1",
    )?;
    let mut entries = entries(statement.query([limit])?)?;
    entries.reverse();
    Ok(entries)
}

fn entries(mut rows: Rows<'_>) -> Result<Vec<Entry>, DatabaseError> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(Entry {
            at: timestamp("audit.at", row.get("at")?)?,
            actor: row.get("actor")?,
            action: row.get("action")?,
            account: row.get("account")?,
            detail: row.get("detail")?,
        });
    }
    Ok(entries)
}
