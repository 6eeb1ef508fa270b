//! What the kernel shows of one address: whether our sets hold it, what they count, and which rules of others keep it
//! out. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use dialgate_contract::config::{Backend, Config};
use dialgate_contract::{Ports, ServiceName, SystemUser};
use ipnet::IpNet;

use super::above::above;
use crate::child;
use crate::report::KeptOut;

const PATIENCE: Duration = Duration::from_secs(5);
/// How fail2ban names its chains and sets.
const FAIL2BAN: &str = "f2b-";

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The services whose sets hold the address, with the packets that were counted.
    pub(super) open: BTreeMap<String, u64>,
    /// Rules of others against this address.
    pub(super) kept_out: Vec<KeptOut>,
    /// Rules of others against everybody, with the ports that they are about.
    pub(super) above: Vec<(KeptOut, Ports)>,
}

/// Looks; what could not be looked at is said in words.
pub(super) fn look(address: IpAddr, config: &Config) -> Result<Seen, String> {
    if config.firewall.backend == Backend::DryRun {
        return Err("firewall.backend is dry-run: nothing is opened or closed there".to_owned());
    }
    if !SystemUser::is_root() {
        return Err("only root may look: run this as root".to_owned());
    }
    let saver = if address.is_ipv4() { "iptables-save" } else { "ip6tables-save" };
    let sets = run("ipset", &["save"])?;
    let rules = run(saver, &["-t", "filter"])?;
    Ok(seen(address, &sets, &rules, &config.firewall.chain.to_string()))
}

fn run(tool: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = child::command(&Path::new("/usr/sbin").join(tool));
    let answer = child::run(command.args(arguments), PATIENCE);
    let answer = answer.map_err(|problem| format!("{tool} {problem}"))?;
    match (answer.is_success, answer.err.trim()) {
        (true, _) => Ok(answer.out),
        (false, "") => Err(format!("{tool} says more than is read")),
        (false, said) => Err(format!("{tool}: {said}")),
    }
}

/// `sets` as `ipset save` prints them, `rules` as `iptables-save -t filter` does.
fn seen(address: IpAddr, sets: &str, rules: &str, own_chain: &str) -> Seen {
    let holding = holding(address, sets);
    let family = if address.is_ipv4() { "-4" } else { "-6" };
    let service = |set: &str| {
        let name: ServiceName = set.strip_prefix("dg-")?.strip_suffix(family)?.parse().ok()?;
        Some(name.to_string())
    };
    let open = holding.iter().filter_map(|(set, packets)| Some((service(set)?, *packets)));
    let chains = chains(rules);
    let mut kept_out = Vec::new();
    for name in reached("INPUT", &chains, own_chain) {
        for rule in chains.get(name).into_iter().flatten() {
            if keeps_out(rule, address, &holding) {
                let by = if is_of_fail2ban(name, rule) { "fail2ban" } else { "another" };
                let (chain, rule) = (name.to_owned(), (*rule).to_owned());
                kept_out.push(KeptOut { by, chain, rule });
            }
        }
    }
    let above = above(&chains, own_chain).into_iter().map(|(rule, ports)| {
        let (chain, rule) = ("INPUT".to_owned(), rule.to_owned());
        (KeptOut { by: "another", chain, rule }, ports)
    });
    Seen { open: open.collect(), kept_out, above: above.collect() }
}

/// The sets that hold the address, with what they count of it.
fn holding(address: IpAddr, saved: &str) -> BTreeMap<&str, u64> {
    let mut holding = BTreeMap::new();
    for line in saved.lines() {
        let mut words = line.split(' ');
        if words.next() != Some("add") {
            continue;
        }
        let (Some(set), Some(network)) = (words.next(), words.next().and_then(network)) else {
            continue;
        };
        let rest: Vec<&str> = words.collect();
        if network.contains(&address) && !rest.contains(&"nomatch") {
            let count = rest.iter().skip_while(|word| **word != "packets").nth(1);
            let count: u64 = count.and_then(|count| count.parse().ok()).unwrap_or_default();
            let all: &mut u64 = holding.entry(set).or_default();
            *all = all.saturating_add(count);
        }
    }
    holding
}

fn chains(saved: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut chains: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in saved.lines() {
        if let Some((chain, rule)) = line.strip_prefix("-A ").and_then(|line| line.split_once(' '))
        {
            chains.entry(chain).or_default().push(rule);
        }
    }
    chains
}

/// The chains that packets can come through from `first` on, without our own.
fn reached<'a>(
    first: &'a str,
    chains: &BTreeMap<&'a str, Vec<&'a str>>,
    own: &str,
) -> BTreeSet<&'a str> {
    let (mut reached, mut waiting) = (BTreeSet::new(), vec![first]);
    while let Some(chain) = waiting.pop() {
        // Chains of ours begin with the name of the one that the jump goes to.
        if chain.starts_with(own) || !reached.insert(chain) {
            continue;
        }
        let rules = chains.get(chain).into_iter().flatten();
        waiting.extend(rules.filter_map(|rule| target(rule)).filter(|it| chains.contains_key(it)));
    }
    reached
}

