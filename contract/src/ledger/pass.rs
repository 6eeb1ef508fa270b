//! The reconciler's last pass, for whoever asks whether it runs.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::database::{DatabaseError, timestamp};

/// How the last pass ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// When.
    pub finished_at: Timestamp,
    /// What is wrong; `None` when the firewall was read back and is as the ledger says.
    pub problem: Option<String>,
}

/// The last pass; `None` when there never was one.
///
/// # Errors
/// When the database cannot be read.
pub fn last(connection: &Connection) -> Result<Option<Pass>, DatabaseError> {
    let row = connection
        .query_row("SELECT finished_at, problem FROM pass", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    row.map(|(seconds, problem)| {
        Ok(Pass { finished_at: timestamp("pass.finished_at", seconds)?, problem })
    })
    .transpose()
}

/// Records how a pass ended.
///
/// # Errors
/// When the database cannot be written.
pub fn record(transaction: &Transaction<'_>, pass: &Pass) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT INTO pass (id, finished_at, problem) VALUES (1, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET finished_at = excluded.finished_at, problem = excluded.problem",
        params![pass.finished_at.as_second(), pass.problem],
    )?;
    Ok(())
}
