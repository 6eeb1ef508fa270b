//! Reminders: whose access ends soon, and who was told so.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Lease, LeaseId, lease};
use crate::Lifetime;
use crate::database::{DatabaseError, timestamp};

/// When the next reminder is due, `before` the end of a lease that lasts for more than twice as long in all; `None` when
/// nobody is to be reminded.
///
/// # Errors
/// When the database cannot be read.
pub fn next_due(
    connection: &Connection,
    before: Lifetime,
) -> Result<Option<Timestamp>, DatabaseError> {
    let end: Option<i64> = connection
        .prepare_cached(
            "SELECT expires_at FROM lease
             WHERE ended_at IS NULL AND reminded = 0 AND expires_at - opened_at > 2 * ?1
             ORDER BY expires_at LIMIT 1",
        )?
        .query_row([before.seconds()], |row| row.get(0))
        .optional()?;
    let due = end.map(|end| end.saturating_sub(before.seconds().into()));
    due.map(|due| timestamp("lease.expires_at", due)).transpose()
}

/// The leases among them whose time is not over at `now` and whose reminder is due, the first to end first.
///
/// # Errors
/// When the database cannot be read.
pub fn due(
    connection: &Connection,
    before: Lifetime,
    now: Timestamp,
) -> Result<Vec<Lease>, DatabaseError> {
    lease::query(
        connection,
        "WHERE ended_at IS NULL AND reminded = 0 AND expires_at - opened_at > 2 * ?1
         AND expires_at > ?2 AND expires_at <= ?2 + ?1 ORDER BY expires_at, id",
        params![before.seconds(), now.as_second()],
    )
}

/// The traveller was reminded of the end of a lease.
///
/// # Errors
/// When the database cannot be written.
pub fn sent(transaction: &Transaction<'_>, id: LeaseId) -> Result<(), DatabaseError> {
    transaction.execute("UPDATE lease SET reminded = 1 WHERE id = ?1", [id.row()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ledger::{LeaseEnd, Ledger};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn before() -> Lifetime {
        Lifetime::from_seconds(100).unwrap()
    }

    struct Case {
        _folder: tempfile::TempDir,
        ledger: Ledger,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
            Self { _folder: folder, ledger }
        }

        fn open(&mut self, from: i64, until: i64) -> LeaseId {
            let (account, address) = ("4711".parse().unwrap(), "12.34.56.78".parse().unwrap());
            let open = |tx: &Transaction<'_>| {
                lease::open(tx, &account, address, &BTreeSet::new(), at(from), at(until))
            };
            self.ledger.write(open).unwrap()
        }

        fn extend(&mut self, id: LeaseId, until: i64) {
            self.ledger.write(|tx| lease::extend(tx, id, &BTreeSet::new(), at(until))).unwrap();
        }

        fn next(&self) -> Option<i64> {
            next_due(self.ledger.connection(), before()).unwrap().map(Timestamp::as_second)
        }

        fn due(&self, now: i64) -> Vec<LeaseId> {
            let due = due(self.ledger.connection(), before(), at(now)).unwrap();
            due.into_iter().map(|lease| lease.id).collect()
        }
    }

    #[test]
    fn a_reminder_is_due_before_the_end_and_no_more_after_it() {
        let mut case = Case::new();
        let id = case.open(0, 1000);
        assert_eq!(case.next(), Some(900));
        assert_eq!((case.due(899), case.due(900), case.due(999)), (vec![], vec![id], vec![id]));
        assert_eq!(case.due(1000), []);
        case.ledger.write(|tx| lease::end(tx, id, at(950), LeaseEnd::Closed)).unwrap();
        assert_eq!((case.next(), case.due(960)), (None, vec![]));
    }

    #[test]
    fn nobody_is_reminded_of_what_was_to_last_for_no_more_than_twice_as_long() {
        let mut case = Case::new();
        case.open(0, 200);
        assert_eq!((case.next(), case.due(150)), (None, vec![]));
        let longer = case.open(0, 201);
        assert_eq!((case.next(), case.due(150)), (Some(101), vec![longer]));
    }

    #[test]
    fn one_end_has_one_reminder_and_a_later_one_another() {
        let mut case = Case::new();
        let id = case.open(0, 1000);
        case.ledger.write(|tx| sent(tx, id)).unwrap();
        assert_eq!((case.next(), case.due(950)), (None, vec![]));
        case.extend(id, 1000);
        assert_eq!((case.next(), case.due(950)), (None, vec![]));
        case.extend(id, 2000);
        assert_eq!((case.next(), case.due(1950)), (Some(1900), vec![id]));
    }
}
