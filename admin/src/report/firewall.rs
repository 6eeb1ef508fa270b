//! The base policy, and who may reach what.

use std::fmt;

use dialgate_contract::ledger::{Allow, BasePolicy, Decision, Exempt, Lease, LeaseId};
use dialgate_contract::{AccountNumber, Network, Origin};
use jiff::Timestamp;
use serde::Serialize;

use super::{AuditRow, LastPass};
use crate::rights::Access;

/// What lets an address in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub(crate) enum Ground {
    /// This machine itself.
    Loopback,
    /// `[base-policy] lan`.
    Lan {
        network: Network,
    },
    /// `[base-policy] open`.
    Everybody,
    Allow {
        origin: Origin,
        name: String,
        since: Timestamp,
        expires_at: Option<Timestamp>,
    },
    Lease {
        id: LeaseId,
        account: AccountNumber,
        opened_at: Timestamp,
        expires_at: Timestamp,
        /// To within some minutes; `None`: none was seen yet.
        last_packet_at: Option<Timestamp>,
    },
}

/// Somebody who is connected now and would not get in any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LockedOut {
    pub(crate) who: String,
    /// An address, or a host's name.
    pub(crate) from: String,
    /// The services that would be missing.
    pub(crate) missing: Vec<String>,
    /// The commands that would let the address in.
    pub(crate) remedy: Vec<String>,
}

/// Whether the base policy is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// `off`, `trial` or `on`.
    pub(crate) state: &'static str,
    /// Since when it is on, or on trial.
    pub(crate) since: Option<Timestamp>,
    /// When it rolls back by itself.
    pub(crate) trial_ends: Option<Timestamp>,
    /// Networks and services that are exempt from it and that the configuration does not name.
    pub(crate) not_in_file: Vec<String>,
    /// Those that the configuration names and that are not exempt.
    pub(crate) not_in_force: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FirewallPlan {
    pub(crate) policy: Standing,
    /// What would be open to whom, in the order that it is decided in.
    pub(crate) open: Vec<PlanRow>,
    pub(crate) locked_out: Vec<LockedOut>,
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PlanRow {
    pub(crate) from: String,
    pub(crate) reaches: String,
    pub(crate) why: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct FirewallChange {
    #[serde(skip)]
    pub(crate) done: Done,
    pub(crate) policy: Standing,
    /// Who loses access all the same.
    pub(crate) locked_out: Vec<LockedOut>,
    pub(crate) notes: Vec<String>,
    pub(crate) last_pass: Option<Timestamp>,
}

/// What was decided about the base policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Tried,
    Confirmed,
    RolledBack,
    Off,
    OffAlready,
}

#[derive(Debug, Serialize)]
pub(crate) struct FirewallStatus {
    pub(crate) policy: Standing,
    /// `None`: the reconciler has never run.
    pub(crate) last_pass: Option<LastPass>,
    pub(crate) last_heal: Option<AuditRow>,
}

impl Ground {
    pub(crate) fn allow(entry: &Allow) -> Self {
        let Allow { origin, name, expires_at, created_at: since, .. } = entry.clone();
        Self::Allow { origin, name, since, expires_at }
    }

    pub(crate) fn lease(lease: &Lease) -> Self {
        let Lease { id, account, opened_at, expires_at, .. } = lease.clone();
        Self::Lease { id, account, opened_at, expires_at, last_packet_at: None }
    }
}

impl Standing {
    pub(crate) fn new(decided: Option<Decision>, configured: &Exempt, now: Timestamp) -> Self {
        let mut standing = Self {
            state: "off",
            since: None,
            trial_ends: None,
            not_in_file: Vec::new(),
            not_in_force: Vec::new(),
        };
        let Some(decision) = decided.and_then(|decision| decision.at(now)) else { return standing };
        (standing.state, standing.trial_ends) = match decision.policy {
            BasePolicy::Off => return standing,
            BasePolicy::Trial(end) => ("trial", Some(end)),
            BasePolicy::On => ("on", None),
        };
        standing.since = Some(decision.since);
        standing.not_in_file = names(&decision.exempt.without(configured));
        standing.not_in_force = names(&configured.without(&decision.exempt));
        standing
    }
}

fn names(exempt: &Exempt) -> Vec<String> {
    let lan = exempt.lan.iter().map(ToString::to_string);
    lan.chain(exempt.open.iter().map(ToString::to_string)).collect()
}

impl Access {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Part => "partly open",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for LockedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}: no {}", self.who, self.from, self.missing.join(", no "))
    }
}
