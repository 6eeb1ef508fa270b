//! One pass: the firewall is made to be what the ledger says, and requests that wait are decided.
//!
//! Closing comes first, before anything that can fail: it takes no more than that the ledger and the sets can be
//! read. Requests that close come next, and then those that open. For each kind, in one transaction, requests are
//! decided, the kernel is changed and read back, and only when it shows what was decided are lease, verdict, letter and
//! audit kept. A pass that dies anywhere leaves a ledger that knows nothing of it, and the next pass takes back what
//! the kernel has too much.
//!
//! Addresses that the operator lets in by hand are not judged again. This machine's own, or one of IPv6 where the
//! kernel does not speak it, does no harm: rules only ever accept, and nothing comes from there.

mod bans;
mod base_policy;
mod clock;
mod cuts;
mod error;
mod expiry;
mod hosts;
mod letters;
mod names;
mod quick_check;
mod removal;
mod requests;
mod settled;
mod trail;
mod usage;

use std::collections::BTreeMap;

use dialgate_contract::TravellerAddress;
use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::pass::{self, Pass};
use dialgate_contract::ledger::{
    Clocks, Ledger, Usage, Verified, lease, letter, verdict, verified,
};
use dialgate_contract::queue::{Matter, Request, Wish};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use crate::admit::Policy;
use crate::firewall::{Actual, Desired, Firewall, FirewallError, Observed, Plan, SetName};
use crate::order::closing_first;
use bans::NoBans;
use settled::Settled;
use usage::Seen;

pub use crate::wanted::next_end as next_due;
pub use bans::{Bans, BansError};
pub use error::PassError;
pub use hosts::ASKED_EVERY;
pub(crate) use quick_check::Before;

/// Verdicts are kept longer than any request could still be in the queue, and letters that are done with as long.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The steps of a plan that are told to the log; a firewall that is built anew has one for each address and service.
const TOLD: usize = 20;

/// What became of the requests of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Requests that were left undecided, because so many came that the queue is taken for flooded.
    pub dropped: usize,
}

/// What passes work on.
pub struct Reconciler {
    config: Config,
    policy: Policy,
    ledger: Ledger,
    firewall: Observed,
    verified: Option<Verified>,
    bans: Box<dyn Bans>,
    clocks: Option<Clocks>,
    given_up: Option<String>,
    settled: Option<Settled>,
    head_told: Option<trail::Day>,
    used: Vec<(Seen, Usage)>,
}

impl Reconciler {
    /// A reconciler of this ledger and this firewall, where nobody bans addresses.
    #[must_use]
    pub fn new(config: Config, ledger: Ledger, firewall: Box<dyn Firewall>) -> Self {
        let (policy, firewall) = (Policy::new(&config), Observed::new(firewall));
        let (bans, verified, clocks, given_up) = (Box::new(NoBans), None, None, None);
        let head_told = trail::last_told(&ledger);
        let (settled, used) = (None, Vec::new());
        Self {
            policy,
            config,
            ledger,
            firewall,
            verified,
            bans,
            clocks,
            given_up,
            settled,
            head_told,
            used,
        }
    }

    /// The same, beside somebody who bans addresses.
    #[must_use]
    pub fn beside(self, bans: Box<dyn Bans>) -> Self {
        Self { bans, ..self }
    }

