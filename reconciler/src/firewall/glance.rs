//! What can be seen of the kernel without reading everything.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::SetName;
use super::kernel::{Kernel, LIMITS};
use super::process::Running;
use crate::nftables;

impl Kernel {
    /// Which rules there are, and how many entries each of our sets has.
    pub(super) fn look(&self) -> Option<String> {
        let rules = self.look_at_rules()?;
        let listed = Running::start(&self.ipset, &["list", "-terse"], "", LIMITS).ok()?;
        Some(format!("{rules}\n{}", listed_sets(&listed.finish().ok()?)))
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

/// Our sets as `ipset list -terse` tells of them.
fn listed_sets(listed: &str) -> String {
    let mut sets = BTreeMap::new();
    for set in listed.split("\n\n") {
        let value = |key| set.lines().find_map(|line| line.strip_prefix(key));
        let name = value("Name: ").and_then(|name| name.parse::<SetName>().ok());
        let (Some(name), Some(kind)) = (name, value("Type: ")) else { continue };
        let created = format!("{kind} {}", value("Header: ").unwrap_or_default());
        let entries = value("Number of entries: ").and_then(|count| count.parse().ok());
        sets.insert(name.to_string(), (created, entries.unwrap_or_default()));
    }
    in_short(&sets)
}

/// The same as [`listed_sets`], from what `ipset save` printed.
pub(super) fn saved_sets(saved: &str) -> String {
    let mut sets: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for line in saved.lines() {
        let (verb, rest) = line.split_once(' ').unwrap_or_default();
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if verb == "create" && name.parse::<SetName>().is_ok() {
            sets.insert(name.to_owned(), (rest.to_owned(), 0));
        } else if let Some((_, entries)) = sets.get_mut(name) {
            *entries += 1;
        }
    }
    in_short(&sets)
}

/// How many entries each of our sets has, by what a look told.
pub(super) fn sizes(looked: &str) -> BTreeMap<String, usize> {
    let size = |line: &str| {
        let (name, (_, entries)) = (line.split(' ').next()?, line.rsplit_once(' ')?);
        name.parse::<SetName>().ok()?;
        Some((name.to_owned(), entries.parse().ok()?))
    };
    looked.lines().filter_map(size).collect()
}

fn in_short(sets: &BTreeMap<String, (String, usize)>) -> String {
    sets.iter()
        .map(|(name, (created, entries))| format!("{name} {} {entries}\n", created.trim_end()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_look_the_same_however_they_are_read_and_those_of_others_are_not_seen() {
        let listed = "Name: dg-sip-4\nType: hash:net\nRevision: 7\nHeader: family inet timeout 60 \nSize in memory: 464\n\
                      References: 1\nNumber of entries: 2\n\nName: country\nType: hash:net\nHeader: family inet\n\
                      Number of entries: 9\n\nName: dg-sip-6\nType: hash:net\nHeader: family inet6\nNumber of entries: 0\n";
        let saved = "create dg-sip-4 hash:net family inet timeout 60\nadd dg-sip-4 1.2.3.4 timeout 5\n\
                     add dg-sip-4 1.2.3.5 timeout 6\ncreate country hash:net family inet\nadd country 1.2.3.4\n\
                     create dg-sip-6 hash:net family inet6\n";
        let looks =
            "dg-sip-4 hash:net family inet timeout 60 2\ndg-sip-6 hash:net family inet6 0\n";
        assert_eq!((listed_sets(listed), saved_sets(saved)), (looks.to_owned(), looks.to_owned()));
        let expected = [("dg-sip-4".to_owned(), 2), ("dg-sip-6".to_owned(), 0)];
        assert_eq!(sizes(&format!("boot net:[4026531840] 17\n{looks}")), expected.into());
    }
}
