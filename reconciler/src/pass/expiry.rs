//! What is over by the clock, written down.

use std::fmt::Display;

use dialgate_contract::AccountNumber;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{
    BasePolicy, Decision, LeaseEnd, allow, base_policy, deny, ended, host, lease,
};
use jiff::Timestamp;
use rusqlite::Transaction;

use super::hosts::telling_moves;

const NOT_CONFIRMED: &str = "the base policy was not confirmed in time";

/// Ends leases, entries of both lists, addresses of hosts and the trial of the base policy, where their time is over.
///
/// # Errors
/// When the ledger cannot be read or written.
pub(super) fn expire(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), DatabaseError> {
    for lease in lease::over(transaction, now)? {
        lease::end(transaction, lease.id, lease.expires_at, LeaseEnd::Expired)?;
        let detail = format!("{} {}", lease.id, lease.address);
        told(transaction, now, "lease-expired", Some(&lease.account), &detail)?;
    }
    for origin in allow::expire(transaction, now)? {
        told(transaction, now, "allow-expired", None, &origin)?;
    }
    for network in deny::expire(transaction, now)? {
        told(transaction, now, "deny-expired", None, &network)?;
    }
    telling_moves(transaction, now, || host::forget(transaction, now))?;
    ended::forget(transaction, now)?;
    if let Some(Decision { policy: BasePolicy::Trial(end), .. }) = base_policy::find(transaction)?
        && end <= now
    {
        base_policy::roll_back(transaction, now)?;
        told(transaction, now, "firewall-rolled-back", None, &NOT_CONFIRMED)?;
        tracing::warn!("firewall-rolled-back: {NOT_CONFIRMED}");
    }
    Ok(())
}

fn told(
    transaction: &Transaction<'_>,
    now: Timestamp,
    action: &str,
    account: Option<&AccountNumber>,
    detail: &dyn Display,
) -> Result<(), DatabaseError> {
    audit::record(transaction, now, &Actor::Reconciler, action, account, &detail.to_string())
}
