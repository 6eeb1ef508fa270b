//! The rules of the base policy, behind those that let in whoever is in a set.
//!
//! A service's port is guarded before flows that stand are let through, so that a right that ends, ends for them too.
//! Without a confirmation, each rule that keeps out asks a set of everybody as well, whose entries end by themselves
//! in the kernel: then nothing is kept out any more, whatever became of us.

use std::collections::BTreeSet;

use dialgate_contract::{Network, Ports, ServiceName};

use super::rule::{matched_ports, port_matches};
use super::set_name::Purpose;
use super::{Family, Rule, SetName};

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

/// What the machine tells itself. It comes before everything else.
const LOOPBACK: &str = "-i lo -j ACCEPT";
const ESTABLISHED: &str = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
const LOG: &str =
    "-m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix \"dialgate drop: \"";
const DROP: &str = "-j DROP";

/// Errors that a path reports, requests for an echo, and what a DHCP server answers. Types of ICMP: RFC 792.
const CONTROL_V4: [&str; 5] = [
    "-p icmp -m icmp --icmp-type 3 -j ACCEPT",
    "-p icmp -m icmp --icmp-type 11 -j ACCEPT",
    "-p icmp -m icmp --icmp-type 12 -j ACCEPT",
    "-p icmp -m icmp --icmp-type 8 -m limit --limit 20/sec --limit-burst 50 -j ACCEPT",
    "-p udp -m udp --sport 67 --dport 68 -j ACCEPT",
];

/// What must not be dropped (RFC 4890 section 4.4.1), and what a DHCP server answers. Neighbours are believed only when
/// no router stands between (RFC 4861).
const CONTROL_V6: [&str; 22] = [
    "-p ipv6-icmp -m icmp6 --icmpv6-type 1 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 3 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 4 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 128 -m limit --limit 20/sec --limit-burst 50 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 129 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 130 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 131 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 132 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 133 -m hl --hl-eq 255 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 134 -m hl --hl-eq 255 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 136 -m hl --hl-eq 255 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 141 -m hl --hl-eq 255 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 142 -m hl --hl-eq 255 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 143 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 148 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 149 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 151 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 152 -j ACCEPT",
    "-p ipv6-icmp -m icmp6 --icmpv6-type 153 -j ACCEPT",
    "-d fe80::/10 -p udp -m udp --dport 546 -j ACCEPT",
];

const fn control(family: Family) -> &'static [&'static str] {
    match family {
        Family::V4 => &CONTROL_V4,
        Family::V6 => &CONTROL_V6,
    }
}

/// The rule that comes before all others.
pub(super) fn first() -> Rule {
    Rule::new(LOOPBACK)
}

impl BasePolicy {
    /// The rules that come after those that let in by sets.
    pub(super) fn last<'a>(
        &'a self,
        family: Family,
        services: impl Iterator<Item = (&'a ServiceName, &'a Ports)> + Clone,
    ) -> Vec<Rule> {
        let of_everybody = if self.trial.is_some() { everybody(family) } else { String::new() };
        let lan = self.lan.iter().any(|network| Family::of(network.net()) == family);
        let is_open = |name: &ServiceName| self.open.contains(name);
        let mut texts: Vec<String> = lan.then(|| from_lan(family)).into_iter().collect();
        // No slip in a list opens the whole machine.
        let some = services.filter(|(_, ports)| **ports != Ports::All);
        for (_, ports) in some.clone().filter(|(name, _)| is_open(name)) {
            texts.extend(port_matches(ports).iter().map(|ports| format!("{ports}-j ACCEPT")));
        }
        for (_, ports) in some.filter(|(name, _)| !is_open(name)) {
            let guard = |ports: &String| format!("{ports}{of_everybody}{DROP}");
            texts.extend(port_matches(ports).iter().map(guard));
        }
        texts.push(ESTABLISHED.to_owned());
        texts.extend(control(family).iter().map(|&text| text.to_owned()));
        texts.extend([LOG, DROP].map(|text| format!("{of_everybody}{text}")));
        texts.into_iter().map(Rule::new).collect()
    }
}

/// The networks that hold everybody: a set takes no network of all addresses.
pub(super) fn halves(family: Family) -> [ipnet::IpNet; 2] {
    use std::net::{Ipv4Addr, Ipv6Addr};
    match family {
        Family::V4 => {
            [0, 128].map(|byte| ipnet::Ipv4Net::new_assert(Ipv4Addr::new(byte, 0, 0, 0), 1).into())
        }
        Family::V6 => [0, 0x8000].map(|word| {
            ipnet::Ipv6Net::new_assert(Ipv6Addr::new(word, 0, 0, 0, 0, 0, 0, 0), 1).into()
        }),
    }
}

