//! The rows of the throttling, in the queue's file.

use dialgate_contract::database::DatabaseError;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::throttle::{
    AccountBucket, AccountKey, Caller, CallerBucket, CallerKey, Change, EveryoneBucket,
    KnownCaller, Rows, Table, Tally, Times,
};

/// Everything that concerns one attempt.
pub(super) fn load(
    transaction: &Transaction<'_>,
    account: AccountKey,
    caller: Caller,
) -> Result<Rows, DatabaseError> {
    let none = Rows::new(account, caller);
    let find_account = "SELECT failures, told, recent, unlocked_at, tried_at
                        FROM throttle_account WHERE account = ?1";
    let find_caller = "SELECT recent FROM throttle_caller WHERE caller = ?1";
    let find_everyone = "SELECT recent, failed, alarmed_at FROM throttle_everyone";
    let account_bucket = transaction
        .prepare_cached(find_account)?
        .query_row([account.as_bytes()], |row| {
            Ok(AccountBucket { account, tally: tally(row)?, tried_at: row.get("tried_at")? })
        })
        .optional()?;
    let caller_bucket = transaction
        .prepare_cached(find_caller)?
        .query_row([caller.as_bytes()], |row| {
            Ok(CallerBucket { caller, recent: times(row, "recent")? })
        })
        .optional()?;
    let everyone = transaction.prepare_cached(find_everyone)?.query_row([], everyone).optional()?;
    Ok(Rows {
        account: account_bucket.unwrap_or(none.account),
        known: known(transaction, account)?,
        caller: caller_bucket.unwrap_or(none.caller),
        everyone: everyone.unwrap_or(none.everyone),
    })
}

/// Stores what changed.
pub(super) fn store(
    transaction: &Transaction<'_>,
    changes: &[Change],
) -> Result<(), DatabaseError> {
    changes.iter().try_for_each(|change| match change {
        Change::Account(bucket) => store_account(transaction, bucket),
        Change::Known(known) => store_known(transaction, known),
        Change::NotKnown(account, caller) => {
            transaction
                .prepare_cached("DELETE FROM throttle_known WHERE account = ?1 AND caller = ?2")?
                .execute([account.as_bytes(), caller.as_bytes()])?;
            Ok(())
        }
        Change::Caller(bucket) => {
            transaction
                .prepare_cached("REPLACE INTO throttle_caller (caller, recent, failed_at) VALUES (?1, ?2, ?3)")?
                .execute(params![
                    bucket.caller.as_bytes(),
                    bucket.recent.to_bytes(),
                    bucket.failed_at()
                ])?;
            Ok(())
        }
        Change::Everyone(bucket) => {
            transaction
                .prepare_cached("REPLACE INTO throttle_everyone (one, recent, failed, alarmed_at) VALUES (1, ?1, ?2, ?3)")?
                .execute(params![
                    bucket.recent.to_bytes(),
                    bucket.failed.to_bytes(),
                    bucket.alarmed_at
                ])?;
            Ok(())
        }
    })
}

/// Forgets the rows that bind nothing any more, and the oldest where there are too many. How many.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    now: Timestamp,
) -> Result<usize, DatabaseError> {
    let mut forgotten = 0;
    for table in [Table::Accounts, Table::Known, Table::Callers] {
        forgotten += forget_old(transaction, table, now, Table::ROWS)?;
    }
    Ok(forgotten)
}

fn forget_old(
    transaction: &Transaction<'_>,
    table: Table,
    now: Timestamp,
    rows: usize,
) -> Result<usize, DatabaseError> {
    let (name, age) = match table {
        Table::Accounts => ("throttle_account", "tried_at"),
        Table::Known => ("throttle_known", "succeeded_at"),
        Table::Callers => ("throttle_caller", "failed_at"),
    };
    let newer = i64::try_from(rows.saturating_sub(1)).unwrap_or(i64::MAX);
    let select = format!("SELECT {age} FROM {name} ORDER BY {age} DESC LIMIT 1 OFFSET ?1");
    let oldest_kept = transaction.query_row(&select, [newer], |row| row.get(0)).optional()?;
    let before = table.forget_before(now, oldest_kept);
    Ok(transaction.execute(&format!("DELETE FROM {name} WHERE {age} < ?1"), [before])?)
}

