//! Rules of others that drop packets to some ports, whoever sends them, before ours are asked.

use std::collections::BTreeMap;

use dialgate_contract::Ports;

use super::kernel::target;

/// The rules of `INPUT` above the jump to our chain that drop or reject whoever sends, with the ports that they do it to.
/// A rule that asks for anything else than the ports is not among them.
pub(super) fn above<'a>(
    chains: &BTreeMap<&'a str, Vec<&'a str>>,
    own: &str,
) -> Vec<(&'a str, Ports)> {
    let leads_to_us = |rule: &&str| {
        let Some(to) = target(rule) else { return false };
        to == own
            || chains.get(to).is_some_and(|rules| rules.iter().any(|it| target(it) == Some(own)))
    };
    let Some(input) = chains.get("INPUT") else { return Vec::new() };
    if !input.iter().any(leads_to_us) {
        return Vec::new();
    }
    let above = input.iter().take_while(|rule| !leads_to_us(rule));
    above.filter_map(|rule| Some((*rule, dropped(rule)?))).collect()
}

/// The ports that a rule drops or rejects packets to; `None` when it does not, or not all of them.
fn dropped(rule: &str) -> Option<Ports> {
    if !matches!(target(rule), Some("DROP" | "REJECT")) {
        return None;
    }
    let (mut protocol, mut ports) = (None, None);
    let mut words = rule.split(' ');
    while let Some(word) = words.next() {
        match word {
            "-p" => protocol = Some(words.next()?),
            "--dport" | "--dports" => ports = Some(words.next()?),
            "-m" if matches!(words.next()?, "tcp" | "udp" | "multiport") => {}
            "-j" => break,
            _ => return None,
        }
    }
    let range =
        |range: &str| format!("{}:{}", protocol.unwrap_or_default(), range.replace(':', "-"));
    match (protocol, ports) {
        (None, None) => Some(Ports::All),
        (Some("tcp" | "udp"), None) => range("1:65535").parse().ok(),
        (Some("tcp" | "udp"), Some(list)) => {
            list.split(',').map(range).collect::<Vec<_>>().join(",").parse().ok()
        }
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_drops_to_some_ports_is_told_with_them_and_one_that_asks_more_is_not() {
        for (rule, ports) in [
            ("-j DROP", Some("all")),
            ("-p udp -m udp --dport 5060 -j DROP", Some("udp:5060")),
            (
                "-p tcp -m multiport --dports 80,443,5060:5069 -j REJECT --reject-with tcp-reset",
                Some("tcp:80 tcp:443 tcp:5060-5069"),
            ),
            ("-p tcp -j DROP", Some("tcp:1-65535")),
            ("-p icmp -j DROP", None),
            ("-p udp -m udp --dport 5060 -j ACCEPT", None),
            ("-s 12.34.56.78/32 -j DROP", None),
            ("! -i lo -j DROP", None),
            ("-p tcp -m conntrack --ctstate INVALID -j DROP", None),
            ("-p udp -m udp ! --dport 5060 -j DROP", None),
            ("-m set --match-set country src -j DROP", None),
        ] {
            assert_eq!(dropped(rule), ports.map(|ports| ports.parse().unwrap()), "{rule}");
        }
    }

    #[test]
    fn only_what_stands_above_our_jump_counts() {
        let chains = |input: Vec<&'static str>| {
            let anchor = vec!["-j DIALGATE"];
            BTreeMap::from([("INPUT", input), ("fpbxfirewall", anchor)])
        };
        let drop = "-p udp -m udp --dport 5060 -j DROP";
        for (input, count) in [
            (vec![drop, "-j DIALGATE", "-j DROP"], 1),
            (vec!["-j DIALGATE", drop], 0),
            (vec![drop, "-j fpbxfirewall", drop], 1),
            (vec!["-j f2b", drop], 0),
        ] {
            assert_eq!(above(&chains(input.clone()), "DIALGATE").len(), count, "{input:?}");
        }
    }
}
