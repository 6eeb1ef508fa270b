use std::fmt;

use dialgate_contract::{PortRange, Ports, Protocol};

use super::SetName;

/// How many ports one `multiport` match holds (`XT_MULTI_PORTS`); a range counts as two.
const SLOTS: usize = 15;

/// A rule of our chain, written exactly as `iptables-save` prints it, without `-A` and the chain's name.
///
/// One range of ports is matched by the protocol's own match, which nf_tables evaluates without a call into another
/// module: the rules of other services cost a packet a third of what `multiport` takes. More ranges share a `multiport`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule(String);

impl Rule {
    /// A rule of this text.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Keeps out whoever is in the set.
    pub(super) fn deny(set: &SetName) -> Self {
        Self(format!("-m set --match-set {set} src -j DROP"))
    }

    /// Keeps whoever is in the set from answering, on these ports, what this machine began. What somebody else's rules let
    /// him begin is not touched.
    pub(super) fn silence(set: &SetName, ports: &Ports) -> Vec<Self> {
        let rule = |ports: String| Self(format!("{ports}{}", answers(set)));
        port_matches(ports).into_iter().map(rule).collect()
    }

    /// Whether it is a rule of [`Rule::silence`], for whatever ports.
    pub(super) fn silences(&self, set: &SetName) -> bool {
        self.0.ends_with(&answers(set))
    }

    /// Lets in whoever is in the set, to these ports: a rule for each protocol, and more where there are many ports.
    pub(super) fn accept(set: &SetName, ports: &Ports) -> Vec<Self> {
        let rule = |ports: String| Self(format!("{ports}-m set --match-set {set} src -j ACCEPT"));
        port_matches(ports).into_iter().map(rule).collect()
    }

    /// Leaves everything else of a protocol to the rules of others.
    pub(super) fn leave(protocol: Protocol) -> Self {
        Self(format!("-p {protocol} -j RETURN"))
    }

    /// The only protocol that it is for; `None`: it is for all.
    pub(super) fn protocol(&self) -> Option<Protocol> {
        self.0.strip_prefix("-p ")?.split(' ').next()?.parse().ok()
    }

    /// The sets it looks into.
    pub fn sets(&self) -> impl Iterator<Item = SetName> {
        let mut words = self.0.split(' ');
        std::iter::from_fn(move || {
            words.find(|word| *word == "--match-set")?;
            words.next()
        })
        .filter_map(|set| set.parse().ok())
    }

    /// The rule as `iptables-save` prints it, without `-A` and the chain's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn answers(set: &SetName) -> String {
    format!("-m set --match-set {set} src -m conntrack --ctdir REPLY -j DROP")
}

/// What a rule says to match these ports, with a space behind; a single text with nothing in it matches all.
pub(super) fn port_matches(ports: &Ports) -> Vec<String> {
    let ranges = match ports {
        Ports::All => return vec![String::new()],
        Ports::Ranges(ranges) => ranges,
    };
    let of = |protocol: Protocol| {
        let ranges: Vec<PortRange> =
            ranges.iter().copied().filter(|range| range.protocol() == protocol).collect();
        let lists = port_lists(&ranges).into_iter();
        lists.map(move |list| {
            let matched = if list.contains(',') {
                "multiport --dports".to_owned()
            } else {
                format!("{protocol} --dport")
            };
            format!("-p {protocol} -m {matched} {list} ")
        })
    };
    Protocol::ALL.iter().flat_map(|&protocol| of(protocol)).collect()
}

/// The ports that a rule opens to whoever is in a set, and the set; `None` for a rule that does something else.
pub(super) fn opened(rule: &str) -> Option<(SetName, Ports)> {
    let set = |rest: &str| {
        let set = rest.strip_prefix("-m set --match-set ")?.strip_suffix(" src -j ACCEPT")?;
        set.parse().ok()
    };
    if let Some(set) = set(rule) {
        return Some((set, Ports::All));
    }
    let (protocol, list, rest) = matched_ports(rule)?;
    let ports: Vec<String> =
        list.split(',').map(|range| format!("{protocol}:{}", range.replace(':', "-"))).collect();
    Some((set(rest)?, ports.join(" ").parse().ok()?))
}

