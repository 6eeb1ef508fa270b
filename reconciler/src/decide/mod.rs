//! What a judgement does to the ledger: leases, a verdict, a line in the audit trail, letters.

mod access;
mod refused;
mod told;

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::config::{Mail, Transport};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::letter::{self, Letter};
use dialgate_contract::ledger::verdict;
use dialgate_contract::queue::{Matter, Request};
use dialgate_contract::{AccountNumber, Network};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

use crate::admit::Policy;
use access::Decided;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What decisions are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bench<'a> {
    /// What the operator allows.
    pub policy: &'a Policy,
    /// Who gets letters.
    pub mail: &'a Mail,
    /// This machine's addresses.
    pub own: &'a BTreeSet<IpAddr>,
    /// Whom the operator keeps out.
    pub denied: &'a [Network],
    /// Whom fail2ban keeps out.
    pub banned: &'a BTreeSet<IpNet>,
    /// The time.
    pub now: Timestamp,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// There is a verdict, from now or from before.
    Decided,
    /// It is granted once these bans of fail2ban are lifted. Nothing was written down.
    Banned(Vec<IpNet>),
    /// So many come that the queue is taken for flooded: nothing was written down.
    Dropped,
}

/// A request that is being decided.
#[derive(Clone, Copy)]
struct Case<'a> {
    transaction: &'a Transaction<'a>,
    request: &'a Request,
    bench: Bench<'a>,
}

/// Decides a request that has no verdict yet, and writes down all that follows.
///
/// # Errors
/// When the ledger cannot be read or written.
pub(crate) fn decide(
    transaction: &Transaction<'_>,
    request: &Request,
    bench: Bench<'_>,
) -> Result<Fate, DatabaseError> {
    let case = Case { transaction, request, bench };
    if verdict::find(transaction, request.id)?.is_some() {
        return Ok(Fate::Decided);
    }
    let verdict = match &request.matter {
        Matter::Access { account, wish } => {
            if verdict::decided_since(transaction, case.ago(HOUR))? >= bench.policy.flood() {
                return Ok(Fate::Dropped);
            }
            match access::decide(case, account, wish)? {
                Decided::Verdict(verdict) => verdict,
                Decided::Banned(bans) => return Ok(Fate::Banned(bans)),
            }
        }
        Matter::FailedLogins { failures, .. } => {
            return told::hear(case, "logins-failed", *failures);
        }
        Matter::Guessing { failures } => return told::hear(case, "guessing", *failures),
    };
    verdict::insert(transaction, request.id, request.account(), verdict, bench.now)?;
    Ok(Fate::Decided)
}

impl Case<'_> {
    fn ago(self, duration: SignedDuration) -> Timestamp {
        self.bench.now.saturating_sub(duration).unwrap_or(Timestamp::MIN)
    }

    fn record(
        self,
        action: &str,
        account: Option<&AccountNumber>,
        detail: &str,
    ) -> Result<(), DatabaseError> {
        let actor = Actor::Caller(self.request.caller.clone());
        audit::record(self.transaction, self.bench.now, &actor, action, account, detail)
    }

    fn post(self, recipient: &str, letter: &Letter) -> Result<(), DatabaseError> {
        if self.bench.mail.transport != Transport::Off {
            letter::post(self.transaction, recipient, letter, self.bench.now)?;
        }
        Ok(())
    }
}
