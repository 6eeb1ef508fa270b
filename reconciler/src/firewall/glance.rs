//! What can be seen of the kernel without reading everything.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::kernel::{Kernel, LIMITS};
use super::process::Running;
use super::{Actual, SetName};
use crate::{ip_sets, nftables};

/// The same again while nobody has changed the rules, and as many entries are in our sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    pub(super) rules: String,
    pub(super) sets: BTreeMap<SetName, SetLooks>,
}

/// What can be seen of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetLooks {
    pub kind: String,
    pub entries: usize,
}

impl Looks {
    /// Something that changes with the rules, and of each set its kind and how many entries it has.
    pub fn new(rules: String, sets: impl IntoIterator<Item = (SetName, String, usize)>) -> Self {
        let sets = sets.into_iter();
        let sets = sets.map(|(name, kind, entries)| (name, SetLooks { kind, entries })).collect();
        Self { rules, sets }
    }

    /// How many entries each of our sets has.
    pub(super) fn sizes(&self) -> BTreeMap<SetName, usize> {
        self.sets.iter().map(|(name, looks)| (name.clone(), looks.entries)).collect()
    }

    /// Whether a kernel of these sets may look like this. Of sets that are not as we create them only that they are there is
    /// compared.
    pub(super) fn is_of(&self, actual: &Actual) -> bool {
        let sets = self.sets.iter().map(|(name, looks)| (name, looks.entries));
        let same = |((seen, entries), (name, set)): ((&SetName, usize), (&SetName, &_))| {
            let set: &super::KernelSet = set;
            seen == name && (!set.as_created || set.entries.len() == entries)
        };
        self.sets.len() == actual.sets.len() && sets.zip(&actual.sets).all(same)
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.rules)?;
        let mut sets = self.sets.iter();
        sets.try_for_each(|(name, set)| writeln!(f, "{name} {} {}", set.kind, set.entries))
    }
}

impl Kernel {
    /// Which rules there are, and how many entries each of our sets has.
    pub(super) fn look(&self) -> Option<Looks> {
        let rules = self.look_at_rules()?;
        let sets = ip_sets::headers().ok()?.into_iter();
        let ours = sets.filter_map(|set| Some((set.name.parse().ok()?, set.kind, set.entries)));
        Some(Looks::new(rules, ours))
    }

    /// How often the rules were changed; old iptables count nothing, so there it is the rules themselves.
    pub(super) fn look_at_rules(&self) -> Option<String> {
        let generation = if self.is_legacy() {
            self.rules_in_short()?
        } else {
            nftables::generation().ok()?.to_string()
        };
        // The count begins again with each start of the machine, and in each network.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let network = std::fs::read_link("/proc/self/ns/net").ok()?;
        Some(format!("{} {} {generation}", boot.trim_end(), network.display()))
    }

    fn rules_in_short(&self) -> Option<String> {
        let mut hasher = DefaultHasher::new();
        for tools in self.filters.values() {
            let saved = Running::start(&tools.save, &["-t", "filter"], "", LIMITS).ok()?;
            // Times are in comments, and counters behind the names of chains.
            let saved = saved.finish().ok()?;
            let lines = saved.lines().filter(|line| !line.starts_with('#'));
            let telling = lines.map(|line| match line.strip_prefix(':') {
                Some(chain) => chain.split(" [").next().unwrap_or_default(),
                None => line,
            });
            telling.for_each(|line| line.hash(&mut hasher));
        }
        Some(format!("{:016x}", hasher.finish()))
    }
}