/// What a rule begins with that is for certain ports only: their protocol, their list, and what the rest of the rule is.
pub(super) fn matched_ports(rule: &str) -> Option<(Protocol, &str, &str)> {
    let (protocol, rest) = rule.strip_prefix("-p ")?.split_once(" -m ")?;
    let (module, rest) = rest.split_once(' ')?;
    let (option, rest) = rest.split_once(' ')?;
    let (list, rest) = rest.split_once(' ')?;
    let is_own = module == protocol && option == "--dport";
    let known = is_own || (module, option) == ("multiport", "--dports");
    known.then_some((protocol.parse().ok()?, list, rest))
}

fn port_lists(ranges: &[PortRange]) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    let mut free = 0;
    for range in ranges {
        let (slots, text) = if range.first() == range.last() {
            (1, range.first().to_string())
        } else {
            (2, format!("{}:{}", range.first(), range.last()))
        };
        match lists.last_mut() {
            Some(list) if slots <= free => {
                list.push(',');
                list.push_str(&text);
            }
            Some(_) | None => {
                lists.push(text);
                free = SLOTS;
            }
        }
        free -= slots;
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(ports: &str, set: &str) -> Vec<String> {
        let rules = Rule::accept(&set.parse().unwrap(), &ports.parse().unwrap());
        rules.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_service_has_one_rule_for_each_protocol() {
        assert_eq!(
            rules("udp:5060-5069 tcp:5061 tcp:443", "dg-sip-4"),
            [
                "-p tcp -m multiport --dports 443,5061 -m set --match-set dg-sip-4 src -j ACCEPT",
                "-p udp -m udp --dport 5060:5069 -m set --match-set dg-sip-4 src -j ACCEPT",
            ]
        );
    }

    #[test]
    fn everything_is_opened_by_the_set_alone() {
        assert_eq!(rules("all", "dg-sip-6"), ["-m set --match-set dg-sip-6 src -j ACCEPT"]);
    }

    #[test]
    fn only_answers_are_kept_from_whose_right_ended() {
        let set = "dg-ended-4".parse().unwrap();
        let rules = Rule::silence(&set, &"udp:5060-5069 tcp:443".parse().unwrap());
        let texts: Vec<&str> = rules.iter().map(Rule::as_str).collect();
        assert_eq!(
            texts,
            [
                "-p tcp -m tcp --dport 443 -m set --match-set dg-ended-4 src -m conntrack --ctdir REPLY -j DROP",
                "-p udp -m udp --dport 5060:5069 -m set --match-set dg-ended-4 src -m conntrack --ctdir REPLY -j DROP",
            ]
        );
        assert!(rules.iter().all(|rule| rule.silences(&set)));
        assert!(!Rule::deny(&set).silences(&set));
        assert_eq!(Rule::silence(&set, &Ports::none()), []);
    }

    #[test]
    fn more_ports_than_one_match_holds_make_another_rule() {
        let ports: Vec<String> = (1..=14).map(|port| format!("udp:{port}")).collect();
        let rules = rules(&format!("{} udp:100-200 udp:300", ports.join(" ")), "dg-sip-4");
        assert_eq!(rules.len(), 2);
        assert!(rules[0].contains("--dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14 "), "{}", rules[0]);
        assert!(rules[1].contains("--dports 100:200,300 "), "{}", rules[1]);
    }

    #[test]
    fn what_a_rule_opens_is_read_back_from_it() {
        let set: SetName = "dg-sip-4".parse().unwrap();
        for ports in ["all", "tcp:443 tcp:5061 udp:5060-5069", "udp:1"] {
            let ports: Ports = ports.parse().unwrap();
            let read = Rule::accept(&set, &ports).iter().fold(Ports::none(), |all, rule| {
                assert_eq!(rule.sets().collect::<Vec<_>>(), std::slice::from_ref(&set));
                let (of, ports) = opened(rule.as_str()).unwrap();
                assert_eq!(of, set);
                all.and(&ports)
            });
            assert_eq!(read, ports);
        }
        for other in [
            "-j ACCEPT",
            "-m set --match-set dg-sip-4 src -j DROP",
            "-m set ! --match-set dg-sip-4 src -j ACCEPT",
            "-p icmp -m multiport --dports 1 -m set --match-set dg-sip-4 src -j ACCEPT",
            "-p tcp -m tcp --dport 0 -m set --match-set dg-sip-4 src -j ACCEPT",
            "-p tcp -m udp --dport 1 -m set --match-set dg-sip-4 src -j ACCEPT",
            "-p tcp -m tcp --sport 1 -m set --match-set dg-sip-4 src -j ACCEPT",
        ] {
            assert_eq!(opened(other), None, "{other}");
        }
    }
}
