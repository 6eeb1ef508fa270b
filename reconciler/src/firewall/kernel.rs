use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::conntrack::Conntrack;
use super::process::{Limits, Running};
use super::saved::SavedSets;
use super::{
    Actual, Batch, Cut, Family, Filter, Firewall, FirewallError, Looks, Neighbour, Plan, SetName,
    Tool,
};
use crate::{clock, ip_sets};

/// The kernel of this machine, by ipset and iptables.
#[derive(Debug)]
pub struct Kernel {
    pub(super) ipset: PathBuf,
    pub(super) filters: BTreeMap<Family, Iptables>,
    conntrack: Conntrack,
    seen: Option<Looks>,
}

#[derive(Debug)]
pub(super) struct Iptables {
    pub(super) save: PathBuf,
    restore: PathBuf,
}

/// A set of a million entries is loaded in ten seconds, by a machine that is busy.
pub(super) const LIMITS: Limits = Limits { time: Duration::from_secs(30), output: 256 << 20 };

impl Kernel {
    /// Finds the tools. IPv6 is left out where the kernel does not speak it.
    ///
    /// # Errors
    /// When a tool is not installed.
    pub fn new() -> Result<Self, FirewallError> {
        let mut filters = BTreeMap::new();
        filters.insert(Family::V4, Iptables::find("iptables-save", "iptables-restore")?);
        if Path::new("/proc/net/if_inet6").exists() {
            filters.insert(Family::V6, Iptables::find("ip6tables-save", "ip6tables-restore")?);
        }
        let (ipset, conntrack) = (find("ipset", "ipset")?, Conntrack::find());
        Ok(Self { ipset, filters, conntrack, seen: None })
    }

    /// Only our own sets are listed: those of others may be long.
    fn save_sets(&self) -> Result<SavedSets, FirewallError> {
        let mut saved = SavedSets::default();
        let names = Running::start(&self.ipset, &["list", "-name"], "", LIMITS)?.finish()?;
        let ours = names.lines().filter_map(|name| name.parse::<SetName>().ok());
        let script: String = ours.map(|name| format!("save {name}\n")).collect();
        if !script.is_empty() {
            let running = Running::start(&self.ipset, &["restore"], &script, LIMITS)?;
            running.finish_by(|piece| saved.piece(piece))?;
        }
        Ok(saved)
    }
}

impl Firewall for Kernel {
    fn read(&mut self) -> Result<Actual, FirewallError> {
        // Before the rest: what changes meanwhile looks different afterwards.
        let rules = self.look_at_rules();
        let mut tables = Vec::new();
        for (family, tools) in &self.filters {
            tables.push((*family, Running::start(&tools.save, &["-t", "filter"], "", LIMITS)?));
        }
        let sets = self.save_sets()?;
        let mut filters = BTreeMap::new();
        for (family, table) in tables {
            filters.insert(family, Filter::parse(&table.finish()?)?);
        }
        let actual = sets.with(filters)?;
        let looks = self.look();
        self.seen =
            looks.filter(|looks| Some(&looks.rules) == rules.as_ref() && looks.is_of(&actual));
        Ok(actual)
    }

    fn read_sets(&mut self) -> Result<Actual, FirewallError> {
        Ok(self.save_sets()?.with(BTreeMap::new())?)
    }

    fn glance(&mut self) -> Option<Looks> {
        self.look()
    }

    fn seen(&self) -> Option<Looks> {
        self.seen.clone()
    }

    fn clock(&self) -> Option<Instant> {
        Some(clock::steady())
    }

    fn has(&mut self, entries: &BTreeSet<(SetName, IpNet)>) -> bool {
        let named: Vec<(String, IpNet)> =
            entries.iter().map(|(set, network)| (set.to_string(), *network)).collect();
        ip_sets::have(named.iter().map(|(set, network)| (set.as_str(), *network))).unwrap_or(false)
    }

    fn neighbours(&mut self) -> Vec<Neighbour> {
        self.look_around()
    }

    fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError> {
        for batch in plan.batches() {
            let Batch::Script { tool, script } = batch else { continue };
            let (tool, arguments): (&Path, &[&str]) = match tool {
                Tool::Ipset => (&self.ipset, &["-exist", "restore"]),
                Tool::Iptables(family) => match self.filters.get(&family) {
                    Some(tools) => (&tools.restore, &["--noflush", "-w", "5"]),
                    None => continue,
                },
            };
            Running::start(tool, arguments, &script, LIMITS)?.finish()?;
        }
        Ok(())
    }

    fn cut(&mut self, cuts: &[Cut]) -> Result<(), FirewallError> {
        self.conntrack.cut(cuts)
    }
}

impl Iptables {
    fn find(save: &'static str, restore: &'static str) -> Result<Self, FirewallError> {
        Ok(Self { save: find(save, "iptables")?, restore: find(restore, "iptables")? })
    }
}

fn find(tool: &'static str, package: &'static str) -> Result<PathBuf, FirewallError> {
    ["/usr/sbin", "/sbin"]
        .into_iter()
        .map(|folder| Path::new(folder).join(tool))
        .find(|path| path.exists())
        .ok_or(FirewallError::Missing { tool, package })
}
