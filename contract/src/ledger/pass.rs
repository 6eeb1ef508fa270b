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

/// When there was no problem last; `None` when there never was a pass without one.
///
/// # Errors
/// When the database cannot be read.
pub fn last_good(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .query_row("SELECT good_at FROM pass", [], |row| row.get(0))
        .optional()?
        .flatten();
    seconds.map(|seconds| timestamp("pass.good_at", seconds)).transpose()
}

/// Records how a pass ended.
///
/// # Errors
/// When the database cannot be written.
pub fn record(transaction: &Transaction<'_>, pass: &Pass) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT INTO pass (id, finished_at, problem, good_at) VALUES (1, ?1, ?2, iif(?2 IS NULL, ?1, NULL))
         ON CONFLICT (id) DO UPDATE SET finished_at = excluded.finished_at, problem = excluded.problem,
                                        good_at = coalesce(excluded.good_at, good_at)",
        params![pass.finished_at.as_second(), pass.problem],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn the_last_good_pass_is_remembered_while_there_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        assert_eq!(last_good(ledger.connection()).unwrap(), None);
        for (second, problem, good) in
            [(1, Some("a"), None), (2, None, Some(2)), (3, Some("b"), Some(2)), (4, None, Some(4))]
        {
            let finished_at = Timestamp::from_second(second).unwrap();
            let pass = Pass { finished_at, problem: problem.map(str::to_owned) };
            ledger.write(|tx| record(tx, &pass)).unwrap();
            assert_eq!(last(ledger.connection()).unwrap(), Some(pass));
            let last_good = last_good(ledger.connection()).unwrap();
            assert_eq!(last_good.map(Timestamp::as_second), good);
        }
    }
}
