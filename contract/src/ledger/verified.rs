//! What the kernel looked like when it was last read as a whole and found to be as the ledger says: as long as it looks
//! so, and nobody has written what the firewall is made from, nothing is to be done.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::database::{DatabaseError, timestamp};

/// A kernel that was as the ledger says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// [`revision`](super::revision) of the ledger then.
    pub revision: i64,
    /// What the kernel looked like, in the reconciler's words.
    pub kernel: String,
    /// When that was.
    pub at: Timestamp,
}

/// The last time; `None` when there was none.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection) -> Result<Option<Verified>, DatabaseError> {
    let row: Option<(i64, String, i64)> = connection
        .prepare_cached("SELECT revision, kernel, at FROM verified")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    row.map(|(revision, kernel, at)| {
        Ok(Verified { revision, kernel, at: timestamp("verified.at", at)? })
    })
    .transpose()
}

/// Records it.
///
/// # Errors
/// When the database cannot be written.
pub fn record(transaction: &Transaction<'_>, verified: &Verified) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT INTO verified (id, revision, kernel, at) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE
         SET revision = excluded.revision, kernel = excluded.kernel, at = excluded.at",
        params![verified.revision, verified.kernel, verified.at.as_second()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn what_was_verified_last_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        assert_eq!(find(ledger.connection()).unwrap(), None);
        for second in [10, 20] {
            let at = Timestamp::from_second(second).unwrap();
            let seen = Verified { revision: second, kernel: "k".to_owned(), at };
            ledger.write(|tx| record(tx, &seen)).unwrap();
            assert_eq!(find(ledger.connection()).unwrap(), Some(seen));
        }
    }
}
