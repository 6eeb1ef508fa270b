//! The whole of what the tools may ever be told.

use dialgate_reconciler::firewall::SetName;

pub(crate) fn is_in_the_grammar(line: &str) -> bool {
    let network =
        |net: &str| net.parse::<ipnet::IpNet>().is_ok() || net.parse::<std::net::IpAddr>().is_ok();
    let seconds = |text: &str| text.parse::<u32>().is_ok_and(|s| s <= 2_147_483);
    let anchor = |text: &str| ["INPUT", "my-input"].contains(&text);
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["*filter" | "COMMIT"] | [":DIALGATE" | ":OTHER", "-", "[0:0]"] => true,
        [
            "create",
            name,
            "hash:net",
            "family",
            "inet" | "inet6",
            "maxelem",
            "1048576",
            "timeout",
            "60",
            "counters",
        ] => is_set(name),
        ["add", name, net, "timeout", time] => is_set(name) && network(net) && seconds(time),
        ["del", name, net] => is_set(name) && network(net),
        ["flush" | "destroy", name] => is_set(name),
        ["-A", "DIALGATE" | "OTHER", ref rule @ ..] => *rule != ["-j", "ACCEPT"] && is_rule(rule),
        ["-D", chain, "-j", "DIALGATE" | "OTHER"] => anchor(chain),
        ["-F" | "-X", "DIALGATE"] => true,
        ["-I", chain, place, "-j", "DIALGATE" | "OTHER"] => {
            anchor(chain) && place.parse::<u32>().is_ok_and(|p| p > 0)
        }
        _ => false,
    }
}

fn is_rule(words: &[&str]) -> bool {
    match words {
        ["-j", "ACCEPT" | "DROP"]
        | ["-p", "udp", "-j", "RETURN"]
        | ["-j", "LOG", "--log-prefix", "\"dialgate", "drop:", "\""]
        | ["-i", "lo", "-j", "ACCEPT"]
        | ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"]
        | ["-m", "conntrack", "--ctdir", "REPLY", "-j", "DROP"] => true,
        ["-m", "set", "--match-set", name, "src", rest @ ..] => is_set(name) && is_rule(rest),
        [
            "-m",
            "limit",
            "--limit",
            "10/min" | "20/sec",
            "--limit-burst",
            "20" | "50",
            rest @ ..,
        ]
        | ["-m", "hl", "--hl-eq", "255", rest @ ..]
        | ["-d", "fe80::/10", rest @ ..]
        | ["-p", "udp", "-m", "udp", "--sport", "67", "--dport", "68", rest @ ..] => is_rule(rest),
        ["-p", protocol, "-m", own, "--dport", range, rest @ ..] if protocol == own => {
            !range.contains(',') && is_port_list(range) && is_rule(rest)
        }
        ["-p", "tcp" | "udp", rest @ ..] => is_rule(rest),
        ["-m", "multiport", "--dports", ports, rest @ ..] => is_port_list(ports) && is_rule(rest),
        ["-p", "icmp", "-m", "icmp", "--icmp-type", number, rest @ ..]
        | ["-p", "ipv6-icmp", "-m", "icmp6", "--icmpv6-type", number, rest @ ..] => {
            number.parse::<u8>().is_ok() && is_rule(rest)
        }
        _ => false,
    }
}

fn is_set(name: &str) -> bool {
    name.parse::<SetName>().is_ok_and(|set| set.to_string() == name)
}

fn is_port_list(text: &str) -> bool {
    let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let range = |range: &str| range.split(':').all(port) && range.split(':').count() <= 2;
    text.split(',').all(range) && text.split([',', ':']).count() <= 15
}
