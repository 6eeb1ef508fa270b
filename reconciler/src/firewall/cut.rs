//! Which flows end with a right: those that stand are often let through by rules of others, whatever is in our sets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use dialgate_contract::{Network, Ports, ServiceName};
use ipnet::IpNet;

use super::actual::ipset_network;
use super::rule::opened;
use super::set_name::Purpose;
use super::{Actual, Desired, Family, SetName};

/// What a network lost, and what of it something else still covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    network: IpNet,
    lost: Ports,
    kept: Vec<(IpNet, Ports)>,
}

impl Cut {
    /// The network.
    #[must_use]
    pub const fn network(&self) -> IpNet {
        self.network
    }

    /// The ports that it lost.
    #[must_use]
    pub const fn lost(&self) -> &Ports {
        &self.lost
    }

    /// Networks in it or around it that keep ports.
    #[must_use]
    pub fn kept(&self) -> &[(IpNet, Ports)] {
        &self.kept
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cut flows of {} with {}", ipset_network(self.network), self.lost)?;
        for (index, (network, ports)) in self.kept.iter().enumerate() {
            let word = if index == 0 { " except" } else { "," };
            write!(f, "{word} {} with {ports}", ipset_network(*network))?;
        }
        Ok(())
    }
}

/// What is lost by the steps from `actual` to `desired`.
pub(super) fn lost(desired: &Desired, actual: &Actual) -> Vec<Cut> {
    let mut lost = Lost::default();
    let standing = standing(desired, actual);
    for (name, set) in actual.sets.iter().filter(|(_, set)| set.as_created) {
        let wanted = desired.sets().get(name);
        let (ports, all_lose) = match name.purpose() {
            Purpose::Service(service) => {
                let still = desired.services().get(service);
                let ports = still.cloned().unwrap_or(Ports::none());
                let ports = standing.get(name).into_iter().fold(ports, Ports::and);
                let all_lose = still.is_none_or(|still| !still.cover(&ports));
                (ports, all_lose)
            }
            Purpose::Lan if desired.policy().is_some() => (Ports::All, false),
            Purpose::Lan | Purpose::Deny | Purpose::Trial => continue,
        };
        let is_out = |network: &&IpNet| {
            all_lose || wanted.is_none_or(|wanted| !wanted.contains_key(network))
        };
        for network in set.entries.keys().filter(is_out) {
            lost.add(*network, &ports);
        }
    }
    for family in Family::ALL {
        let name = SetName::new(Purpose::Deny, family);
        let present = actual.sets.get(&name).filter(|set| set.as_created);
        let is_new =
            |network: &&IpNet| present.is_none_or(|present| !present.entries.contains_key(network));
        let is_spoken = present.is_some() || actual.filters.contains_key(&family);
        let denied = desired.sets().get(&name).filter(|_| is_spoken);
        lost.denied.extend(denied.into_iter().flat_map(BTreeMap::keys).filter(is_new));
    }
    lost.cuts(desired)
}

/// What networks lost that had services and are to have them no more.
pub(super) fn ended<'a>(
    desired: &Desired,
    networks: impl IntoIterator<Item = (Network, &'a BTreeSet<ServiceName>)>,
) -> Vec<Cut> {
    let mut lost = Lost::default();
    for (network, services) in networks {
        for ports in services.iter().filter_map(|service| desired.services().get(service)) {
            lost.add(network.net(), ports);
        }
    }
    lost.cuts(desired)
}

#[derive(Default)]
struct Lost {
    networks: BTreeMap<IpNet, Ports>,
    denied: BTreeSet<IpNet>,
}

impl Lost {
    fn add(&mut self, network: IpNet, ports: &Ports) {
        let so_far = self.networks.remove(&network).unwrap_or(Ports::none());
        self.networks.insert(network, so_far.and(ports));
    }

    fn cuts(self, desired: &Desired) -> Vec<Cut> {
        let denied =
            self.denied.iter().map(|&network| Cut { network, lost: Ports::All, kept: Vec::new() });
        let others = self.networks.into_iter().filter_map(|(network, lost)| {
            let kept = kept(desired, network);
            let around = kept.iter().filter(|(other, _)| other.contains(&network));
            let covered = around.fold(Ports::none(), |covered, (_, ports)| covered.and(ports));
            (!covered.cover(&lost)).then_some(Cut { network, lost, kept })
        });
        denied.chain(others).collect()
    }
}

/// The ports that the rules of our chain open to each set, whatever the services are now.
fn standing(desired: &Desired, actual: &Actual) -> BTreeMap<SetName, Ports> {
    let mut standing: BTreeMap<SetName, Ports> = BTreeMap::new();
    let chains =
        actual.filters.values().filter_map(|filter| filter.rules(desired.chain().as_str()));
    for (set, ports) in chains.flatten().filter_map(|rule| opened(rule)) {
        let so_far = standing.remove(&set).unwrap_or(Ports::none());
        standing.insert(set, so_far.and(&ports));
    }
    standing
}

/// Everything that is open to `network` or to a part of it.
fn kept(desired: &Desired, network: IpNet) -> Vec<(IpNet, Ports)> {
    let mut kept = Vec::new();
    for (name, entries) in desired.sets() {
        let ports = match name.purpose() {
            Purpose::Service(service) => desired.services().get(service),
            Purpose::Lan => Some(&Ports::All),
            Purpose::Deny | Purpose::Trial => None,
        };
        let Some(ports) = ports.filter(|_| name.family() == Family::of(network)) else { continue };
        kept.extend(overlapping(entries, network).map(|other| (other, ports.clone())));
    }
    if let Some(policy) = desired.policy() {
        let open = desired.services().iter().filter(|(name, _)| policy.open.contains(name));
        let everybody = supernets(network).next();
        kept.extend(open.filter_map(|(_, ports)| Some((everybody?, ports.clone()))));
    }
    kept
}

/// The networks around `network`, itself, and those in it. In order, a network stands before those in it.
fn overlapping<T>(
    entries: &BTreeMap<IpNet, T>,
    network: IpNet,
) -> impl Iterator<Item = IpNet> + use<'_, T> {
    let around = supernets(network).filter(|around| entries.contains_key(around));
    let last = IpNet::from(network.broadcast());
    let inside =
        entries.range((std::ops::Bound::Excluded(network), std::ops::Bound::Included(last)));
    let inside = inside.map(|(other, _)| *other).filter(move |other| network.contains(other));
    around.chain(inside.filter(move |other| *other != network))
}

/// From the network of all addresses to `network` itself.
fn supernets(network: IpNet) -> impl Iterator<Item = IpNet> {
    (0..=network.prefix_len())
        .filter_map(move |length| IpNet::new(network.network(), length).ok())
        .map(|around| around.trunc())
}
