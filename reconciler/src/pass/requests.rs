//! Requests, decided and carried out.

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::Network;
use dialgate_contract::config::Mail;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::deny;
use dialgate_contract::ledger::pass::{self, Pass};
use dialgate_contract::queue::Request;
use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::Transaction;

use super::expiry::expire;
use super::settled::Settled;
use super::{PassError, Passed, Reconciler, settle, tell};
use crate::admit::Policy;
use crate::decide::{Bench, Fate, decide};
use crate::firewall::{Actual, Firewall as _, Observed, Plan};
use crate::own_addresses::own_addresses;
use crate::wanted::wanted;

/// What stands around a request.
#[derive(Default)]
struct Around {
    /// This machine's addresses.
    own: BTreeSet<IpAddr>,
    /// Whom fail2ban keeps out.
    banned: BTreeSet<IpNet>,
    /// Whom the operator keeps out.
    denied: Vec<Network>,
}

/// What became of some requests.
#[derive(Default)]
struct Decided<'a> {
    passed: Passed,
    /// Those that wait for bans to be lifted.
    waiting: Vec<&'a Request>,
    /// The bans.
    bans: BTreeSet<IpNet>,
}

impl Reconciler {
    /// Decides requests that open nothing. What they close takes no more than that the sets can be read and changed,
    /// like every closing, and is read back before the verdict is kept.
    pub(super) fn decide_closing(
        &mut self,
        requests: &[&Request],
        now: Timestamp,
    ) -> Result<Passed, PassError> {
        let Self { config, policy, ledger, firewall, settled, .. } = self;
        let nobody = Around::default();
        ledger.write(|transaction| {
            let bench = nobody.bench(policy, &config.mail, now);
            let decided = decide_each(transaction, requests, bench)?;
            let want =
                |firewall: &Observed| Settled::wanted(*settled, firewall, transaction, config, now);
            let before = firewall.read_sets()?;
            let (mut desired, reading) = (want(firewall)?, firewall.readings());
            let closings = Plan::closings(&desired, &before);
            drop(before);
            if !closings.is_empty() {
                tell(&closings);
                firewall.apply(&closings)?;
                let after = firewall.read_sets()?;
                if firewall.readings() != reading {
                    desired = want(firewall)?;
                }
                let rest = Plan::unclosed(&desired, &after);
                if !rest.is_empty() {
                    return Err(PassError::unsettled(&rest));
                }
            }
            Ok(decided.passed)
        })
    }

    /// Decides requests that open, and brings the firewall to what is decided before it is kept. Where a ban is to be
    /// lifted for one, it is decided after the others, by whether the ban is gone then.
    pub(super) fn decide_opening(
        &mut self,
        requests: &[&Request],
        now: Timestamp,
        actual: Actual,
    ) -> Result<Passed, PassError> {
        let policy = self.policy.clone();
        let decided = self.decide_all(requests, &policy, &BTreeSet::new(), now, actual)?;
        if decided.waiting.is_empty() {
            return Ok(decided.passed);
        }
        let lifted = self.lift(&decided.bans);
        let actual = self.firewall.read()?;
        let policy = policy.without_unban();
        let again = self.decide_all(&decided.waiting, &policy, &lifted, now, actual)?;
        Ok(Passed { dropped: decided.passed.dropped + again.passed.dropped })
    }

    fn decide_all<'a>(
        &mut self,
        requests: &[&'a Request],
        policy: &Policy,
        lifted: &BTreeSet<IpNet>,
        now: Timestamp,
        actual: Actual,
    ) -> Result<Decided<'a>, PassError> {
        let mut around = self.around(requests.is_empty(), &actual)?;
        let Self { config, ledger, firewall, settled, .. } = self;
        ledger.write(|transaction| {
            expire(transaction, now)?;
            for ban in lifted {
                let detail = ban.to_string();
                audit::record(transaction, now, &Actor::Reconciler, "ban-lifted", None, &detail)?;
            }
            around.denied = denied(transaction, now)?;
            let bench = around.bench(policy, &config.mail, now);
            let decided = decide_each(transaction, requests, bench)?;
            settle(firewall, transaction, config, *settled, actual, now)?;
            pass::record(transaction, &Pass { finished_at: now, problem: None })?;
            Ok(decided)
        })
    }

    fn lift(&mut self, bans: &BTreeSet<IpNet>) -> BTreeSet<IpNet> {
        let mut lifted = BTreeSet::new();
        for &ban in bans {
            match self.bans.lift(ban) {
                Ok(()) => {
                    lifted.insert(ban);
                }
                Err(error) => tracing::error!("lifting the ban of {ban}: {error}"),
            }
        }
        lifted
    }

    /// Shows what a pass would do, and changes nothing.
    ///
    /// # Errors
    /// When the ledger or the kernel cannot be read.
    pub fn preview(&mut self, requests: &[Request], now: Timestamp) -> Result<Plan, PassError> {
        let actual = self.firewall.read()?;
        let mut around = self.around(requests.is_empty(), &actual)?;
        let Self { config, policy, ledger, .. } = self;
        let mut shown = None;
        let undone = ledger.write(|transaction| {
            expire(transaction, now)?;
            around.denied = denied(transaction, now)?;
            for request in requests {
                decide(transaction, request, around.bench(policy, &config.mail, now))?;
            }
            shown = Some(Plan::between(&wanted(transaction, config, now)?, &actual)?);
            Err::<(), _>(PassError::DryRun)
        });
        match (shown, undone) {
            (Some(plan), _) => Ok(plan),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(PassError::DryRun),
        }
    }

    /// Asked for only where there is somebody to judge by it.
    fn around(&self, nobody: bool, actual: &Actual) -> Result<Around, PassError> {
        if nobody {
            return Ok(Around::default());
        }
        let own = own_addresses().map_err(PassError::OwnAddresses)?;
        Ok(Around { own, banned: self.bans.banned(actual), denied: Vec::new() })
    }
}

impl Around {
    fn bench<'a>(&'a self, policy: &'a Policy, mail: &'a Mail, now: Timestamp) -> Bench<'a> {
        let Self { own, banned, denied } = self;
        Bench { policy, mail, own, denied, banned, now }
    }
}

fn decide_each<'a>(
    transaction: &Transaction<'_>,
    requests: &[&'a Request],
    bench: Bench<'_>,
) -> Result<Decided<'a>, DatabaseError> {
    let mut decided = Decided::default();
    for &request in requests {
        match decide(transaction, request, bench)? {
            Fate::Decided => {}
            Fate::Dropped => decided.passed.dropped += 1,
            Fate::Banned(bans) => {
                decided.waiting.push(request);
                decided.bans.extend(bans);
            }
        }
    }
    Ok(decided)
}

fn denied(transaction: &Transaction<'_>, now: Timestamp) -> Result<Vec<Network>, DatabaseError> {
    let list = deny::all(transaction)?.into_iter().filter(|entry| entry.holds(now));
    Ok(list.map(|entry| entry.network).collect())
}
