//! What is known of the kernel without reading all of it again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::glance::{Looks, SetLooks};
use super::{Actual, Firewall, KernelSet, Memory, Plan, SetName, Step, Time};

/// Everything is read again at least so often.
const BELIEVED: Duration = Duration::from_secs(300);
const SECOND: Duration = Duration::from_secs(1);

/// What was last read as a whole, with what we have changed since. It is believed as long as the kernel looks like it and
/// has what we have put in.
#[derive(Debug)]
pub(super) struct Known {
    memory: Memory,
    rules: String,
    kinds: BTreeMap<SetName, String>,
    read_at: Instant,
    aged: Instant,
    doubtful: BTreeSet<(SetName, IpNet)>,
}

impl Known {
    /// What was read while the kernel looked like this; `None` of sets that are not as we create them.
    pub(super) fn new(actual: &Actual, looks: &Looks, now: Instant) -> Option<Self> {
        if !looks.is_of(actual) || !actual.sets.values().all(KernelSet::is_as_created) {
            return None;
        }
        // Packets go on being counted.
        let actual = Actual { packets: None, ..actual.clone() };
        let kind = |(name, set): (&SetName, &SetLooks)| (name.clone(), set.kind.clone());
        Some(Self {
            memory: Memory::new(actual),
            rules: looks.rules.clone(),
            kinds: looks.sets.iter().map(kind).collect(),
            read_at: now,
            // Times are printed rounded down: nobody is thought to be gone who is there.
            aged: now + SECOND,
            doubtful: BTreeSet::new(),
        })
    }

    /// When it was read as a whole.
    pub(super) const fn read_at(&self) -> Instant {
        self.read_at
    }

    /// A plan that was carried out by now; whether it is known what the kernel holds then. Rules are always read.
    #[must_use]
    pub(super) fn follow(&mut self, plan: &Plan, now: Instant) -> bool {
        let late = u32::from(self.aged < now);
        for step in plan.steps() {
            match step {
                Step::Open { set, network, time } | Step::Shorten { set, network, time } => {
                    self.doubtful.insert((set.clone(), *network));
                    let time = match *time {
                        Time::For(seconds) => Time::For(seconds.saturating_add(late)),
                        Time::Always => Time::Always,
                    };
                    let step = Step::Open { set: set.clone(), network: *network, time };
                    if self.memory.step(&step).is_err() {
                        return false;
                    }
                }
                Step::Close { set, network } => {
                    self.doubtful.remove(&(set.clone(), *network));
                    if self.memory.step(step).is_err() {
                        return false;
                    }
                }
                Step::Cut(_) => {}
                Step::Empty { .. }
                | Step::Narrow { .. }
                | Step::Destroy { .. }
                | Step::Create { .. }
                | Step::Rebuild { .. }
                | Step::Retire { .. } => return false,
            }
        }
        true
    }

    /// What is known of this network is to be seen in the kernel before it is believed again.
    pub(super) fn doubt(&mut self, network: IpNet) {
        let sets = self.memory.actual().sets.iter();
        let having = sets.filter(|(_, set)| set.entries.contains_key(&network));
        self.doubtful.extend(having.map(|(name, _)| (name.clone(), network)));
    }

    fn entries(&self) -> usize {
        self.memory.actual().sets.values().map(|set| set.entries.len()).sum()
    }

    /// What the kernel holds now, as far as can be seen, and how it looks; `None` where everything is to be read.
    pub(super) fn recall(&mut self, firewall: &mut dyn Firewall) -> Option<(Actual, Looks)> {
        let now = firewall.clock()?;
        if now.checked_duration_since(self.read_at)? >= BELIEVED {
            return None;
        }
        let seconds = now.saturating_duration_since(self.aged).as_secs();
        let before = self.entries();
        self.memory.age(u32::try_from(seconds).ok()?);
        // Who has run out in the kernel may be wanted still.
        if self.entries() != before {
            return None;
        }
        self.aged += Duration::from_secs(seconds);
        if !self.doubtful.is_empty() && !firewall.has(&self.doubtful) {
            return None;
        }
        let looks = firewall.glance()?;
        if looks.rules != self.rules || !looks.is_of(self.memory.actual()) {
            return None;
        }
        // As many entries may be in another set of that name.
        if !looks.sets.values().map(|set| &set.kind).eq(self.kinds.values()) {
            return None;
        }
        self.doubtful.clear();
        Some((self.memory.actual().clone(), looks))
    }
}
