//! Fail2ban, which keeps addresses out by chains `f2b-<jail>` with a rule for each, or by sets `f2b-<jail>` (its
//! `action.d/iptables*.conf`).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use super::actual::ipset_network;
use super::process::{Limits, Running};
use super::{Actual, Filter};
use crate::pass::{Bans, BansError};

/// How its chains and sets are named.
const PREFIX: &str = "f2b-";

/// What its tools may take; its client is a program in Python.
const LIMITS: Limits = Limits { time: Duration::from_secs(5), output: 64 << 20 };

/// The fail2ban of this machine.
#[derive(Debug)]
pub struct Fail2ban {
    client: PathBuf,
    ipset: PathBuf,
}

impl Fail2ban {
    /// The one that Debian installs, whether it is there or not.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::with_client("/usr/bin/fail2ban-client".into())
    }

    /// The one that this program speaks to.
    #[must_use]
    pub fn with_client(client: PathBuf) -> Self {
        Self { client, ipset: "/usr/sbin/ipset".into() }
    }
}

impl Bans for Fail2ban {
    fn banned(&self, actual: &Actual) -> BTreeSet<IpNet> {
        let filters = actual.filters().values();
        let mut banned: BTreeSet<IpNet> = filters.clone().flat_map(banned_by_rules).collect();
        let sets: BTreeSet<&str> = filters.flat_map(sets_of_bans).collect();
        for set in sets {
            // One that cannot be listed was destroyed meanwhile, and bans nobody.
            if let Ok(listed) = run(&self.ipset, &["save", set]) {
                banned.extend(banned_by_set(&listed));
            }
        }
        banned
    }

    fn lift(&mut self, ban: IpNet) -> Result<(), BansError> {
        run(&self.client, &["unban", &ipset_network(ban).to_string()]).map(|_| ())
    }
}

fn run(tool: &Path, arguments: &[&str]) -> Result<String, BansError> {
    let finished = Running::start(tool, arguments, "", LIMITS).and_then(Running::finish);
    finished.map_err(|error| BansError(error.to_string()))
}

fn banned_by_rules(filter: &Filter) -> impl Iterator<Item = IpNet> {
    let chains = filter.chains.iter().filter(|(name, _)| name.starts_with(PREFIX));
    chains.flat_map(|(_, rules)| rules).filter(|rule| keeps_out(rule)).filter_map(|rule| {
        let mut words = rule.split(' ');
        (words.next() == Some("-s")).then(|| network(words.next()?))?
    })
}

/// The sets by which a rule keeps addresses out, wherever it stands.
fn sets_of_bans(filter: &Filter) -> impl Iterator<Item = &str> {
    filter.chains.values().flatten().filter_map(|rule| set_of_bans(rule))
}

/// The set by which this rule of fail2ban keeps addresses out.
pub(super) fn set_of_bans(rule: &str) -> Option<&str> {
    let (_, matched) = rule.split_once("--match-set ")?;
    let (set, rest) = matched.split_once(' ')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let named = set.starts_with(PREFIX) && set.chars().all(plain);
    (named && rest.starts_with("src ") && keeps_out(rest)).then_some(set)
}

fn banned_by_set(saved: &str) -> impl Iterator<Item = IpNet> {
    saved.lines().filter_map(|line| {
        let mut words = line.split(' ');
        (words.next() == Some("add")).then(|| network(words.nth(1)?))?
    })
}

/// It ends in dropping or rejecting, whatever is said to whoever is rejected.
fn keeps_out(rule: &str) -> bool {
    let mut words = rule.split(' ').skip_while(|word| *word != "-j");
    words.next();
    matches!(words.next(), Some("DROP" | "REJECT"))
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `iptables-multiport`, `iptables-allports` and `iptables-ipset-proto6` of fail2ban 1.0.2 leave it.
    const SAVED: &str = "*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n:f2b-asterisk - [0:0]\n:mine - [0:0]\n\
        -A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n\
        -A INPUT -p tcp -m multiport --dports 80,443 -m set --match-set f2b-web src -j REJECT --reject-with icmp-port-unreachable\n\
        -A INPUT -m set --match-set f2b-friends src -j ACCEPT\n\
        -A INPUT -m set --match-set country src -j DROP\n\
        -A f2b-sshd -s 6.6.6.6/32 -j REJECT --reject-with icmp-port-unreachable\n\
        -A f2b-sshd -s 7.7.0.0/16 -j DROP\n-A f2b-sshd -s 8.8.8.8/32 -j RETURN\n-A f2b-sshd -j RETURN\n\
        -A f2b-asterisk -s 2a00::1/128 -j DROP\n-A mine -s 9.9.9.9/32 -j DROP\nCOMMIT\n";

    #[test]
    fn whom_its_chains_and_sets_keep_out_is_banned_and_nobody_else() {
        let filter = Filter::parse(SAVED).unwrap();
        let mut banned: Vec<String> =
            banned_by_rules(&filter).map(|network| network.to_string()).collect();
        banned.sort();
        assert_eq!(banned, ["2a00::1/128", "6.6.6.6/32", "7.7.0.0/16"]);
        assert_eq!(sets_of_bans(&filter).collect::<Vec<_>>(), ["f2b-web"]);
        let saved = "create f2b-web hash:ip family inet timeout 600\nadd f2b-web 6.6.6.7 timeout 9\nadd f2b-web x\n";
        let banned: Vec<String> = banned_by_set(saved).map(|it| it.to_string()).collect();
        assert_eq!(banned, ["6.6.6.7/32"]);
    }

    #[test]
    fn a_client_that_is_not_there_or_fails_is_told_of() {
        let ban = "6.6.6.6/32".parse().unwrap();
        let mut none = Fail2ban::with_client("/nonexistent/fail2ban-client".into());
        assert!(none.lift(ban).unwrap_err().to_string().contains("/nonexistent/fail2ban-client"));
        assert!(Fail2ban::with_client("/bin/false".into()).lift(ban).is_err());
        assert!(Fail2ban::with_client("/bin/true".into()).lift(ban).is_ok());
    }
}
