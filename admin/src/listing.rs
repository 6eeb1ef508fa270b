//! What the allow and deny lists have in common.

use std::collections::BTreeMap;

use dialgate_contract::ledger::host::Host;
use dialgate_contract::ledger::{Allow, Deny};
use dialgate_contract::{HostName, Network, Origin, ServiceName};
use jiff::Timestamp;

use crate::ssh_peer::SshPeer;

/// Why an entry was not put on a list, or not taken off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error("that time is over already, or too far away: nothing was changed")]
    Over,
    #[error("{0} is not on the allow list: `dialgate allow list` shows what is")]
    NotAllowed(Origin),
    #[error("{0} is not on the deny list: `dialgate deny list` shows what is")]
    NotDenied(Network),
    #[error(
        "service {name} is on the allow list for {origins}: change that with `dialgate allow add` or `allow remove` first"
    )]
    ServiceAllowed { name: ServiceName, origins: String },
    #[error(
        "{network} would keep out the SSH connection from {}{}: nothing was changed; say --even-me if you mean it",
        .peer.address,
        if .peer.own { ", which is your own" } else { ", which may be your own" }
    )]
    Me { network: Network, peer: SshPeer },
    #[error(
        "the base policy would then keep out the SSH connection from {}{}: nothing was changed; say --even-me if you mean it",
        .0.address,
        if .0.own { ", which is your own" } else { ", which may be your own" }
    )]
    MyEntry(SshPeer),
}

/// The entries of the deny list that hold for some address of the origin.
pub(crate) fn clashes(
    origin: &Origin,
    hosts: &BTreeMap<HostName, Host>,
    deny: &[Deny],
    now: Timestamp,
) -> Vec<Network> {
    let holding = deny.iter().filter(|entry| entry.holds(now)).map(|entry| entry.network);
    holding.filter(|network| touches(origin, *network, hosts)).collect()
}

/// The entries of the allow list that hold and have some address in the network.
pub(crate) fn touched(
    network: Network,
    hosts: &BTreeMap<HostName, Host>,
    allow: Vec<Allow>,
    now: Timestamp,
) -> Vec<Origin> {
    let holding = allow.into_iter().filter(|entry| entry.holds(now)).map(|entry| entry.origin);
    holding.filter(|origin| touches(origin, network, hosts)).collect()
}

fn touches(origin: &Origin, network: Network, hosts: &BTreeMap<HostName, Host>) -> bool {
    match origin {
        Origin::Network(from) => network.overlaps(from.net()),
        Origin::Host(name) => hosts
            .get(name)
            .is_some_and(|host| host.addresses.keys().any(|address| network.contains(*address))),
    }
}
