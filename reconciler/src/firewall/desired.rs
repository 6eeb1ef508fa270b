use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::config::{Anchor, ChainName};
use dialgate_contract::{Network, Ports, Protocol, Service, ServiceName};
use ipnet::IpNet;

use super::anchor::is_of_others;
use super::base_policy::{self, BasePolicy};
use super::set_name::Purpose;
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

/// What the kernel should hold: per service, who is let in and for how much longer; and who is kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    chain: ChainName,
    anchor: Anchor,
    services: BTreeMap<ServiceName, Ports>,
    sets: BTreeMap<SetName, BTreeMap<IpNet, Time>>,
    policy: Option<BasePolicy>,
    former: BTreeSet<ChainName>,
    former_anchors: BTreeSet<ChainName>,
    part: Option<BTreeSet<IpNet>>,
}

impl Desired {
    /// The union of all grants: a network that has several stays as long as the longest of them.
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
            .flat_map(|name| {
                Family::ALL.map(|family| SetName::new(Purpose::Service(name.clone()), family))
            })
            .map(|name| (name, BTreeMap::new()))
            .collect();
        for grant in grants.into_iter().filter(|grant| !grant.time.is_over()) {
            let network = grant.network.net();
            for service in grant.services {
                let set = SetName::new(Purpose::Service(service), Family::of(network));
                if let Some(set) = sets.get_mut(&set) {
                    put(set, network, grant.time);
                }
            }
        }
        let (former, former_anchors) = (BTreeSet::new(), BTreeSet::new());
        Self { chain, anchor, services, sets, policy: None, former, former_anchors, part: None }
    }

    /// The same, and these networks are kept out of everything. There is a set and a rule for them only where there
    /// are some.
    #[must_use]
    pub fn deny(mut self, denials: impl IntoIterator<Item = Denial>) -> Self {
        for denial in denials.into_iter().filter(|denial| !denial.time.is_over()) {
            self.put(Purpose::Deny, denial.network.net(), denial.time);
        }
        self
    }

    /// The same, and these networks, whose right has ended, answer nothing that this machine goes on with, except where
    /// they are let in. There is a set and there are rules for them only where there are some, and none under the base
    /// policy, which does more than that.
    #[must_use]
    pub fn silence(mut self, ended: impl IntoIterator<Item = (Network, Time)>) -> Self {
        if self.policy.is_none() {
            for (network, time) in ended.into_iter().filter(|(_, time)| !time.is_over()) {
                self.put(Purpose::Ended, network.net(), time);
            }
        }
        self
    }

    /// The same, and our chain keeps everybody else out, too. A trial that has no second left is none.
    #[must_use]
    pub fn keep_others_out(mut self, policy: BasePolicy) -> Self {
        if policy.trial == Some(0) {
            return self;
        }
        self.sets.retain(|set, _| *set.purpose() != Purpose::Ended);
        for network in &policy.lan {
            self.put(Purpose::Lan, network.net(), Time::Always);
        }
        for network in Family::ALL.into_iter().flat_map(base_policy::halves) {
            if let Some(seconds) = policy.trial {
                self.put(Purpose::Trial, network, Time::For(seconds));
            }
        }
        self.policy = Some(policy);
        self
    }

    /// The same, and these are what was built before: chains of ours with their anchors. Of other names than now they
    /// are to go, and so are the jumps in other anchors.
    #[must_use]
    pub fn replace(mut self, built: impl IntoIterator<Item = (ChainName, Anchor)>) -> Self {
        for (chain, anchor) in built {
            if chain != self.chain && !is_of_others(&self.anchor, &chain) {
                self.former.insert(chain);
            }
            if let Anchor::Chain(anchor) = anchor {
                self.former_anchors.insert(anchor);
            }
        }
        self
    }

    /// The same, but in the sets of services nothing is done about any network but these: what the kernel holds of others
    /// is right, and stays.
    #[must_use]
    pub fn only(mut self, networks: BTreeSet<IpNet>) -> Self {
        self.part = Some(networks);
        self
    }

    /// The networks that something is done about; `None` when about all there are.
    pub(crate) const fn part(&self) -> Option<&BTreeSet<IpNet>> {
        self.part.as_ref()
    }

    fn put(&mut self, purpose: Purpose, network: IpNet, time: Time) {
        let set = SetName::new(purpose, Family::of(network));
        put(self.sets.entry(set).or_default(), network, time);
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

    /// The names of chains that are ours and are to go.
    pub(super) const fn former(&self) -> &BTreeSet<ChainName> {
        &self.former
    }

    /// Where jumps of ours may stand that were put there by another configuration.
    pub(super) const fn former_anchors(&self) -> &BTreeSet<ChainName> {
        &self.former_anchors
    }

    /// Every set, with the time each of its entries has left; these may be more than [`LONGEST`] seconds.
    #[must_use]
    pub const fn sets(&self) -> &BTreeMap<SetName, BTreeMap<IpNet, Time>> {
        &self.sets
    }

    /// What our chain does about everybody else.
    #[must_use]
    pub const fn policy(&self) -> Option<&BasePolicy> {
        self.policy.as_ref()
    }

    /// The services and what each opens.
    pub(crate) const fn services(&self) -> &BTreeMap<ServiceName, Ports> {
        &self.services
    }

    /// The rules of our chain, in their order.
    #[must_use]
    pub fn rules(&self, family: Family) -> Vec<Rule> {
        let mut rules = Vec::new();
        rules.extend(self.policy.as_ref().map(|_| base_policy::first()));
        rules.extend(self.deny_rule(family));
        // Limits for each sender and signatures of scanners belong here: behind who is denied, before who is let in.
        let silencing = self.silencing_rules(family);
        let is_end = silencing.is_empty() && self.policy.is_none();
        rules.extend(self.accepting_rules(family, is_end));
        rules.extend(silencing);
        if let Some(policy) = &self.policy {
            rules.extend(policy.last(family, self.services.iter()));
        }
        rules
    }

    /// The rules that let in. Where nothing comes behind them, a datagram, as telephones send most, does not walk those
    /// of TCP: each costs it some 20 ns.
    fn accepting_rules(&self, family: Family, is_end: bool) -> Vec<Rule> {
        let of = |(name, ports): (&ServiceName, &Ports)| {
            Rule::accept(&SetName::new(Purpose::Service(name.clone()), family), ports)
        };
        let (tcp, mut rules): (Vec<Rule>, Vec<Rule>) = (self.services.iter().flat_map(of))
            .partition(|rule| rule.protocol() == Some(Protocol::Tcp));
        rules.sort_by_key(Rule::protocol);
        let is_worth_it = is_end && tcp.len() > 2;
        rules.extend(is_worth_it.then(|| Rule::leave(Protocol::Udp)));
        rules.extend(tcp);
        rules
    }

    /// The rules that keep answers from whose right has ended, where there is somebody. They stand behind those that let
    /// in. No slip in a list silences the whole machine.
    pub(super) fn silencing_rules(&self, family: Family) -> Vec<Rule> {
        let set = SetName::new(Purpose::Ended, family);
        if !self.sets.contains_key(&set) {
            return Vec::new();
        }
        let some = self.services.values().filter(|ports| **ports != Ports::All);
        Rule::silence(&set, &some.fold(Ports::none(), |all, ports| all.and(ports)))
    }

    /// The rule that keeps out who is denied, where there is somebody.
    pub(super) fn deny_rule(&self, family: Family) -> Option<Rule> {
        let set = SetName::new(Purpose::Deny, family);
        self.sets.contains_key(&set).then(|| Rule::deny(&set))
    }
}

