use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::config::{Anchor, ChainName};
use dialgate_contract::{Ports, Service, ServiceName, TravellerAddress};
use ipnet::IpNet;

use super::{Family, Rule, SetName};

/// The longest time the kernel gives an entry of a set, in seconds: 24.8 days (`IPSET_MAX_TIMEOUT`).
pub const LONGEST: u32 = 2_147_483;

/// An address that is to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where from.
    pub address: TravellerAddress,
    /// To what. A service that is not known is not opened.
    pub services: BTreeSet<ServiceName>,
    /// For how many more seconds. None left is no grant.
    pub remaining: u32,
}

/// What the kernel should hold: per service, who is let in and for how much longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    chain: ChainName,
    anchor: Anchor,
    services: BTreeMap<ServiceName, Ports>,
    sets: BTreeMap<SetName, BTreeMap<IpNet, u32>>,
}

impl Desired {
    /// The union of all grants: an address that has several stays as long as the longest of them.
    pub fn new(
        chain: ChainName,
        anchor: Anchor,
        services: &[Service],
        grants: impl IntoIterator<Item = Grant>,
    ) -> Self {
        let services: BTreeMap<ServiceName, Ports> =
            services.iter().map(|service| (service.name.clone(), service.ports.clone())).collect();
        let mut sets: BTreeMap<SetName, BTreeMap<IpNet, u32>> = services
            .keys()
            .flat_map(|name| Family::ALL.map(|family| SetName::new(name.clone(), family)))
            .map(|name| (name, BTreeMap::new()))
            .collect();
        for grant in grants.into_iter().filter(|grant| grant.remaining > 0) {
            let network = grant.address.network();
            for service in grant.services {
                let Some(set) = sets.get_mut(&SetName::new(service, Family::of(network))) else {
                    continue;
                };
                let remaining = set.entry(network).or_default();
                *remaining = (*remaining).max(grant.remaining);
            }
        }
        Self { chain, anchor, services, sets }
    }

    /// The name of our chain.
    #[must_use]
    pub const fn chain(&self) -> &ChainName {
        &self.chain
    }

    /// Where the jump to it belongs.
    #[must_use]
    pub const fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// Every set, with the seconds each of its entries has left; these may be more than [`LONGEST`].
    #[must_use]
    pub const fn sets(&self) -> &BTreeMap<SetName, BTreeMap<IpNet, u32>> {
        &self.sets
    }

    /// The rules of our chain, in their order.
    #[must_use]
    pub fn rules(&self, family: Family) -> Vec<Rule> {
        self.services.iter().flat_map(|(name, ports)| Rule::all(name, ports, family)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(address: &str, services: &[&str], remaining: u32) -> Grant {
        Grant {
            address: address.parse().unwrap(),
            services: services.iter().map(|name| name.parse().unwrap()).collect(),
            remaining,
        }
    }

    fn desired(grants: Vec<Grant>) -> Desired {
        let service = |name: &str, ports: &str| Service {
            name: name.parse().unwrap(),
            ports: ports.parse().unwrap(),
        };
        let services = [service("sip", "udp:5060"), service("ssh", "tcp:22")];
        Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, &services, grants)
    }

    fn entries(desired: &Desired, set: &str) -> Vec<(String, u32)> {
        let set = &desired.sets()[&set.parse().unwrap()];
        set.iter().map(|(network, seconds)| (network.to_string(), *seconds)).collect()
    }

    #[test]
    fn an_address_with_several_grants_stays_as_long_as_the_longest() {
        let desired = desired(vec![
            grant("12.34.56.78", &["sip"], 100),
            grant("12.34.56.78", &["sip", "ssh"], 300),
            grant("12.34.56.78", &["sip"], 200),
            grant("2a00:1450::1", &["ssh"], 50),
        ]);
        assert_eq!(entries(&desired, "dg-sip-4"), [("12.34.56.78/32".to_owned(), 300)]);
        assert_eq!(entries(&desired, "dg-ssh-4"), [("12.34.56.78/32".to_owned(), 300)]);
        assert_eq!(entries(&desired, "dg-ssh-6"), [("2a00:1450::/64".to_owned(), 50)]);
        assert_eq!(entries(&desired, "dg-sip-6"), []);
    }

    #[test]
    fn a_grant_with_no_time_left_or_of_an_unknown_service_opens_nothing() {
        let desired =
            desired(vec![grant("12.34.56.78", &["sip"], 0), grant("12.34.56.79", &["ftp"], 9)]);
        assert!(desired.sets().values().all(BTreeMap::is_empty));
        assert_eq!(desired.sets().len(), 4);
    }
}
