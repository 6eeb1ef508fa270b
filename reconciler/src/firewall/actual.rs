use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use ipnet::IpNet;

use super::saved::SavedSets;
use super::set_name::Purpose;
use super::{Family, Filter, SetName, Time};

/// The seconds an entry gets that is added without a time of its own, so that none ever stays for good.
const DEFAULT_TIMEOUT: u32 = 60;

/// Each entry counts its packets: who uses a lease is known by them.
pub(super) const COUNTERS: &str = "counters";

/// The most entries a set holds. The kernel takes memory for those only that are there.
const MOST_ENTRIES: u32 = 1 << 20;

/// What the kernel holds of ours, and what stands around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actual {
    pub(super) sets: BTreeMap<SetName, KernelSet>,
    pub(super) filters: BTreeMap<Family, Filter>,
    pub(super) packets: Option<Packets>,
}

/// The packets that sets of services have counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Packets {
    /// From whom some came.
    pub some: BTreeMap<IpNet, u64>,
    /// Who is in a set that does not count.
    pub unknown: BTreeSet<IpNet>,
    /// Whether any set counts.
    pub counts: bool,
}

/// A set that bears a name of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelSet {
    pub(super) as_created: bool,
    pub(super) entries: Arc<BTreeMap<IpNet, Option<Time>>>,
}

/// A line of a tool's output that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{tool} printed a line that dialgate does not understand: {line:?}; please report it")]
pub struct UnreadableError {
    tool: &'static str,
    line: String,
}

impl UnreadableError {
    pub(super) fn new(tool: &'static str, line: &str) -> Self {
        Self { tool, line: line.chars().take(200).collect() }
    }
}

impl Actual {
    /// Puts together what `ipset save` printed and the tables of the families that this machine speaks.
    ///
    /// Sets whose names are not ours are passed over. Of a set that is not as we create them the entries are
    /// passed over too.
    ///
    /// # Errors
    /// When a line about a set of ours makes no sense.
    pub fn parse(
        saved_sets: &str,
        filters: BTreeMap<Family, Filter>,
    ) -> Result<Self, UnreadableError> {
        let mut saved = SavedSets::default();
        saved.piece(saved_sets.as_bytes());
        saved.with(filters)
    }

    /// The sets that bear names of ours.
    #[must_use]
    pub const fn sets(&self) -> &BTreeMap<SetName, KernelSet> {
        &self.sets
    }

    /// Whether packets were counted by anybody: what is remembered of the kernel has no counters.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.packets.is_some()
    }

    /// The packets that came from a network since it was let in, or since its sets were made anew; `None` where they
    /// are not counted.
    #[must_use]
    pub fn packets(&self, network: IpNet) -> Option<u64> {
        let counted = self.packets.as_ref()?;
        let mut services =
            self.sets.iter().filter(|(name, _)| matches!(name.purpose(), Purpose::Service(_)));
        if counted.unknown.contains(&network)
            || !services.any(|(_, set)| set.entries.contains_key(&network))
        {
            return None;
        }
        Some(counted.some.get(&network).copied().unwrap_or_default())
    }

    /// The `filter` table of each family that this machine speaks.
    #[must_use]
    pub const fn filters(&self) -> &BTreeMap<Family, Filter> {
        &self.filters
    }
}

impl KernelSet {
    /// Whether it is of the type and has the options that we create sets with.
    #[must_use]
    pub const fn is_as_created(&self) -> bool {
        self.as_created
    }

    /// Who is in it, each with the time left; `None` for an entry that is not one of ours, because it carries
    /// options.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<IpNet, Option<Time>> {
        &self.entries
    }
}

/// What follows the name in `create`.
pub(super) fn creation(family: Family) -> String {
    format!("{} {COUNTERS}", kind(family))
}

pub(super) fn kind(family: Family) -> String {
    format!("hash:net family {} maxelem {MOST_ENTRIES} timeout {DEFAULT_TIMEOUT}", family.ipset())
}

