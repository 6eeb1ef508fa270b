//! One pass: the firewall is made to be what the ledger says, and requests that wait are decided.
//!
//! Closing comes first, before anything that can fail. Then, in one transaction, requests are decided, the kernel is
//! changed and read back, and only when it shows what was decided are lease, verdict, letter and audit kept. A pass
//! that dies anywhere leaves a ledger that knows nothing of it, and the next pass takes back what the kernel has too
//! much.

use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::pass::{self, Pass};
use dialgate_contract::ledger::{LeaseEnd, Ledger, lease, service, verdict};
use dialgate_contract::queue::Request;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

use crate::admit::Policy;
use crate::decide::{Bench, decide};
use crate::firewall::{Actual, Desired, Firewall, FirewallError, Grant, Plan, PlanError};
use crate::own_addresses::own_addresses;

/// Verdicts are kept longer than any request could still be in the queue.
const VERDICTS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why a pass came to nothing. Requests stay in the queue and are decided by a later one.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// The ledger.
    #[error("{0}")]
    Ledger(#[from] DatabaseError),
    /// The kernel or its tools.
    #[error("{0}")]
    Firewall(#[from] FirewallError),
    /// There is no way from what the kernel has to what it should have.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// The kernel took the plan and is still not as planned.
    #[error(
        "the firewall was changed and read back, and still differs; somebody else is changing it: {0}"
    )]
    Unsettled(String),
    /// The machine's own addresses are not known, so nobody can be let in.
    #[error("asking for this machine's addresses: {0}")]
    OwnAddresses(std::io::Error),
    /// Nothing was to be kept: the plan was only shown.
    #[error("dry run")]
    DryRun,
}

/// What passes work on.
pub struct Reconciler {
    config: Config,
    policy: Policy,
    ledger: Ledger,
    firewall: Box<dyn Firewall>,
}

impl Reconciler {
    /// A reconciler of this ledger and this firewall.
    #[must_use]
    pub fn new(config: Config, ledger: Ledger, firewall: Box<dyn Firewall>) -> Self {
        Self { policy: Policy::new(&config), config, ledger, firewall }
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger, to be written.
    pub const fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Makes one pass.
    ///
    /// # Errors
    /// When anything failed; then nothing of the requests is kept, and they are to be told again.
    pub fn pass(&mut self, requests: &[Request], now: Timestamp) -> Result<(), PassError> {
        let desired = desired(self.ledger.connection(), &self.config, now)?;
        let mut actual = self.firewall.read()?;
        let closings = Plan::between(&desired, &actual)?.closings();
        if !closings.is_empty() {
            tell(&closings);
            self.firewall.apply(&closings)?;
            actual = self.firewall.read()?;
        }
        if requests.is_empty() && !self.something_expired(now)? {
            return settle(self.firewall.as_mut(), &desired, actual);
        }
        let kept = self.decide_all(requests, now, actual);
        if kept.is_err() {
            self.take_back(now);
        }
        kept
    }

    /// Shows what a pass would do, and changes nothing.
    ///
    /// # Errors
    /// When the ledger or the kernel cannot be read.
    pub fn preview(&mut self, requests: &[Request], now: Timestamp) -> Result<Plan, PassError> {
        let actual = self.firewall.read()?;
        let Self { config, policy, ledger, .. } = self;
        let own = own_addresses().map_err(PassError::OwnAddresses)?;
        let bench = Bench { policy, mail: &config.mail, own: &own, now };
        let mut shown = None;
        let undone = ledger.write(|transaction| {
            expire(transaction, now)?;
            for request in requests {
                decide(transaction, request, bench)?;
            }
            shown = Some(Plan::between(&desired(transaction, config, now)?, &actual)?);
            Err::<(), _>(PassError::DryRun)
        });
        match (shown, undone) {
            (Some(plan), _) => Ok(plan),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(PassError::DryRun),
        }
    }

    /// Writes down, for whoever asks, when the last pass was and whether it came to its end.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record(&mut self, now: Timestamp, problem: Option<String>) -> Result<(), DatabaseError> {
        self.ledger.write(|transaction| {
            verdict::forget(transaction, now, VERDICTS_KEPT)?;
            pass::record(transaction, &Pass { finished_at: now, problem })
        })
    }

    fn something_expired(&self, now: Timestamp) -> Result<bool, DatabaseError> {
        Ok(lease::next_expiry(self.ledger.connection())?.is_some_and(|expiry| expiry <= now))
    }

    fn decide_all(
        &mut self,
        requests: &[Request],
        now: Timestamp,
        actual: Actual,
    ) -> Result<(), PassError> {
        let Self { config, policy, ledger, firewall } = self;
        let own = own_addresses().map_err(PassError::OwnAddresses)?;
        let bench = Bench { policy, mail: &config.mail, own: &own, now };
        ledger.write(|transaction| {
            expire(transaction, now)?;
            for request in requests {
                decide(transaction, request, bench)?;
            }
            settle(firewall.as_mut(), &desired(transaction, config, now)?, actual)?;
            pass::record(transaction, &Pass { finished_at: now, problem: None })?;
            Ok(())
        })
    }

    /// The kernel may show what the ledger did not keep.
    fn take_back(&mut self, now: Timestamp) {
        let taken_back = desired(self.ledger.connection(), &self.config, now).and_then(|desired| {
            let actual = self.firewall.read()?;
            settle(self.firewall.as_mut(), &desired, actual)
        });
        if let Err(error) = taken_back {
            tracing::error!(
                "taking back what could not be written down: {error}; the next pass tries again"
            );
        }
    }
}

/// Brings the firewall from `actual` to `desired`, and reads back that it is there.
fn settle(firewall: &mut dyn Firewall, desired: &Desired, actual: Actual) -> Result<(), PassError> {
    let plan = Plan::between(desired, &actual)?;
    if plan.is_empty() {
        return Ok(());
    }
    tell(&plan);
    firewall.apply(&plan)?;
    let rest = Plan::between(desired, &firewall.read()?)?;
    if rest.is_empty() { Ok(()) } else { Err(PassError::Unsettled(rest.to_string())) }
}

fn tell(plan: &Plan) {
    for step in plan.steps() {
        tracing::info!("firewall: {step}");
    }
}

fn desired(connection: &Connection, config: &Config, now: Timestamp) -> Result<Desired, PassError> {
    let services = service::all(connection)?;
    let leases = lease::not_ended(connection)?;
    let grants = leases.into_iter().filter(|lease| lease.is_open(now)).map(|lease| Grant {
        address: lease.address,
        remaining: remaining(lease.expires_at, now),
        services: lease.services,
    });
    let (chain, anchor) = (config.firewall.chain.clone(), config.firewall.anchor.clone());
    Ok(Desired::new(chain, anchor, &services, grants))
}

/// Rounded up, so that a lease that is open has a second at least.
fn remaining(until: Timestamp, now: Timestamp) -> u32 {
    let left = until.duration_since(now);
    let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

fn expire(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), DatabaseError> {
    for lease in lease::not_ended(transaction)?.iter().filter(|lease| !lease.is_open(now)) {
        lease::end(transaction, lease.id, lease.expires_at, LeaseEnd::Expired)?;
        let detail = format!("{} {}", lease.id, lease.address);
        audit::record(
            transaction,
            now,
            &Actor::Reconciler,
            "lease-expired",
            Some(&lease.account),
            &detail,
        )?;
    }
    Ok(())
}
