//! Verdicts: how each request was decided. The telephone side waits for its own here.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::LeaseId;
use crate::database::{DatabaseError, corrupt, parse, timestamp};
use crate::{AccountNumber, Decision, Refusal, RequestId};

/// What was decided of a request and, unless it was refused, is true in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The address was let in until this time.
    Open(LeaseId, Timestamp),
    /// The address was in already; now it is until this time.
    Extended(LeaseId, Timestamp),
    /// What was open is closed.
    Closed,
    /// The PIN is another, and what was open is closed.
    PinChanged,
    /// Whoever was to be told has a letter in the outbox, or has had enough of them.
    Told,
    /// Nothing was opened.
    Refused(Refusal),
}

impl Verdict {
    /// Which of them, without its details.
    #[must_use]
    pub const fn decision(self) -> Decision {
        match self {
            Self::Open(..) => Decision::Open,
            Self::Extended(..) => Decision::Extended,
            Self::Closed => Decision::Closed,
            Self::PinChanged => Decision::PinChanged,
            Self::Told => Decision::Told,
            Self::Refused(_) => Decision::Refused,
        }
    }
}

/// The verdict on a request; `None` while there is none.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection, request: RequestId) -> Result<Option<Verdict>, DatabaseError> {
    let mut statement = connection
        .prepare_cached("SELECT decision, refusal, lease, until FROM verdict WHERE request = ?1")?;
    let row = statement
        .query_row([request.to_string()], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<String>>(1)?,
                row.get::<_, Option<i64>>(2)?,
                row.get::<_, Option<i64>>(3)?,
            ))
        })
        .optional()?;
    let Some((decision, refusal, lease, until)) = row else { return Ok(None) };
    let decision: Decision = parse("verdict.decision", "decision", &decision)?;
    let granted = || match (lease, until) {
        (Some(lease), Some(until)) => {
            Ok((LeaseId::from_row(lease), timestamp("verdict.until", until)?))
        }
        (None, _) | (_, None) => Err(corrupt("verdict.lease", "lease", "nothing")),
    };
    Ok(Some(match decision {
        Decision::Open => granted().map(|(lease, until)| Verdict::Open(lease, until))?,
        Decision::Extended => granted().map(|(lease, until)| Verdict::Extended(lease, until))?,
        Decision::Closed => Verdict::Closed,
        Decision::PinChanged => Verdict::PinChanged,
        Decision::Told => Verdict::Told,
        Decision::Refused => {
            let refusal = refusal.unwrap_or_default();
            Verdict::Refused(parse("verdict.refusal", "reason for a refusal", &refusal)?)
        }
    }))
}

/// Records the verdict on a request.
///
/// # Errors
/// When there is one already, or the database cannot be written.
pub fn insert(
    transaction: &Transaction<'_>,
    request: RequestId,
    account: Option<&AccountNumber>,
    verdict: Verdict,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let (refusal, granted) = match verdict {
        Verdict::Open(lease, until) | Verdict::Extended(lease, until) => {
            (None, Some((lease, until)))
        }
        Verdict::Closed | Verdict::PinChanged | Verdict::Told => (None, None),
        Verdict::Refused(refusal) => (Some(refusal.as_str()), None),
    };
    transaction.execute(
        "INSERT INTO verdict (request, account, decision, refusal, lease, until, decided_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            request.to_string(),
            account.map(AccountNumber::as_str),
            verdict.decision().as_str(),
            refusal,
            granted.map(|(lease, _)| lease.row()),
            granted.map(|(_, until)| until.as_second()),
            at.as_second(),
        ],
    )?;
    Ok(())
}

/// How many requests have been granted since a time, changes of a PIN among them: to one account, and to all together.
///
/// # Errors
/// When the database cannot be read.
pub fn granted_since(
    connection: &Connection,
    account: &AccountNumber,
    since: Timestamp,
) -> Result<(u32, u32), DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE account = ?1), count(*) FROM verdict
         WHERE decided_at > ?2 AND decision IN ('open', 'extended', 'pin-changed')",
    )?;
    Ok(statement.query_row(params![account.as_str(), since.as_second()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?)
}

/// How many requests of travellers have been decided since a time, whatever the decision.
///
/// # Errors
/// When the database cannot be read.
pub fn decided_since(connection: &Connection, since: Timestamp) -> Result<u32, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM verdict WHERE decided_at > ?1 AND decision <> 'told'",
    )?;
    Ok(statement.query_row([since.as_second()], |row| row.get(0))?)
}

/// Records that a notice was heard and nobody told, because enough were. It reads back as [`Verdict::Told`].
///
/// # Errors
/// When there is a verdict already, or the database cannot be written.
pub fn insert_untold(
    transaction: &Transaction<'_>,
    request: RequestId,
    account: Option<&AccountNumber>,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let (decision, enough) = (Decision::Told.as_str(), Refusal::TooMany.as_str());
    transaction.execute(
        "INSERT INTO verdict (request, account, decision, refusal, decided_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            request.to_string(),
            account.map(AccountNumber::as_str),
            decision,
            enough,
            at.as_second()
        ],
    )?;
    Ok(())
}

