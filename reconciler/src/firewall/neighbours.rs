//! Who else decides on packets in a way that dialgate cannot work beside. It goes on closing all the same.

use std::fmt;
use std::path::Path;

use super::Family;
use super::kernel::{Kernel, LIMITS};
use super::process::Running;
use crate::nftables::{ForeignChain, keeping_out};

/// Another firewall that makes ours say what is not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Neighbour {
    /// These chains of nf_tables drop what ours lets in, each as `nft list chain` takes it.
    Drops(Vec<String>),
    /// Firewalld does, by this chain.
    Firewalld(String),
    /// There are rules of the other kind of iptables too, which this program, with its folder, shows.
    Mixed(&'static str),
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drops(chains) => write!(
                f,
                "nf_tables drops what dialgate lets in, since each chain decides for itself (see `nft list chain {}`): \
                 let it accept the ports of your services, or take it down and use `dialgate firewall apply`",
                chains.join("`, `nft list chain ")
            ),
            Self::Firewalld(_) => f.write_str(
                "firewalld drops what dialgate lets in: let it accept the ports of your services (`firewall-cmd \
                 --add-port`), or disable it and use `dialgate firewall apply`",
            ),
            Self::Mixed(tool) => write!(
                f,
                "there are also rules that `{tool}` shows and the iptables of this machine does not: what they drop \
                 stays out, whatever dialgate lets in; remove them with the tool that made them"
            ),
        }
    }
}

impl Kernel {
    /// What cannot be looked at is passed over: it is no reason to work less.
    pub(super) fn look_around(&self) -> Vec<Neighbour> {
        let (firewalld, others): (Vec<_>, Vec<_>) =
            keeping_out().unwrap_or_default().into_iter().partition(ForeignChain::is_firewalld);
        let mut found = Vec::new();
        found.extend(firewalld.first().map(|chain| Neighbour::Firewalld(chain.to_string())));
        if !others.is_empty() {
            found.push(Neighbour::Drops(others.iter().map(ToString::to_string).collect()));
        }
        let mixed = self.filters.keys().find_map(|family| other_rules(*family, self.is_legacy()));
        found.extend(mixed.map(Neighbour::Mixed));
        found
    }

    /// Whether the iptables of this machine are the old ones, which know nothing of nf_tables.
    pub(super) fn is_legacy(&self) -> bool {
        let tool = self.filters.values().next().and_then(|tools| tools.save.canonicalize().ok());
        tool.is_some_and(|tool| tool.to_string_lossy().contains("legacy"))
    }
}

/// The tool of the other kind, when it shows rules.
fn other_rules(family: Family, legacy: bool) -> Option<&'static str> {
    let (tool, tables) = match (family, legacy) {
        (Family::V4, true) => ("/usr/sbin/iptables-nft-save", None),
        (Family::V6, true) => ("/usr/sbin/ip6tables-nft-save", None),
        // The old tables are made by being looked at, so they are only looked at where they are.
        (Family::V4, false) => {
            ("/usr/sbin/iptables-legacy-save", Some("/proc/net/ip_tables_names"))
        }
        (Family::V6, false) => {
            ("/usr/sbin/ip6tables-legacy-save", Some("/proc/net/ip6_tables_names"))
        }
    };
    if let Some(tables) = tables {
        let names = std::fs::read_to_string(tables).ok()?;
        names.lines().find(|name| *name == "filter")?;
    }
    let saved =
        Running::start(Path::new(tool), &["-t", "filter"], "", LIMITS).ok()?.finish().ok()?;
    let decides = |line: &str| line.starts_with("-A ") || line.starts_with(":INPUT DROP");
    saved.lines().any(decides).then_some(tool)
}

#[cfg(test)]
mod tests {
    use super::Neighbour;

    #[test]
    fn what_is_in_the_way_is_named_with_what_to_do() {
        let chains = vec!["inet mine input".to_owned(), "ip other in".to_owned()];
        for (neighbour, words) in [
            (
                Neighbour::Drops(chains),
                "`nft list chain inet mine input`, `nft list chain ip other in`",
            ),
            (
                Neighbour::Firewalld("inet firewalld filter_INPUT".to_owned()),
                "firewall-cmd --add-port",
            ),
            (
                Neighbour::Mixed("/usr/sbin/iptables-legacy-save"),
                "`/usr/sbin/iptables-legacy-save`",
            ),
        ] {
            assert!(neighbour.to_string().contains(words), "{neighbour}");
        }
    }
}
