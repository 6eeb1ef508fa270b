//! The allow and deny lists.

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::ledger::LeaseId;
use dialgate_contract::{Network, Origin, ServiceName, TravellerAddress};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct AllowRow {
    pub(crate) origin: Origin,
    pub(crate) services: BTreeSet<ServiceName>,
    /// May be empty.
    pub(crate) name: String,
    /// `None`: for good.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    /// `open`, or `over` when its time is.
    pub(crate) state: &'static str,
    /// `None`: not a host's name.
    pub(crate) host: Option<HostRow>,
}

/// What the DNS said of a host.
#[derive(Debug, Default, Serialize)]
pub(crate) struct HostRow {
    pub(crate) addresses: Vec<IpAddr>,
    /// `None`: never yet.
    pub(crate) asked_at: Option<Timestamp>,
    /// The last good answer that is remembered.
    pub(crate) answered_at: Option<Timestamp>,
    /// What was wrong with the last answer.
    pub(crate) problem: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AllowChange {
    #[serde(skip)]
    pub(crate) done: &'static str,
    #[serde(flatten)]
    pub(crate) entry: AllowRow,
    pub(crate) replaced: Option<AllowRow>,
    /// What of the deny list wins over it.
    pub(crate) denied: Vec<Network>,
    pub(crate) last_pass: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DenyRow {
    pub(crate) network: Network,
    /// May be empty.
    pub(crate) name: String,
    /// `None`: for good.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    /// `kept out`, or `over` when its time is.
    pub(crate) state: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct DenyChange {
    #[serde(skip)]
    pub(crate) done: &'static str,
    #[serde(flatten)]
    pub(crate) entry: DenyRow,
    pub(crate) replaced: Option<DenyRow>,
    /// Who else is let in from there, and is kept out by this.
    pub(crate) leases: Vec<DeniedLease>,
    pub(crate) allowed: Vec<Origin>,
    pub(crate) last_pass: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DeniedLease {
    pub(crate) id: LeaseId,
    pub(crate) address: TravellerAddress,
}
