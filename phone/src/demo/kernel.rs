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

    /// The sets and rules that are dialgate's; `None` when the kernel was left alone.
    pub(super) fn rules(&self) -> Result<Option<String>, Failure> {
        match self {
            Kernel::Real(_) => listing().map(Some).map_err(|error| {
                Failure::new(Exit::Software, format!("cannot read the rules: {error}"))
            }),
            Kernel::Untouched(_) => Ok(None),
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

/// The members of our sets, and the rules that use those sets.
fn listing() -> io::Result<String> {
    let sets = process::tool("ipset", "save")?;
    let members: Vec<&str> = sets.lines().filter(|line| line.starts_with("add dg-")).collect();
    let used = |rule: &&str| {
        let set = rule.split_whitespace().find(|word| word.starts_with("dg-"));
        set.is_some_and(|set| members.iter().any(|member| member.contains(&format!(" {set} "))))
    };
    let rules = process::tool("iptables", "-S")?;
    let lines: Vec<&str> = members.iter().copied().chain(rules.lines().filter(used)).collect();
    Ok(lines.join("\n"))
}
