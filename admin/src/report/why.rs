//! What an address may reach, and why somebody is not in.

use std::net::IpAddr;

use dialgate_contract::{AccountNumber, Network, Ports, ServiceName};
use jiff::Timestamp;
use serde::Serialize;

use super::{AuditRow, Ground, LastPass, LeaseRow, Standing};

#[derive(Debug, Serialize)]
pub(crate) struct Why {
    pub(crate) address: IpAddr,
    pub(crate) policy: Standing,
    pub(crate) denied: Option<Denied>,
    /// Rules of others that keep this address out.
    pub(crate) kept_out: Vec<KeptOut>,
    /// Why the kernel was not looked at; `None` when it was.
    pub(crate) not_seen: Option<String>,
    pub(crate) silenced: Option<Silenced>,
    pub(crate) services: Vec<WhyRow>,
    pub(crate) last_pass: Option<LastPass>,
    /// The last times that the reconciler put the firewall right again.
    pub(crate) heals: Vec<AuditRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Denied {
    pub(crate) network: Network,
    pub(crate) name: String,
    pub(crate) since: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

/// A rule of somebody else that drops or rejects packets from an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct KeptOut {
    /// `fail2ban`, or `another`.
    pub(crate) by: &'static str,
    pub(crate) chain: String,
    /// As `iptables-save` shows it.
    pub(crate) rule: String,
}

/// A right ended lately: what this machine itself sends there begins no flow that may be answered.
#[derive(Debug, Serialize)]
pub(crate) struct Silenced {
    pub(crate) network: Network,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct WhyRow {
    pub(crate) service: ServiceName,
    pub(crate) ports: Ports,
    /// `open`, `partly open` or `closed`.
    pub(crate) access: &'static str,
    pub(crate) because: Vec<Ground>,
    /// How many were let in by our sets; `None` when none of them holds the address, or nobody looked.
    pub(crate) packets: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct WhyAccount {
    pub(crate) account: AccountNumber,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    /// What stands in the way, what weighs most first.
    pub(crate) findings: Vec<Finding>,
    /// The open ones.
    pub(crate) leases: Vec<LeaseRow>,
    /// Where they are, one for each.
    pub(crate) addresses: Vec<Why>,
    pub(crate) last_pass: Option<LastPass>,
    /// The last ones of the audit trail about this account.
    pub(crate) last_lines: Vec<AuditRow>,
}

/// Something that stands in the way.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: String,
    /// Whose doing it is.
    pub(crate) by: Option<String>,
    /// Since when, or when it was.
    pub(crate) at: Option<Timestamp>,
    /// The command that mends it.
    pub(crate) fix: Option<String>,
}

impl Finding {
    pub(crate) fn new(
        what: impl Into<String>,
        by: Option<(String, Timestamp)>,
        fix: Option<String>,
    ) -> Self {
        let (by, at) = by.unzip();
        Self { what: what.into(), by, at, fix }
    }
}