fn known(
    transaction: &Transaction<'_>,
    account: AccountKey,
) -> Result<Vec<KnownCaller>, DatabaseError> {
    let mut statement = transaction.prepare_cached(
        "SELECT caller, succeeded_at, failures, told, recent, unlocked_at
         FROM throttle_known WHERE account = ?1",
    )?;
    let rows = statement.query_map([account.as_bytes()], |row| {
        Ok(KnownCaller {
            account,
            caller: CallerKey::new(row.get("caller")?),
            succeeded_at: row.get("succeeded_at")?,
            tally: tally(row)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn store_account(
    transaction: &Transaction<'_>,
    bucket: &AccountBucket,
) -> Result<(), DatabaseError> {
    transaction
        .prepare_cached(
            "REPLACE INTO throttle_account (account, failures, told, recent, unlocked_at, tried_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            bucket.account.as_bytes(),
            bucket.tally.failures,
            bucket.tally.told,
            bucket.tally.recent.to_bytes(),
            bucket.tally.unlocked_at,
            bucket.tried_at,
        ])?;
    Ok(())
}

fn store_known(transaction: &Transaction<'_>, known: &KnownCaller) -> Result<(), DatabaseError> {
    transaction
        .prepare_cached(
            "REPLACE INTO throttle_known
             (account, caller, succeeded_at, failures, told, recent, unlocked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            known.account.as_bytes(),
            known.caller.as_bytes(),
            known.succeeded_at,
            known.tally.failures,
            known.tally.told,
            known.tally.recent.to_bytes(),
            known.tally.unlocked_at,
        ])?;
    Ok(())
}

fn tally(row: &Row<'_>) -> rusqlite::Result<Tally> {
    Ok(Tally {
        failures: row.get("failures")?,
        told: row.get("told")?,
        recent: times(row, "recent")?,
        unlocked_at: row.get("unlocked_at")?,
    })
}

fn everyone(row: &Row<'_>) -> rusqlite::Result<EveryoneBucket> {
    Ok(EveryoneBucket {
        recent: times(row, "recent")?,
        failed: times(row, "failed")?,
        alarmed_at: row.get("alarmed_at")?,
    })
}

fn times(row: &Row<'_>, column: &str) -> rusqlite::Result<Times> {
    Ok(Times::from_bytes(&row.get::<_, Vec<u8>>(column)?))
}

#[cfg(test)]
mod tests {
    use dialgate_contract::queue::Queue;

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const ACCOUNT: AccountKey = AccountKey::new([1; 16]);

    fn queue() -> (tempfile::TempDir, Queue) {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open(&folder.path().join("queue.db")).unwrap();
        (folder, queue)
    }

    fn write<T>(
        queue: &mut Queue,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, DatabaseError>,
    ) -> T {
        queue.transaction(|tx| Ok::<_, DatabaseError>((work(tx)?, Vec::new()))).unwrap()
    }

    fn times(all: &[i64]) -> Times {
        Times::from_bytes(&all.iter().flat_map(|time| time.to_be_bytes()).collect::<Vec<_>>())
    }

    fn rows(caller: Caller) -> Rows {
        let tally = |n: u32| Tally {
            failures: n,
            told: 5,
            recent: times(&[NOW, NOW + i64::from(n)]),
            unlocked_at: (n > 7).then_some(NOW - 9),
        };
        let known = |n: u8| KnownCaller {
            account: ACCOUNT,
            caller: CallerKey::new([n; 16]),
            succeeded_at: NOW - i64::from(n),
            tally: tally(n.into()),
        };
        Rows {
            account: AccountBucket { account: ACCOUNT, tally: tally(7), tried_at: NOW + 1 },
            known: vec![known(8), known(9)],
            caller: CallerBucket { caller, recent: times(&[NOW]) },
            everyone: EveryoneBucket {
                recent: times(&[NOW, NOW]),
                failed: times(&[NOW]),
                alarmed_at: Some(NOW),
            },
        }
    }

    fn changes(rows: &Rows) -> Vec<Change> {
        let known = rows.known.iter().cloned().map(Change::Known);
        known
            .chain([
                Change::Account(rows.account.clone()),
                Change::Caller(rows.caller.clone()),
                Change::Everyone(rows.everyone.clone()),
            ])
            .collect()
    }

    #[test]
    fn what_is_stored_reads_back_and_nothing_else_does() {
        let (_folder, mut queue) = queue();
        for caller in [Caller::Unknown, Caller::Number(CallerKey::new([2; 16]))] {
            let rows = rows(caller);
            write(&mut queue, |tx| store(tx, &changes(&rows)));
            // Once more in place of the first.
            write(&mut queue, |tx| store(tx, &changes(&rows)));
            assert_eq!(write(&mut queue, |tx| load(tx, ACCOUNT, caller)), rows);
        }
        let (other, nobody) = (AccountKey::new([3; 16]), Caller::Number(CallerKey::new([4; 16])));
        let found = write(&mut queue, |tx| load(tx, other, nobody));
        let everyone = rows(nobody).everyone;
        assert_eq!(found, Rows { everyone, ..Rows::new(other, nobody) });
    }

    #[test]
    fn a_caller_that_is_no_longer_known_is_gone() {
        let (_folder, mut queue) = queue();
        let rows = rows(Caller::Unknown);
        write(&mut queue, |tx| store(tx, &changes(&rows)));
        let gone = Change::NotKnown(ACCOUNT, CallerKey::new([8; 16]));
        write(&mut queue, |tx| store(tx, &[gone]));
        let left = write(&mut queue, |tx| load(tx, ACCOUNT, Caller::Unknown)).known;
        assert_eq!(left, rows.known[1..]);
    }

    #[test]
    fn the_old_are_forgotten_and_the_oldest_where_there_are_too_many() {
        let (_folder, mut queue) = queue();
        let account = |n: u8, tried_at| {
            let account = AccountKey::new([n; 16]);
            Change::Account(AccountBucket { tried_at, ..AccountBucket::new(account) })
        };
        let old = NOW - 180 * 24 * 60 * 60 - 1;
        let all = [account(1, NOW), account(2, NOW - 1), account(3, NOW - 2), account(4, old)];
        write(&mut queue, |tx| store(tx, &all));
        let now = Timestamp::from_second(NOW).unwrap();
        assert_eq!(write(&mut queue, |tx| forget(tx, now)), 1);
        assert_eq!(write(&mut queue, |tx| forget(tx, now)), 0);
        assert_eq!(write(&mut queue, |tx| forget_old(tx, Table::Accounts, now, 2)), 1);
        let left: i64 = write(&mut queue, |tx| {
            Ok(tx.query_row("SELECT min(tried_at) FROM throttle_account", [], |row| row.get(0))?)
        });
        assert_eq!(left, NOW - 1);
    }
}
