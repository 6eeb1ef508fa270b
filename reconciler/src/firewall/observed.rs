//! A firewall that remembers what was seen and done, and reads no more of the kernel than it must.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::known::Known;
use super::{Actual, Cut, Firewall, FirewallError, Looks, Neighbour, Plan, SetName, Step};

/// The steps that are remembered; more of them are only counted.
const REMEMBERED: usize = 3;

/// Passes everything on to a firewall.
pub(crate) struct Observed {
    inner: Box<dyn Firewall>,
    seen: Option<Looks>,
    known: Option<Known>,
    readings: u64,
    done: Done,
    cuts: Vec<Cut>,
    sizes: BTreeMap<SetName, usize>,
}

/// What was seen and done in one pass.
#[derive(Debug, Default)]
pub(crate) struct Done {
    first: Option<Option<Looks>>,
    steps: Vec<String>,
    more: usize,
    more_than_times: bool,
}

impl Done {
    /// What was to be seen before anything was done.
    pub(crate) fn first(&self) -> Option<&Looks> {
        self.first.as_ref()?.as_ref()
    }

    /// Whether more was done than to let in, or to give another time.
    pub(crate) const fn is_more_than_times(&self) -> bool {
        self.more_than_times
    }

    /// The steps, in short; `None` when there were none.
    pub(crate) fn steps(&self) -> Option<String> {
        let more = match self.more {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        (!self.steps.is_empty()).then(|| format!("{}{more}", self.steps.join("; ")))
    }
}

impl Observed {
    /// Nothing is seen or done yet.
    pub(crate) fn new(inner: Box<dyn Firewall>) -> Self {
        let done = Done { first: None, steps: Vec::new(), more: 0, more_than_times: false };
        let (seen, known, cuts, sizes) = (None, None, Vec::new(), BTreeMap::new());
        Self { inner, seen, known, readings: 0, done, cuts, sizes }
    }

    /// How many entries each of our sets had when it was looked at last.
    pub(crate) const fn sizes(&self) -> &BTreeMap<SetName, usize> {
        &self.sizes
    }

    /// How often the kernel has been read as a whole: as long as that is the same, what was right in it is right still,
    /// but for the time.
    pub(crate) const fn readings(&self) -> u64 {
        self.readings
    }

    /// How long ago it was read as a whole, as far as what was read is believed still.
    pub(crate) fn read_since(&self) -> Duration {
        let read = self.known.as_ref().map(Known::read_at);
        let now = self.inner.clock();
        read.zip(now).map_or(Duration::ZERO, |(read, now)| now.duration_since(read))
    }

    /// What is known of this network is to be seen in the kernel before it is believed again.
    pub(crate) fn doubt(&mut self, network: IpNet) {
        if let Some(known) = &mut self.known {
            known.doubt(network);
        }
    }

    /// Nothing is believed that has been read.
    pub(crate) fn forget(&mut self) {
        (self.known, self.seen) = (None, None);
    }

    /// What is known, if it is believed.
    fn recall(&mut self) -> Option<Actual> {
        self.seen = None;
        // One that is not believed is gone with that.
        let mut known = self.known.take()?;
        let (actual, looks) = known.recall(self.inner.as_mut())?;
        (self.known, self.seen) = (Some(known), Some(looks));
        Some(actual)
    }

    fn read_whole(&mut self) -> Result<Actual, FirewallError> {
        self.readings = self.readings.wrapping_add(1);
        // Before the rest: less time is left when it has been read.
        let clock = self.inner.clock();
        let actual = self.inner.read()?;
        self.seen = self.inner.seen();
        let seen = self.seen.as_ref().zip(clock);
        self.known = seen.and_then(|(looks, now)| Known::new(&actual, looks, now));
        Ok(actual)
    }

    /// What was seen and done since the last call.
    pub(crate) fn take_done(&mut self) -> Done {
        std::mem::take(&mut self.done)
    }

    /// Whether flows were to end by plans since they were last taken.
    pub(crate) const fn has_cuts(&self) -> bool {
        !self.cuts.is_empty()
    }

    /// The flows that were to end by plans since the last call.
    pub(crate) fn take_cuts(&mut self) -> Vec<Cut> {
        std::mem::take(&mut self.cuts)
    }
}

impl Firewall for Observed {
    fn read(&mut self) -> Result<Actual, FirewallError> {
        let actual = match self.recall() {
            Some(actual) => actual,
            None => self.read_whole()?,
        };
        let sizes = actual.sets().iter();
        self.sizes = sizes.map(|(name, set)| (name.clone(), set.entries().len())).collect();
        if self.done.first.is_none() {
            self.done.first = Some(self.seen.clone());
        }
        Ok(actual)
    }

    fn read_sets(&mut self) -> Result<Actual, FirewallError> {
        if let Some(actual) = self.recall() {
            return Ok(Actual { filters: BTreeMap::new(), ..actual });
        }
        self.readings = self.readings.wrapping_add(1);
        self.inner.read_sets()
    }

    fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError> {
        // Cutting flows changes nothing that is read.
        for step in plan.steps().iter().filter(|step| !matches!(step, Step::Cut(_))) {
            self.seen = None;
            let done = &mut self.done;
            done.more_than_times |= !matches!(step, Step::Open { .. } | Step::Shorten { .. });
            if done.steps.len() < REMEMBERED {
                done.steps.push(step.to_string());
            } else {
                done.more += 1;
            }
        }
        // What was carried out of a plan that failed is not known.
        self.cuts.extend(plan.cuts().cloned());
        let known = self.known.take();
        self.inner.apply(plan)?;
        let known = known.zip(self.inner.clock());
        self.known = known.and_then(|(mut known, now)| known.follow(plan, now).then_some(known));
        Ok(())
    }

    fn cut(&mut self, cuts: &[Cut]) -> Result<(), FirewallError> {
        self.inner.cut(cuts)
    }

    fn glance(&mut self) -> Option<Looks> {
        let looks = self.inner.glance()?;
        self.sizes = looks.sizes();
        Some(looks)
    }

    /// `None` too when it has been changed by us since.
    fn seen(&self) -> Option<Looks> {
        self.seen.clone()
    }

    fn clock(&self) -> Option<Instant> {
        self.inner.clock()
    }

    fn has(&mut self, entries: &BTreeSet<(SetName, IpNet)>) -> bool {
        self.inner.has(entries)
    }

    fn neighbours(&mut self) -> Vec<Neighbour> {
        self.inner.neighbours()
    }
}

impl AsMut<dyn Firewall> for Observed {
    fn as_mut(&mut self) -> &mut (dyn Firewall + 'static) {
        self
    }
}