/// A network as ipset prints it: a single host without a suffix.
pub(super) fn ipset_network(network: IpNet) -> impl Display {
    std::fmt::from_fn(move |f| {
        if network.prefix_len() == network.max_prefix_len() {
            network.addr().fmt(f)
        } else {
            network.fmt(f)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sets(saved: &str) -> BTreeMap<SetName, KernelSet> {
        Actual::parse(saved, BTreeMap::new()).unwrap().sets
    }

    #[test]
    fn entries_of_our_sets_are_read_and_foreign_sets_passed_over() {
        let sets = sets(
            "create dg-sip-4 hash:net family inet hashsize 1024 maxelem 1048576 timeout 60 bucketsize 12 initval 0xc0\n\
             add dg-sip-4 1.2.3.4 timeout 99\n\
             add dg-sip-4 1.2.3.0/24 timeout 98 nomatch\n\
             add dg-sip-4 1.2.3.5 timeout 0\n\
             create dg-sip-6 hash:net family inet6 hashsize 1024 maxelem 1048576 timeout 60\n\
             add dg-sip-6 2a00:1450:4001:82a::/64 timeout 2147482\n\
             create country list:set size 8\nadd country dg-sip-4\n\
             add strange 1.2.3.4 comment \"x\"\n",
        );
        assert_eq!(sets.len(), 2);
        let four = &sets[&"dg-sip-4".parse().unwrap()];
        assert!(four.is_as_created());
        let entries: Vec<_> = four.entries().iter().map(|(n, s)| (n.to_string(), *s)).collect();
        assert_eq!(
            entries,
            [
                ("1.2.3.0/24".to_owned(), None),
                ("1.2.3.4/32".to_owned(), Some(Time::For(99))),
                ("1.2.3.5/32".to_owned(), Some(Time::Always))
            ]
        );
        assert!(sets[&"dg-sip-6".parse().unwrap()].is_as_created());
    }

    #[test]
    fn a_set_of_another_type_or_with_other_options_is_not_as_created() {
        for other in [
            "hash:ip family inet hashsize 1024 maxelem 1048576 timeout 60",
            "hash:net family inet6 hashsize 1024 maxelem 1048576 timeout 60",
            "hash:net family inet hashsize 1024 maxelem 1048576",
            "hash:net family inet hashsize 1024 maxelem 1048576 timeout 0",
            "hash:net family inet hashsize 1024 maxelem 1048576 timeout 60 skbinfo",
            "hash:net family inet hashsize 1024 maxelem 1024 timeout 60",
            "list:set size 8",
            "",
        ] {
            let sets = sets(&format!("create dg-sip-4 {other}\nadd dg-sip-4 tcp:80 what ever\n"));
            let set = &sets[&"dg-sip-4".parse().unwrap()];
            assert!(!set.is_as_created() && set.entries().is_empty(), "{other}");
        }
    }

    #[test]
    fn packets_are_added_up_over_all_sets_of_services_that_count() {
        let text = "create dg-sip-4 hash:net family inet hashsize 64 maxelem 1048576 timeout 60 counters bucketsize 12 initval 0xc0\n\
             add dg-sip-4 1.2.3.4 timeout 99 packets 7 bytes 900\n\
             add dg-sip-4 1.2.3.5 timeout 0 packets 0 bytes 0\n\
             create dg-rtp-4 hash:net family inet hashsize 64 maxelem 1048576 timeout 60 counters\n\
             add dg-rtp-4 1.2.3.4 timeout 99 packets 3 bytes 90\n\
             create dg-web-4 hash:net family inet hashsize 64 maxelem 1048576 timeout 60\n\
             add dg-web-4 1.2.3.5 timeout 99\n\
             create dg-deny-4 hash:net family inet hashsize 64 maxelem 1048576 timeout 60 counters\n\
             add dg-deny-4 1.2.3.6 timeout 99 packets 5 bytes 1\n";
        let actual = Actual::parse(text, BTreeMap::new()).unwrap();
        assert!(actual.sets.values().all(KernelSet::is_as_created));
        let packets = ["1.2.3.4/32", "1.2.3.5/32", "1.2.3.6/32", "1.2.3.7/32"]
            .map(|network| actual.packets(network.parse().unwrap()));
        assert_eq!(packets, [Some(10), None, None, None]);
    }

    #[test]
    fn a_line_about_a_set_of_ours_that_makes_no_sense_is_an_error() {
        let create = format!("create dg-sip-4 {}\n", creation(Family::V4));
        for bad in [
            "add dg-sip-4 localhost timeout 5",
            "add dg-sip-4 ::1 timeout 5",
            "del dg-sip-4 1.2.3.4",
            "add dg-sip-4 1.2.3.4 timeout x",
            "add dg-ssh-4 1.2.3.4 timeout 5",
        ] {
            assert!(Actual::parse(&format!("{create}{bad}\n"), BTreeMap::new()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(lines in proptest::collection::vec("(create|add) dg-a-[46] (hash:net |1.2.3.4 |timeout |::/0 |[0-9]{1,12} |\\PC){0,6}", 0..6)) {
            let _ = Actual::parse(&lines.join("\n"), BTreeMap::new());
        }
    }
}
