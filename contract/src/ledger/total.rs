//! How often something happened since the ledger was made: counted by its triggers with what is written, so that no end
//! of a program, no power cut and no tidying up makes a count smaller.

use rusqlite::Connection;

use super::LeaseEnd;
use crate::database::DatabaseError;
use crate::{Decision, Refusal};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// Requests that were decided, by how and why.
    Requests(Decision, Option<Refusal>),
    /// Leases that were opened.
    LeasesOpened,
    /// Leases that ended, by how.
    LeasesEnded(LeaseEnd),
    /// Letters that the mail server took.
    LettersSent,
    /// Letters that were given up.
    LettersGivenUp,
    /// Times that the firewall was put right.
    Heals,
    /// Times that somebody began to change it back again and again.
    Fights,
}

impl Total {
    /// What is counted, how and why, as the triggers of the schema write it.
    const fn key(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Requests(decision, None) => ("request", decision.as_str(), ""),
            Self::Requests(decision, Some(refusal)) => {
                ("request", decision.as_str(), refusal.as_str())
            }
            Self::LeasesOpened => ("lease", "opened", ""),
            Self::LeasesEnded(by) => ("lease", by.as_str(), ""),
            Self::LettersSent => ("letter", "sent", ""),
            Self::LettersGivenUp => ("letter", "given-up", ""),
            Self::Heals => ("firewall", "firewall-healed", ""),
            Self::Fights => ("firewall", "firewall-fight", ""),
        }
    }
}

/// The count of something; 0 where it never happened.
///
/// # Errors
/// When the database cannot be read.
pub fn of(connection: &Connection, total: Total) -> Result<u64, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(sum(count), 0) FROM total WHERE what = ?1 AND how = ?2 AND why = ?3",
    )?;
    let count: i64 = statement.query_row(<[&str; 3]>::from(total.key()), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::super::audit::{self, Actor};
    use super::super::{Ledger, Letter, Verdict, lease, letter, verdict};
    use super::*;
    use crate::{AccountNumber, RequestId};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn count(ledger: &Ledger, total: Total) -> u64 {
        of(ledger.connection(), total).unwrap()
    }

    #[test]
    fn requests_are_counted_by_decision_and_refusal_and_stay_counted_when_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let verdicts =
            [Verdict::Closed, Verdict::Refused(Refusal::Stale), Verdict::Refused(Refusal::Stale)];
        for (n, verdict) in (0..).zip(verdicts) {
            let id = RequestId::from_random([n; 16]);
            ledger.write(|tx| verdict::insert(tx, id, None, verdict, AT)).unwrap();
        }
        let id = RequestId::from_random([9; 16]);
        ledger.write(|tx| verdict::insert_untold(tx, id, None, AT)).unwrap();
        let day = SignedDuration::from_hours(24);
        ledger.write(|tx| verdict::forget(tx, AT + day + day, day)).unwrap();
        assert_eq!(verdict::find(ledger.connection(), id).unwrap(), None);
        for (total, expected) in [
            (Total::Requests(Decision::Closed, None), 1),
            (Total::Requests(Decision::Refused, Some(Refusal::Stale)), 2),
            (Total::Requests(Decision::Refused, Some(Refusal::Account)), 0),
            (Total::Requests(Decision::Told, Some(Refusal::TooMany)), 1),
            (Total::Requests(Decision::Told, None), 0),
        ] {
            assert_eq!(count(&ledger, total), expected, "{total:?}");
        }
    }

    #[test]
    fn a_count_that_cannot_grow_keeps_no_lease_from_ending() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let (account, address) = ("4711".parse().unwrap(), "12.34.56.78".parse().unwrap());
        let services = ["sip".parse().unwrap()].into();
        let full = "INSERT INTO total VALUES ('lease', 'revoked', '', 9223372036854775807)";
        let ended = ledger.write(|tx| {
            tx.execute(full, [])?;
            let id = lease::open(tx, &account, address, &services, AT, AT)?;
            lease::end(tx, id, AT, LeaseEnd::Revoked)
        });
        assert!(ended.unwrap());
        let most = u64::try_from(i64::MAX).unwrap();
        assert_eq!(count(&ledger, Total::LeasesEnded(LeaseEnd::Revoked)), most);
    }

    #[test]
    fn leases_letters_and_heals_are_counted_once_each() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let account: AccountNumber = "4711".parse().unwrap();
        let address = "12.34.56.78".parse().unwrap();
        let services = ["sip".parse().unwrap()].into();
        let done = ledger.write(|tx| {
            let until = AT + SignedDuration::from_hours(1);
            let id = lease::open(tx, &account, address, &services, AT, until)?;
            for by in [LeaseEnd::Idle, LeaseEnd::Revoked] {
                lease::end(tx, id, AT, by)?;
            }
            let letters = [(); 3].map(|()| letter::post(tx, "a@b.c", &Letter::Test { at: AT }, AT));
            let [first, second, _] = letters;
            letter::sent(tx, first?, AT)?;
            letter::give_up(tx, second?, AT, "no such user")?;
            audit::record(tx, AT, &Actor::Reconciler, "firewall-healed", None, "")?;
            audit::record(tx, AT, &Actor::Reconciler, "account-changed", None, "")
        });
        done.unwrap();
        for (total, expected) in [
            (Total::LeasesOpened, 1),
            (Total::LeasesEnded(LeaseEnd::Idle), 1),
            (Total::LeasesEnded(LeaseEnd::Revoked), 0),
            (Total::LettersSent, 1),
            (Total::LettersGivenUp, 1),
            (Total::Heals, 1),
            (Total::Fights, 0),
        ] {
            assert_eq!(count(&ledger, total), expected, "{total:?}");
        }
    }
}