/// Whether the rule drops or rejects this address for being this one.
fn keeps_out(rule: &str, address: IpAddr, holding: &BTreeMap<&str, u64>) -> bool {
    if !matches!(target(rule), Some("DROP" | "REJECT")) {
        return false;
    }
    let words: Vec<&str> = rule.split(' ').collect();
    let after = |option: &str| {
        let at = words.iter().position(|word| *word == option)?;
        let is_negated = at > 0 && words.get(at - 1) == Some(&"!");
        words.get(at + 1).copied().filter(|_| !is_negated)
    };
    let by_source = after("-s").and_then(network).is_some_and(|it| it.contains(&address));
    let by_set = after("--match-set").is_some_and(|set| {
        let is_source = rule.contains(&format!("--match-set {set} src"));
        is_source && !set.starts_with("dg-") && holding.contains_key(set)
    });
    by_source || by_set
}

fn is_of_fail2ban(chain: &str, rule: &str) -> bool {
    chain.starts_with(FAIL2BAN) || rule.contains(&format!("--match-set {FAIL2BAN}"))
}

pub(super) fn target(rule: &str) -> Option<&str> {
    let mut words = rule.split(' ').skip_while(|word| !matches!(*word, "-j" | "-g"));
    words.next();
    words.next()
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: &str = "create dg-sip-4 hash:net family inet timeout 60 counters\n\
        add dg-sip-4 12.34.56.78 timeout 99 packets 7 bytes 700\n\
        add dg-sip-4 12.34.56.0/24 timeout 99 packets 3 bytes 300\n\
        add dg-sip-4 12.34.57.0/24 timeout 99 packets 3 bytes 300\n\
        add dg-rtp-4 12.34.56.78 timeout 99\n\
        add dg-ended-4 12.34.56.79 timeout 99\n\
        add dg-sip-6 2a00:1450:4001:82a::/64 timeout 9 packets 5 bytes 500\n\
        add f2b-web 12.34.56.80 timeout 9\nadd friends 12.34.56.80\n\
        add country 12.34.0.0/16\nadd country 12.34.56.81 nomatch\nadd strange x\n";
    const RULES: &str = "*filter\n:INPUT DROP [0:0]\n:f2b-sshd - [0:0]\n\
        -A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n\
        -A INPUT -m set --match-set f2b-web src -j REJECT --reject-with icmp-port-unreachable\n\
        -A INPUT -m set --match-set friends src -j ACCEPT\n\
        -A INPUT -j DIALGATE\n\
        -A INPUT ! -s 12.34.56.0/24 -j DROP\n\
        -A INPUT -s 12.35.0.0/16 -j DROP\n\
        -A DIALGATE -m set --match-set dg-deny-4 src -j DROP\n\
        -A DIALGATE -s 12.34.56.82/32 -j DROP\n\
        -A OUTPUT -s 12.34.56.78/32 -j DROP\n\
        -A f2b-sshd -s 12.34.56.79/32 -j REJECT --reject-with icmp-port-unreachable\n\
        -A f2b-sshd -j RETURN\n-A lost -s 12.34.56.82/32 -j DROP\nCOMMIT\n";

    fn at(address: &str) -> Seen {
        seen(address.parse().unwrap(), SETS, RULES, "DIALGATE")
    }

    #[test]
    fn the_sets_that_hold_an_address_and_what_they_count_are_told() {
        let open = |address| at(address).open.into_iter().collect::<Vec<_>>();
        let [rtp, sip] = ["rtp", "sip"].map(str::to_owned);
        assert_eq!(open("12.34.56.78"), [(rtp, 0), (sip.clone(), 10)]);
        assert_eq!(open("12.34.57.1"), [(sip.clone(), 3)]);
        assert_eq!(open("2a00:1450:4001:82a::1"), [(sip, 5)]);
        assert_eq!(open("12.34.58.1"), []);
    }

    #[test]
    fn who_else_keeps_an_address_out_is_told_with_the_rule() {
        let kept = |address| {
            let kept = at(address).kept_out.into_iter();
            kept.map(|it| format!("{} {} {}", it.by, it.chain, it.rule)).collect::<Vec<_>>()
        };
        let reject = "-j REJECT --reject-with icmp-port-unreachable";
        assert_eq!(kept("12.34.56.78"), [""; 0]);
        assert_eq!(kept("12.34.56.79"), [format!("fail2ban f2b-sshd -s 12.34.56.79/32 {reject}")]);
        assert_eq!(
            kept("12.34.56.80"),
            [format!("fail2ban INPUT -m set --match-set f2b-web src {reject}")]
        );
        assert_eq!(kept("12.35.6.7"), ["another INPUT -s 12.35.0.0/16 -j DROP"]);
        assert_eq!(kept("12.34.56.82"), [""; 0], "our own, and a chain that nothing comes through");
    }
}
