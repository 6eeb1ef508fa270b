//! Which flows end with a right: those that stand are often let through by rules of others, whatever is in our sets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use dialgate_contract::{Network, Ports, ServiceName};
use ipnet::IpNet;

use super::actual::ipset_network;
use super::rule::opened;
use super::set_name::Purpose;
use super::{Actual, Desired, Family, KernelSet, SetName, Step};

/// What a network lost, and what of it something else still covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    network: IpNet,
    lost: Ports,
    kept: Vec<(IpNet, Ports)>,
}

impl Cut {
    /// Those of networks that lost services without a step of a plan, because the kernel ended their entries by itself
    /// or because a pass died before it could. What something else still covers stays.
    #[must_use]
    pub fn of<'a>(
        desired: &Desired,
        lost: impl IntoIterator<Item = (Network, &'a BTreeSet<ServiceName>)>,
    ) -> Vec<Self> {
        let mut networks = Lost::default();
        for (network, services) in lost {
            for ports in services.iter().filter_map(|service| desired.services().get(service)) {
                networks.add(network.net(), ports);
            }
        }
        networks.cuts(desired)
    }

    /// One for each network: what was lost in any of them, and what is kept by the last.
    #[must_use]
    pub fn together(cuts: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut together: BTreeMap<IpNet, Self> = BTreeMap::new();
        for mut cut in cuts {
            if let Some(earlier) = together.remove(&cut.network) {
                cut.lost = cut.lost.and(&earlier.lost);
            }
            together.insert(cut.network, cut);
        }
        together.into_values().collect()
    }

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

    /// The services all of whose ports it lost.
    pub(crate) fn services(&self, desired: &Desired) -> BTreeSet<ServiceName> {
        let services = desired.services().iter().filter(|(_, ports)| self.lost.cover(ports));
        services.map(|(name, _)| name.clone()).collect()
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

/// What is lost by these steps away from `actual`, and by rules that open less than they did.
pub(super) fn lost(desired: &Desired, actual: &Actual, closing: &[Step]) -> Vec<Cut> {
    let standing = standing(desired, actual);
    let had = |name: &SetName| {
        let ports = match name.purpose() {
            Purpose::Service(service) => desired.services().get(service).cloned(),
            Purpose::Lan => Some(Ports::All),
            Purpose::Deny | Purpose::Ended | Purpose::Trial => None,
        };
        standing.get(name).into_iter().fold(ports.unwrap_or(Ports::none()), Ports::and)
    };
    let entries = |name: &SetName| actual.sets.get(name).map(KernelSet::entries);
    let mut lost = Lost::default();
    for step in closing {
        match step {
            Step::Close { set, network } => lost.add(*network, &had(set)),
            Step::Empty { set } => {
                lost.add_all(entries(set).into_iter().flat_map(BTreeMap::keys), &had(set));
            }
            Step::Open { set, network, .. } if *set.purpose() == Purpose::Deny => {
                let is_new = entries(set).is_none_or(|entries| !entries.contains_key(network));
                lost.denied.extend(is_new.then_some(*network));
            }
            Step::Open { .. }
            | Step::Shorten { .. }
            | Step::Narrow { .. }
            | Step::Cut(_)
            | Step::Destroy { .. }
            | Step::Create { .. }
            | Step::Rebuild { .. }
            | Step::Retire { .. } => {}
        }
    }
    for (name, ports) in &standing {
        let still = name.service().and_then(|service| desired.services().get(service));
        if still.is_some_and(|still| !still.cover(ports)) {
            lost.add_all(entries(name).into_iter().flat_map(BTreeMap::keys), ports);
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

    fn add_all<'a>(&mut self, networks: impl Iterator<Item = &'a IpNet>, ports: &Ports) {
        networks.for_each(|network| self.add(*network, ports));
    }

    fn cuts(self, desired: &Desired) -> Vec<Cut> {
        let denied =
            self.denied.iter().map(|&network| Cut { network, lost: Ports::All, kept: Vec::new() });
        let others = self.networks.into_iter().filter_map(|(network, lost)| {
            let kept =
                if is_denied(desired, network) { Vec::new() } else { kept(desired, network) };
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

fn is_denied(desired: &Desired, network: IpNet) -> bool {
    let mut denied = desired.sets().iter().filter(|(name, _)| *name.purpose() == Purpose::Deny);
    denied.any(|(_, entries)| supernets(network).any(|around| entries.contains_key(&around)))
}

/// Everything that is open to `network` or to a part of it.
fn kept(desired: &Desired, network: IpNet) -> Vec<(IpNet, Ports)> {
    let mut kept = Vec::new();
    for (name, entries) in desired.sets() {
        let ports = match name.purpose() {
            Purpose::Service(service) => desired.services().get(service),
            Purpose::Lan => Some(&Ports::All),
            Purpose::Deny | Purpose::Ended | Purpose::Trial => None,
        };
        let may_have = name.family() == Family::of(network) && !entries.is_empty();
        let Some(ports) = ports.filter(|_| may_have) else { continue };
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
