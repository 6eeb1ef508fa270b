use std::io;
use std::net::Ipv4Addr;

use dialgate_contract::Exit;
use dialgate_contract::config::Backend;
use nix::unistd::geteuid;

use super::network::{Arrivals, Network};
use super::process;
use crate::failure::Failure;

/// What the demo opens.
pub(super) enum Kernel {
    /// The kernel's firewall, in a network that nobody else is in.
    Real(Network),
    /// Nothing, for this reason.
    Untouched(String),
}

impl Kernel {
    /// The real one when that is possible without touching this machine. This process must have one thread still.
    pub(super) fn prepare() -> Self {
        if !geteuid().is_root() {
            return Kernel::Untouched("you are not root".into());
        }
        match tools().and_then(|()| Network::build()) {
            Ok(network) => Kernel::Real(network),
            Err(error) => Kernel::Untouched(error.to_string()),
        }
    }

    pub(super) fn backend(&self) -> Backend {
        match self {
            Kernel::Real(_) => Backend::Ipset,
            Kernel::Untouched(_) => Backend::DryRun,
        }
    }

    /// Whose datagrams arrive: the address's, and its neighbour's. `None` when there is nothing to knock at.
    pub(super) fn knock(&self, address: Ipv4Addr) -> Result<Option<Arrivals>, Failure> {
        match self {
            Kernel::Real(network) => network.knock(address).map(Some).map_err(|error| {
                Failure::new(Exit::Software, format!("cannot send from {address}: {error}"))
            }),
            Kernel::Untouched(_) => Ok(None),
        }
    }

    /// Whom dialgate lets in, as the kernel has it; when that was left alone, as `plan` would have had it.
    pub(super) fn rules(&self, plan: &str) -> Result<String, Failure> {
        match self {
            Kernel::Real(_) => listing().map_err(|error| {
                Failure::new(Exit::Software, format!("cannot read the rules: {error}"))
            }),
            Kernel::Untouched(_) => Ok(relevant(&plan.replace("dry-run:", ""))),
        }
    }
}

fn tools() -> io::Result<()> {
    for (tool, harmless) in [("ip", "-V"), ("iptables", "-V"), ("ip6tables", "-V"), ("ipset", "-v")]
    {
        process::tool(tool, harmless)?;
    }
    Ok(())
}

fn listing() -> io::Result<String> {
    let sets = process::tool("ipset", "save")?;
    Ok(relevant(&(sets + &process::tool("iptables", "-S")?)))
}

/// Of the orders for ipset and iptables in `text`: the addresses in sets, and the rules that use those sets.
fn relevant(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let members = lines.iter().copied().filter(|line| line.starts_with("add dg-"));
    let sets: Vec<&str> = members.clone().filter_map(|line| line.split(' ').nth(1)).collect();
    let used =
        |rule: &&str| rule.starts_with("-A ") && rule.split(' ').any(|word| sets.contains(&word));
    let rules = lines.iter().copied().filter(used);
    members.chain(rules).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_are_the_addresses_and_the_rules_that_let_them_in() {
        let text = "create dg-sip-4 hash:net family inet timeout 60\n  add dg-sip-4 12.34.56.78 timeout 9\n\
            add foreign 12.34.56.78\n-A DIALGATE -m set --match-set dg-sip-4 src -j ACCEPT\n\
            -A DIALGATE -m set --match-set dg-sips-4 src -j ACCEPT\n";
        let shown = "add dg-sip-4 12.34.56.78 timeout 9\n\
            -A DIALGATE -m set --match-set dg-sip-4 src -j ACCEPT";
        assert_eq!(relevant(text), shown);
    }
}