fn put(set: &mut BTreeMap<IpNet, Time>, network: IpNet, time: Time) {
    let longest = set.entry(network).or_insert(time);
    *longest = (*longest).max(time);
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
        let service =
            |name: &str, ports: &str| Service::new(name.parse().unwrap(), ports.parse().unwrap());
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

    #[test]
    fn a_network_and_an_address_in_it_are_entries_of_their_own() {
        let grants = vec![
            Grant { time: Time::Always, ..grant("12.34.56.0/24", &["sip"], 1) },
            grant("12.34.56.78", &["sip"], 100),
            grant("12.34.56.0/24", &["sip"], 100),
        ];
        assert_eq!(
            entries(&desired(grants), "dg-sip-4"),
            [
                ("12.34.56.0/24".to_owned(), Time::Always),
                ("12.34.56.78/32".to_owned(), Time::For(100))
            ]
        );
    }

    #[test]
    fn who_is_denied_comes_before_everybody_but_the_machine_itself() {
        let network = "12.34.56.0/24".parse().unwrap();
        let denied = desired(vec![]).deny([Denial { network, time: Time::Always }]);
        let first = |desired: &Desired, family| desired.rules(family)[0].to_string();
        assert_eq!(first(&denied, Family::V4), "-m set --match-set dg-deny-4 src -j DROP");
        assert!(!first(&denied, Family::V6).contains("deny"));
        let policy = BasePolicy { trial: Some(60), lan: vec![], open: BTreeSet::new() };
        let alone = denied.keep_others_out(policy);
        assert_eq!(first(&alone, Family::V4), "-i lo -j ACCEPT");
        assert_eq!(
            alone.rules(Family::V4)[1].to_string(),
            first(&desired(vec![]).deny([Denial { network, time: Time::Always }]), Family::V4)
        );
        assert_eq!(
            entries(&alone, "dg-trial-4"),
            [("0.0.0.0/1".to_owned(), Time::For(60)), ("128.0.0.0/1".to_owned(), Time::For(60))]
        );
        assert!(!alone.sets().contains_key(&"dg-lan-4".parse().unwrap()));
    }

    #[test]
    fn a_datagram_does_not_walk_the_rules_of_tcp_unless_something_comes_behind_them() {
        let service = |(name, ports): (&str, &str)| {
            Service::new(name.parse().unwrap(), ports.parse().unwrap())
        };
        let services =
            [("all", "all"), ("sip", "tcp:5060 udp:5060"), ("ssh", "tcp:22"), ("web", "tcp:443")];
        let services: Vec<Service> = services.map(service).into();
        let desired = Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, &services, []);
        let texts = |desired: &Desired| -> Vec<String> {
            desired.rules(Family::V4).iter().map(ToString::to_string).collect()
        };
        let rules = [
            "-m set --match-set dg-all-4 src -j ACCEPT",
            "-p udp -m udp --dport 5060 -m set --match-set dg-sip-4 src -j ACCEPT",
            "-p udp -j RETURN",
            "-p tcp -m tcp --dport 5060 -m set --match-set dg-sip-4 src -j ACCEPT",
            "-p tcp -m tcp --dport 22 -m set --match-set dg-ssh-4 src -j ACCEPT",
            "-p tcp -m tcp --dport 443 -m set --match-set dg-web-4 src -j ACCEPT",
        ];
        assert_eq!(texts(&desired), rules);
        let ended = [("12.34.56.78".parse().unwrap(), Time::For(9))];
        let policy = BasePolicy { trial: None, lan: vec![], open: BTreeSet::new() };
        for more in [desired.clone().silence(ended), desired.keep_others_out(policy)] {
            assert!(!texts(&more).iter().any(|rule| rule.contains("RETURN")), "{more:?}");
        }
    }

    #[test]
    fn a_trial_that_is_over_keeps_nobody_out() {
        let policy = BasePolicy { trial: Some(0), lan: vec![], open: BTreeSet::new() };
        assert_eq!(desired(vec![]).keep_others_out(policy), desired(vec![]));
    }
}