/// Whether a chain with these rules keeps everybody out at its end.
pub(super) fn stands(family: Family, rules: &[String]) -> bool {
    rules.iter().any(|rule| drops_all(family, rule))
}

/// Whether it does, and lets in what the machine tells itself and the answers to what it asked.
pub(super) fn is_whole(family: Family, rules: &[String]) -> bool {
    let mut before = rules.iter().take_while(|rule| !drops_all(family, rule));
    stands(family, rules)
        && before.next().is_some_and(|rule| rule == LOOPBACK)
        && before.any(|rule| rule == ESTABLISHED)
}

/// Whether this rule keeps out whoever comes to it.
pub(super) fn drops_all(family: Family, rule: &str) -> bool {
    rule.strip_prefix(&everybody(family)).unwrap_or(rule) == DROP
}

/// Whether this is a rule that some base policy has.
pub(super) fn has(family: Family, rule: &str) -> bool {
    let everybody = everybody(family);
    let fixed = [LOOPBACK, ESTABLISHED, LOG, DROP];
    let untried = rule.strip_prefix(&everybody).unwrap_or(rule);
    fixed.contains(&untried)
        || control(family).contains(&rule)
        || rule == from_lan(family)
        || behind_ports(rule).is_some_and(|target| {
            target == "-j ACCEPT" || target.strip_prefix(&everybody).unwrap_or(target) == DROP
        })
}

fn behind_ports(rule: &str) -> Option<&str> {
    let (_, list, target) = matched_ports(rule)?;
    let is_list = list.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b':'));
    is_list.then_some(target)
}

fn everybody(family: Family) -> String {
    format!("-m set --match-set {} src ", SetName::new(Purpose::Trial, family))
}

fn from_lan(family: Family) -> String {
    format!("-m set --match-set {} src -j ACCEPT", SetName::new(Purpose::Lan, family))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(trial: Option<u32>, family: Family) -> Vec<String> {
        let policy = BasePolicy {
            trial,
            lan: vec!["10.0.0.0/8".parse().unwrap()],
            open: ["ssh".parse().unwrap()].into(),
        };
        let services = [("all", "all"), ("sip", "udp:5060-5069 tcp:5061"), ("ssh", "tcp:22")];
        let services: Vec<(ServiceName, Ports)> =
            services.map(|(name, ports)| (name.parse().unwrap(), ports.parse().unwrap())).into();
        let rules = policy.last(family, services.iter().map(|(name, ports)| (name, ports)));
        rules.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn services_are_guarded_before_flows_that_stand_are_let_through() {
        let rules = rules(None, Family::V4);
        let first = [
            "-m set --match-set dg-lan-4 src -j ACCEPT",
            "-p tcp -m tcp --dport 22 -j ACCEPT",
            "-p tcp -m tcp --dport 5061 -j DROP",
            "-p udp -m udp --dport 5060:5069 -j DROP",
            ESTABLISHED,
        ];
        assert_eq!(rules[..5], first);
        assert_eq!(rules[rules.len() - 2..], [LOG, DROP]);
    }

    #[test]
    fn what_is_only_tried_keeps_out_nobody_who_is_not_in_its_set() {
        for family in Family::ALL {
            let tried = rules(Some(60), family);
            let out = |rule: &&String| rule.ends_with("-j DROP") || rule.contains("-j LOG");
            let set = format!("--match-set {} src", SetName::new(Purpose::Trial, family));
            assert!(tried.iter().filter(out).all(|rule| rule.contains(&set)), "{tried:?}");
            assert_eq!(tried.iter().filter(out).count(), 4);
            let without: Vec<String> =
                tried.iter().map(|rule| rule.replace(&everybody(family), "")).collect();
            assert_eq!(without, rules(None, family));
        }
    }

    #[test]
    fn its_own_rules_are_told_from_those_of_others() {
        for family in Family::ALL {
            for trial in [None, Some(60)] {
                let rules = rules(trial, family);
                assert!(rules.iter().all(|rule| has(family, rule)), "{rules:?}");
                assert!(stands(family, &rules));
                assert!(!stands(family, &rules[..rules.len() - 1]));
                assert!(!is_whole(family, &rules));
                let first = [LOOPBACK.to_owned()];
                assert!(is_whole(family, &[&first[..], &rules].concat()));
            }
        }
        for other in [
            "-j ACCEPT",
            "",
            "-p tcp -m multiport --dports 22 -j f2b-sshd",
            "-p tcp -m multiport ! --dports 22 -j ACCEPT",
            "-m set --match-set dg-sip-4 src -j ACCEPT",
        ] {
            assert!(!has(Family::V4, other), "{other}");
        }
    }
}
