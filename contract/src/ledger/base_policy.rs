//! The base policy: whether everybody without a right is kept out by our own chain.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::database::{DatabaseError, timestamp};

/// What the operator decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasePolicy {
    /// Our chain only lets in; somebody else keeps out.
    Off,
    /// It is tried, and ends by itself at this time unless it is confirmed.
    Trial(Timestamp),
    /// It stands.
    On,
}

impl BasePolicy {
    /// What holds at `now`: a trial that was not confirmed in time is over.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Trial(end) if now >= end => Self::Off,
            Self::Off | Self::Trial(_) | Self::On => self,
        }
    }
}

/// What was decided last, and when; a trial may be over by now: see [`BasePolicy::at`].
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection) -> Result<Option<(BasePolicy, Timestamp)>, DatabaseError> {
    let row: Option<(i64, Option<i64>)> = connection
        .prepare_cached("SELECT since, trial_ends FROM base_policy")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((since, end)) = row else { return Ok(None) };
    let policy = match end {
        None => BasePolicy::On,
        Some(end) => BasePolicy::Trial(timestamp("base_policy.trial_ends", end)?),
    };
    Ok(Some((policy, timestamp("base_policy.since", since)?)))
}

/// Decides.
///
/// # Errors
/// When the database cannot be written.
pub fn set(
    transaction: &Transaction<'_>,
    policy: BasePolicy,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    transaction.execute("DELETE FROM base_policy", [])?;
    let end = match policy {
        BasePolicy::Off => return Ok(()),
        BasePolicy::Trial(end) => Some(end.as_second()),
        BasePolicy::On => None,
    };
    transaction.execute(
        "INSERT INTO base_policy (id, since, trial_ends) VALUES (1, ?1, ?2)",
        params![at.as_second(), end],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn what_was_decided_last_holds_and_a_trial_ends_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(find(ledger.connection()).unwrap(), None);
        for policy in [BasePolicy::Trial(at(160)), BasePolicy::On] {
            ledger.write(|tx| set(tx, policy, at(100))).unwrap();
            assert_eq!(find(ledger.connection()).unwrap(), Some((policy, at(100))));
        }
        ledger.write(|tx| set(tx, BasePolicy::Off, at(100))).unwrap();
        assert_eq!(find(ledger.connection()).unwrap(), None);
        let trial = BasePolicy::Trial(at(160));
        assert_eq!((trial.at(at(159)), trial.at(at(160))), (trial, BasePolicy::Off));
        assert_eq!(BasePolicy::On.at(at(9999)), BasePolicy::On);
    }
}