/// How often nobody was told since a time, because enough were.
///
/// # Errors
/// When the database cannot be read.
pub fn untold_since(connection: &Connection, since: Timestamp) -> Result<u32, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM verdict
         WHERE decided_at > ?1 AND decision = 'told' AND refusal IS NOT NULL",
    )?;
    Ok(statement.query_row([since.as_second()], |row| row.get(0))?)
}

/// How often there was one decision about one account since a time, or about none, and it was carried out.
///
/// # Errors
/// When the database cannot be read.
pub fn count_of(
    connection: &Connection,
    account: Option<&AccountNumber>,
    decision: Decision,
    since: Timestamp,
) -> Result<u32, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM verdict
         WHERE account IS ?1 AND decision = ?2 AND decided_at > ?3 AND refusal IS NULL",
    )?;
    let account = account.map(AccountNumber::as_str);
    let parameters = params![account, decision.as_str(), since.as_second()];
    Ok(statement.query_row(parameters, |row| row.get(0))?)
}

/// How often there was one decision since a time, whatever it was about, and it was carried out.
///
/// # Errors
/// When the database cannot be read.
pub fn count(
    connection: &Connection,
    decision: Decision,
    since: Timestamp,
) -> Result<u32, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM verdict
         WHERE decision = ?1 AND decided_at > ?2 AND refusal IS NULL",
    )?;
    Ok(statement.query_row(params![decision.as_str(), since.as_second()], |row| row.get(0))?)
}

/// Forgets verdicts that are older than any request that could still be in the queue.
///
/// # Errors
/// When the database cannot be written.
pub fn forget(
    transaction: &Transaction<'_>,
    now: Timestamp,
    age: SignedDuration,
) -> Result<(), DatabaseError> {
    let before = now.as_second().saturating_sub(age.as_secs());
    transaction.execute("DELETE FROM verdict WHERE decided_at < ?1", [before])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn every_verdict_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let account: AccountNumber = "4711".parse().unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let lease = LeaseId::from_row(7);
        let refusals = Refusal::ALL.iter().copied().map(Verdict::Refused);
        let verdicts = [
            Verdict::Open(lease, at),
            Verdict::Extended(lease, at),
            Verdict::Closed,
            Verdict::PinChanged,
            Verdict::Told,
        ]
        .into_iter()
        .chain(refusals);
        for (n, verdict) in (0..).zip(verdicts) {
            let request = RequestId::from_random([n; 16]);
            assert_eq!(find(ledger.connection(), request).unwrap(), None);
            ledger.write(|tx| insert(tx, request, Some(&account), verdict, at)).unwrap();
            assert_eq!(find(ledger.connection(), request).unwrap(), Some(verdict));
            assert!(ledger.write(|tx| insert(tx, request, Some(&account), verdict, at)).is_err());
        }
        let hour = SignedDuration::from_hours(1);
        assert_eq!(granted_since(ledger.connection(), &account, at - hour).unwrap(), (3, 3));
        assert_eq!(
            granted_since(ledger.connection(), &"0000".parse().unwrap(), at - hour).unwrap(),
            (0, 3)
        );
        let ledger = ledger.connection();
        let all = u32::try_from(5 + Refusal::ALL.len()).unwrap();
        assert_eq!(decided_since(ledger, at - hour).unwrap(), all - 1);
        assert_eq!(count_of(ledger, Some(&account), Decision::Told, at - hour).unwrap(), 1);
        assert_eq!(count_of(ledger, None, Decision::Told, at - hour).unwrap(), 0);
        assert_eq!(count(ledger, Decision::Told, at - hour).unwrap(), 1);
        assert_eq!(count(ledger, Decision::Told, at).unwrap(), 0);
        assert_eq!(granted_since(ledger, &account, at).unwrap(), (0, 0));
    }

    #[test]
    fn who_had_enough_letters_is_not_counted_as_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let account: AccountNumber = "4711".parse().unwrap();
        let (at, id) = (Timestamp::UNIX_EPOCH, RequestId::from_random([1; 16]));
        let before = at - SignedDuration::from_secs(1);
        ledger.write(|tx| insert_untold(tx, id, Some(&account), at)).unwrap();
        let ledger = ledger.connection();
        assert_eq!(find(ledger, id).unwrap(), Some(Verdict::Told));
        assert_eq!(untold_since(ledger, before).unwrap(), 1);
        assert_eq!(count_of(ledger, Some(&account), Decision::Told, before).unwrap(), 0);
        assert_eq!(count(ledger, Decision::Told, before).unwrap(), 0);
        assert_eq!(decided_since(ledger, before).unwrap(), 0);
    }
}