    /// Goes by another configuration from now on.
    pub(crate) fn change(&mut self, config: Config) {
        self.policy = Policy::new(&config);
        self.config = config;
        self.settled = None;
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

    /// How many entries each of our sets in the kernel had when it was looked at last.
    pub(crate) const fn set_sizes(&self) -> &BTreeMap<SetName, usize> {
        self.firewall.sizes()
    }

    /// Of some requests, those without a verdict. The reader tells of a request as often as it is started.
    #[must_use]
    pub fn undecided(&self, mut requests: Vec<Request>) -> Vec<Request> {
        let ledger = self.ledger.connection();
        // One that cannot be looked up is left for the pass to fail on.
        requests.retain(|request| !matches!(verdict::find(ledger, request.id), Ok(Some(_))));
        requests
    }

    /// Makes one pass.
    ///
    /// # Errors
    /// When anything failed; then nothing of the requests is kept, and they are to be told again.
    pub fn pass(&mut self, requests: &[Request], now: Timestamp) -> Result<Passed, PassError> {
        let begun = self.begin(now)?;
        let passed = self.carry_out(requests, now);
        if passed.is_ok() {
            self.settled(&begun)?;
        } else {
            self.cut_closed();
            self.firewall.forget();
        }
        passed
    }

    fn carry_out(&mut self, requests: &[Request], now: Timestamp) -> Result<Passed, PassError> {
        let (closing, opening) = closing_first(requests);
        self.doubt(&opening)?;
        let (desired, mut actual) = self.close(now)?;
        self.remember_names(&desired, actual.as_ref().ok())?;
        drop(desired);
        let mut passed = Passed::default();
        if !closing.is_empty() {
            // What is shared is copied before it changes.
            drop(actual);
            passed.dropped += self.decide_closing(&closing, now)?.dropped;
            (_, actual) = self.close(now)?;
        }
        let cut = self.cut_lost(now);
        let mut actual = actual?;
        if let Err(error) = cut {
            // A ledger that cannot be written is no reason to leave the firewall as somebody else, or a start of the
            // machine, left it.
            self.settle(actual, now)?;
            return Err(error);
        }
        if self.see_use(&actual, now)? {
            actual = self.close(now)?.1?;
            self.cut_lost(now)?;
        }
        self.remind(now)?;
        if opening.is_empty() && !self.something_expired(now)? {
            self.settle(actual, now)?;
            self.cut_lost(now)?;
            return Ok(passed);
        }
        let opened = self.decide_opening(&opening, now, actual);
        let opened = opened.map_err(|failed| match self.take_back(now) {
            Ok(()) => failed,
            Err(back) => PassError::NotTakenBack { failed: Box::new(failed), back: Box::new(back) },
        })?;
        passed.dropped += opened.dropped;
        // Whoever has waited for the verdict has it by now.
        self.cut_lost(now)?;
        Ok(passed)
    }

    /// Closes what is open and should not be; what should be, and what the kernel holds then.
    fn close(&mut self, now: Timestamp) -> Result<(Desired, Result<Actual, PassError>), PassError> {
        let read = self.firewall.read();
        let (desired, reading) = (self.wanted(now)?, self.firewall.readings());
        let actual = self.close_by(&desired, read);
        // What was read anew is compared with everything.
        let is_anew = self.firewall.readings() != reading;
        Ok((if is_anew { self.wanted(now)? } else { desired }, actual))
    }

    fn close_by(
        &mut self,
        desired: &Desired,
        read: Result<Actual, FirewallError>,
    ) -> Result<Actual, PassError> {
        let closings = match &read {
            Ok(actual) => Plan::closings(desired, actual),
            Err(_) => Plan::closings(desired, &self.firewall.read_sets()?),
        };
        if closings.is_empty() {
            return Ok(read?);
        }
        drop(read);
        tell(&closings);
        self.firewall.apply(&closings)?;
        Ok(self.firewall.read()?)
    }

    /// Writes down, for whoever asks, when the last pass was and whether it came to its end, and what the clocks showed
    /// before it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record(&mut self, now: Timestamp, problem: Option<String>) -> Result<(), DatabaseError> {
        self.tell_head(now);
        let problem = problem.or_else(|| self.uncut());
        let (clocks, used, mail) =
            (self.clocks.take(), std::mem::take(&mut self.used), &self.config.mail);
        let verified = self.verified.as_ref();
        self.ledger.write_lazily(|transaction| {
            if let Some(clocks) = &clocks {
                clock::keep(transaction, clocks)?;
            }
            usage::write_used(transaction, mail, &used, now)?;
            verdict::forget(transaction, now, KEPT)?;
            letter::forget(transaction, now, KEPT)?;
            if let Some(kernel) = verified {
                verified::record(transaction, kernel)?;
            }
            pass::record(transaction, &Pass { finished_at: now, problem })
        })
    }

    fn something_expired(&self, now: Timestamp) -> Result<bool, DatabaseError> {
        Ok(next_due(self.ledger.connection())?.is_some_and(|due| due <= now))
    }

    /// The kernel may show what the ledger did not keep.
    fn take_back(&mut self, now: Timestamp) -> Result<(), PassError> {
        self.firewall.forget();
        let (_, actual) = self.close(now)?;
        self.settle(actual?, now)
    }

    /// Those who are told that they are let in are looked for in the kernel, whatever is known of it.
    fn doubt(&mut self, opening: &[&Request]) -> Result<(), DatabaseError> {
        for request in opening {
            let Matter::Access { account, wish } = &request.matter else { continue };
            match wish {
                Wish::Open { address, .. } => {
                    if let Ok(address) = TravellerAddress::new(*address, true) {
                        self.firewall.doubt(address.network());
                    }
                }
                Wish::Extend { .. } => {
                    for open in lease::not_ended_of(self.ledger.connection(), account)? {
                        self.firewall.doubt(open.address.network());
                    }
                }
                Wish::Close | Wish::ChangePin { .. } => {}
            }
        }
        Ok(())
    }

    fn settle(&mut self, actual: Actual, now: Timestamp) -> Result<(), PassError> {
        let Self { config, ledger, firewall, settled, .. } = self;
        settle(firewall, ledger.connection(), config, *settled, actual, now)
    }
}

/// Brings the firewall from `actual` to what the ledger wants, and reads back that it is there.
fn settle(
    firewall: &mut Observed,
    connection: &Connection,
    config: &Config,
    settled: Option<Settled>,
    actual: Actual,
    now: Timestamp,
) -> Result<(), PassError> {
    let want = |firewall: &Observed| Settled::wanted(settled, firewall, connection, config, now);
    let (mut desired, reading) = (want(firewall)?, firewall.readings());
    let plan = Plan::between(&desired, &actual)?;
    drop(actual);
    if plan.is_empty() {
        return Ok(());
    }
    tell(&plan);
    firewall.apply(&plan)?;
    let actual = firewall.read()?;
    if firewall.readings() != reading {
        // What was read anew is compared with everything.
        desired = want(firewall)?;
    }
    let rest = Plan::undone(&desired, &actual)?;
    if rest.is_empty() { Ok(()) } else { Err(PassError::unsettled(&rest)) }
}

fn tell(plan: &Plan) {
    for step in plan.steps().iter().take(TOLD) {
        tracing::info!("firewall: {step}");
    }
    let more = plan.steps().len().saturating_sub(TOLD);
    if more > 0 {
        tracing::info!("firewall: and {more} more steps");
    }
}
