//! What keeps out who has no right. dialgate opens what the rest of the firewall otherwise drops; where nothing drops,
//! everybody is in already.

use std::path::Path;
use std::time::Duration;

use dialgate_contract::SystemUser;
use dialgate_contract::config::Backend;

use super::check::{Check, Fix};
use super::place::Place;
use crate::child;

const NAME: &str = "strangers";
const PATIENCE: Duration = Duration::from_secs(5);
/// What a rule asks of a packet that not every stranger's has.
const NARROW: [&str; 9] = [
    "-s ",
    "--match-set",
    "INVALID",
    "icmp",
    "-m recent",
    "limit ",
    "-m string",
    "-m addrtype",
    "! ",
];

/// `is_kept_out`: whether the base policy is on.
pub(super) fn check(place: &Place<'_>, is_kept_out: bool) -> Option<Check> {
    // Another check tells that nothing is opened there either.
    if place.config.firewall.backend == Backend::DryRun || !SystemUser::is_root() {
        return None;
    }
    if is_kept_out {
        return Some(Check::ok(NAME, "the base policy keeps out who has no right"));
    }
    let chain = place.config.firewall.chain.to_string();
    let six = has_global_ipv6(&std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default());
    let tools = [("iptables-save", "IPv4", true), ("ip6tables-save", "IPv6", six)];
    let open =
        tools.into_iter().filter(|(_, _, is_used)| *is_used).find_map(|(tool, family, _)| {
            let mut command = child::command(&Path::new("/usr/sbin").join(tool));
            let saved = child::run(command.args(["-t", "filter"]), PATIENCE).ok()?;
            (!drops(&saved.out, &chain)).then_some(family)
        });
    Some(judge(open))
}

fn judge(open: Option<&str>) -> Check {
    match open {
        None => Check::ok(NAME, "the rest of the firewall keeps out who has no right"),
        Some(family) => Check::warn(
            NAME,
            format!("no rule for {family} keeps anybody out: whoever has no right is in, too"),
            Fix::advice(
                "let dialgate do it: `dialgate firewall plan`, then `dialgate firewall apply`; or drop what you do \
                 not accept in INPUT",
            ),
        ),
    }
}

/// Whether a table, as `iptables-save` prints it, drops packets for nothing that is particular to who sends them.
fn drops(saved: &str, own_chain: &str) -> bool {
    saved.lines().any(|line| {
        let Some(rule) = line.strip_prefix("-A ") else {
            return line.starts_with(":INPUT DROP");
        };
        let of_others = !rule.starts_with(own_chain)
            && !["FORWARD ", "OUTPUT ", "f2b-", "DOCKER"]
                .iter()
                .any(|chain| rule.starts_with(chain));
        let ends = rule.ends_with("-j DROP") || rule.contains("-j REJECT");
        // How it is told is no question that the rule asks.
        let asked = rule.split("-j ").next().unwrap_or_default();
        of_others && ends && !NARROW.iter().any(|word| asked.contains(word))
    })
}

/// `/proc/net/if_inet6`: the fourth field is the scope, 00 for addresses that the Internet reaches.
fn has_global_ipv6(table: &str) -> bool {
    table.lines().any(|line| line.split_whitespace().nth(3) == Some("00"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn a_firewall_that_drops_nothing_in_general_lets_everybody_in() {
        for (rules, expected) in [
            (":INPUT DROP [0:0]\n", true),
            (":INPUT ACCEPT [0:0]\n", false),
            ("-A INPUT -j REJECT --reject-with icmp-port-unreachable\n", true),
            ("-A INPUT -p icmp -j DROP\n", false),
            ("-A INPUT -j REJECT --reject-with tcp-reset\n", true),
            ("-A INPUT -p udp -m udp --dport 5060 -j DROP\n", true),
            ("-A fpbxlogdrop -j REJECT\n", true),
            ("-A INPUT -s 12.34.56.78/32 -j DROP\n", false),
            ("-A f2b-sshd -j DROP\n", false),
            ("-A INPUT -m conntrack --ctstate INVALID -j DROP\n", false),
            ("-A DIALGATE -j DROP\n", false),
            ("-A FORWARD -j DROP\n", false),
        ] {
            assert_eq!(drops(rules, "DIALGATE"), expected, "{rules}");
        }
        assert_eq!(judge(Some("IPv4")).outcome, Health::Warn);
        assert_eq!(judge(None).outcome, Health::Ok);
    }

    #[test]
    fn an_address_that_the_internet_reaches_is_known_by_its_scope() {
        let local = "00000000000000000000000000000001 01 80 10 80       lo\n";
        let global = "2a010000000000000000000000000001 02 40 00 80     eth0\n";
        assert!(!has_global_ipv6(local) && has_global_ipv6(&format!("{local}{global}")));
    }
}
