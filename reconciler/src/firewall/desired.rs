use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::config::{Anchor, ChainName};
use dialgate_contract::{Network, Ports, Service, ServiceName};
use ipnet::IpNet;

use super::{Family, Rule, SetName, Time};

/// A network that is to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where from.
    pub network: Network,
    /// To what. A service that is not known is not opened.
    pub services: BTreeSet<ServiceName>,
    /// For how much longer. No second left is no grant.
    pub time: Time,
}

/// A network that is to be kept out of everything, whatever else is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Where from.
    pub network: Network,
    /// For how much longer.
    pub time: Time,
}

/// That our chain keeps out whoever has no right, by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePolicy {
    /// The seconds after which it ends by itself; `None` when it is confirmed.
    pub trial: Option<u32>,
    /// Networks that reach everything.
    pub lan: Vec<Network>,
    /// Services that everybody reaches.
    pub open: BTreeSet<ServiceName>,
}

/// What the kernel should hold: per service, who is let in and for how much longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    chain: ChainName,
    anchor: Anchor,
    services: BTreeMap<ServiceName, Ports>,
    sets: BTreeMap<SetName, BTreeMap<IpNet, Time>>,
    denials: BTreeMap<IpNet, Time>,
    policy: Option<BasePolicy>,
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
        let mut sets: BTreeMap<SetName, BTreeMap<IpNet, Time>> = services
            .keys()
            .flat_map(|name| Family::ALL.map(|family| SetName::new(name.clone(), family)))
            .map(|name| (name, BTreeMap::new()))
            .collect();
        for grant in grants.into_iter().filter(|grant| !grant.time.is_over()) {
            let network = grant.network.net();
            for service in grant.services {
                let Some(set) = sets.get_mut(&SetName::new(service, Family::of(network))) else {
                    continue;
                };
                let time = set.entry(network).or_insert(grant.time);
                *time = (*time).max(grant.time);
            }
        }
        Self { chain, anchor, services, sets, denials: BTreeMap::new(), policy: None }
    }

    /// The same, and these networks are kept out of everything.
    #[must_use]
    pub fn deny(mut self, denials: impl IntoIterator<Item = Denial>) -> Self {
        for denial in denials.into_iter().filter(|denial| !denial.time.is_over()) {
            let time = self.denials.entry(denial.network.net()).or_insert(denial.time);
            *time = (*time).max(denial.time);
        }
        self
    }

    /// The same, and our chain keeps everybody else out, too.
    #[must_use]
    pub fn keep_others_out(mut self, policy: BasePolicy) -> Self {
        self.policy = Some(policy);
        self
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

    /// Every set, with the time each of its entries has left; these may be more than [`LONGEST`] seconds.
    #[must_use]
    pub const fn sets(&self) -> &BTreeMap<SetName, BTreeMap<IpNet, Time>> {
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

    fn grant(network: &str, services: &[&str], seconds: u32) -> Grant {
        Grant {
            network: network.parse().unwrap(),
            services: services.iter().map(|name| name.parse().unwrap()).collect(),
            time: Time::For(seconds),
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

    fn entries(desired: &Desired, set: &str) -> Vec<(String, Time)> {
        let set = &desired.sets()[&set.parse().unwrap()];
        set.iter().map(|(network, time)| (network.to_string(), *time)).collect()
    }

    #[test]
    fn an_address_with_several_grants_stays_as_long_as_the_longest() {
        let desired = desired(vec![
            grant("12.34.56.78", &["sip"], 100),
            grant("12.34.56.78", &["sip", "ssh"], 300),
            grant("12.34.56.78", &["sip"], 200),
            grant("2a00:1450::/64", &["ssh"], 50),
        ]);
        assert_eq!(entries(&desired, "dg-sip-4"), [("12.34.56.78/32".to_owned(), Time::For(300))]);
        assert_eq!(entries(&desired, "dg-ssh-4"), [("12.34.56.78/32".to_owned(), Time::For(300))]);
        assert_eq!(entries(&desired, "dg-ssh-6"), [("2a00:1450::/64".to_owned(), Time::For(50))]);
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
