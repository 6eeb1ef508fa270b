//! The trial of the base policy: whether it runs, and whether the reconciler has passed since it began.

use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{
    BasePolicy, Decision, Exempt, base_policy, pass, revision, verified,
};
use jiff::Timestamp;
use rusqlite::Connection;

use super::{FirewallError, seconds};
use crate::error::Error;
use crate::print;
use crate::site::Site;

/// How often it is looked whether the reconciler has passed. It writes that down every ten seconds.
const LOOKS_A_SECOND: u32 = 10;
const LOOKS: u32 = 12 * LOOKS_A_SECOND;

/// The trial that runs.
pub(super) struct Trial {
    pub(super) end: Timestamp,
    pub(super) since: Timestamp,
    pub(super) exempt: Exempt,
}

pub(super) fn trial(ledger: &Connection, site: &Site) -> Result<Trial, Error> {
    let Some(Decision { policy, since, exempt, .. }) = base_policy::find(ledger)? else {
        return Err(FirewallError::NoTrial.into());
    };
    let error = match policy {
        BasePolicy::Trial(end) if site.now < end => return Ok(Trial { end, since, exempt }),
        BasePolicy::Trial(end) => FirewallError::TrialOver(seconds(end, site.now)),
        BasePolicy::On => FirewallError::Confirmed,
        BasePolicy::Off => FirewallError::NoTrial,
    };
    Err(error.into())
}

/// Waits, but never beyond the trial, for the reconciler to write down that it has passed since the trial began.
pub(super) fn wait_for_pass(ledger: &Connection, site: &Site) -> Result<(), Error> {
    let Trial { end, since, .. } = trial(ledger, site)?;
    let left = u32::try_from(seconds(site.now, end)).unwrap_or_default().saturating_sub(1);
    let tries = LOOKS.min(left.saturating_mul(LOOKS_A_SECOND));
    for look in 0..tries {
        if is_tried(ledger, since)? {
            break;
        }
        if look == LOOKS_A_SECOND {
            print::meanwhile("waiting for the reconciler to pass ...");
        }
        std::thread::sleep(Duration::from_secs(1) / LOOKS_A_SECOND);
    }
    Ok(())
}

/// Whether the reconciler has read the kernel and found it to be as the ledger says, or has passed since without a
/// problem: a pass that failed may have tried nothing. Times are whole seconds: a pass in the same second may have been
/// before.
pub(super) fn is_tried(ledger: &Connection, since: Timestamp) -> Result<bool, DatabaseError> {
    let seen = verified::find(ledger)?.map(|verified| verified.revision);
    if seen == Some(revision::number(ledger)?) {
        return Ok(true);
    }
    let last = pass::last(ledger)?;
    Ok(last.is_some_and(|pass| pass.finished_at > since && pass.problem.is_none()))
}
