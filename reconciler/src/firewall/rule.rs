use std::fmt;

use dialgate_contract::{PortRange, Ports, Protocol, ServiceName};

use super::{Family, SetName};

/// How many ports one `multiport` match holds (`XT_MULTI_PORTS`); a range counts as two.
const SLOTS: usize = 15;

/// A rule of our chain, written exactly as `iptables-save` prints it, without `-A` and the chain's name.
///
/// Ports are always matched by `multiport`: other matches are printed in different ways by different versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    set: SetName,
    text: String,
}

impl Rule {
    /// The rules that open a service to the addresses in its set.
    pub(super) fn all(service: &ServiceName, ports: &Ports, family: Family) -> Vec<Self> {
        let set = SetName::new(service.clone(), family);
        let rule = |ports: &str| Self {
            text: format!("{ports}-m set --match-set {set} src -j ACCEPT"),
            set: set.clone(),
        };
        match ports {
            Ports::All => vec![rule("")],
            Ports::Ranges(ranges) => Protocol::ALL
                .iter()
                .flat_map(|&protocol| {
                    let ranges: Vec<PortRange> = ranges
                        .iter()
                        .copied()
                        .filter(|range| range.protocol() == protocol)
                        .collect();
                    port_lists(&ranges)
                        .into_iter()
                        .map(move |list| format!("-p {protocol} -m multiport --dports {list} "))
                })
                .map(|ports| rule(&ports))
                .collect(),
        }
    }

    /// The set it looks into.
    #[must_use]
    pub const fn set(&self) -> &SetName {
        &self.set
    }

    /// The rule as `iptables-save` prints it, without `-A` and the chain's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
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

    fn rules(ports: &str, family: Family) -> Vec<String> {
        let service = "sip".parse().unwrap();
        let rules = Rule::all(&service, &ports.parse().unwrap(), family);
        rules.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_service_has_one_rule_for_each_protocol() {
        assert_eq!(
            rules("udp:5060-5069 tcp:5061 tcp:443", Family::V4),
            [
                "-p tcp -m multiport --dports 443,5061 -m set --match-set dg-sip-4 src -j ACCEPT",
                "-p udp -m multiport --dports 5060:5069 -m set --match-set dg-sip-4 src -j ACCEPT",
            ]
        );
    }

    #[test]
    fn everything_is_opened_by_the_set_alone() {
        assert_eq!(rules("all", Family::V6), ["-m set --match-set dg-sip-6 src -j ACCEPT"]);
    }

    #[test]
    fn more_ports_than_one_match_holds_make_another_rule() {
        let ports: Vec<String> = (1..=14).map(|port| format!("udp:{port}")).collect();
        let rules = rules(&format!("{} udp:100-200 udp:300", ports.join(" ")), Family::V4);
        assert_eq!(rules.len(), 2);
        assert!(rules[0].contains("--dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14 "), "{}", rules[0]);
        assert!(rules[1].contains("--dports 100:200,300 "), "{}", rules[1]);
    }
}
