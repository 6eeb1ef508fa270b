//! A firewall that remembers what was seen and done.

use std::collections::BTreeMap;

use super::glance;
use super::{Actual, Firewall, FirewallError, Neighbour, Plan, Step};

/// The steps that are remembered; more of them are only counted.
const REMEMBERED: usize = 3;

/// Passes everything on to a firewall.
pub(crate) struct Observed {
    inner: Box<dyn Firewall>,
    is_read: bool,
    done: Done,
    sizes: BTreeMap<String, usize>,
}

/// What was seen and done in one pass.
#[derive(Debug, Default)]
pub(crate) struct Done {
    first: Option<Option<String>>,
    steps: Vec<String>,
    more: usize,
    more_than_times: bool,
}

impl Done {
    /// What was to be seen before anything was done.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_ref()?.as_deref()
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
        Self { inner, is_read: false, done, sizes: BTreeMap::new() }
    }

    /// How many entries each of our sets had when it was looked at last.
    pub(crate) const fn sizes(&self) -> &BTreeMap<String, usize> {
        &self.sizes
    }

    /// What was seen and done since the last call.
    pub(crate) fn take_done(&mut self) -> Done {
        std::mem::take(&mut self.done)
    }
}

impl Firewall for Observed {
    fn read(&mut self) -> Result<Actual, FirewallError> {
        self.is_read = false;
        let actual = self.inner.read()?;
        self.is_read = true;
        let sizes = actual.sets().iter();
        self.sizes = sizes.map(|(name, set)| (name.to_string(), set.entries().len())).collect();
        if self.done.first.is_none() {
            self.done.first = Some(self.inner.seen());
        }
        Ok(actual)
    }

    fn read_sets(&mut self) -> Result<Actual, FirewallError> {
        self.inner.read_sets()
    }

    fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError> {
        // Cutting flows changes nothing that is read.
        for step in plan.steps().iter().filter(|step| !matches!(step, Step::Cut(_))) {
            self.is_read = false;
            let done = &mut self.done;
            done.more_than_times |= !matches!(step, Step::Open { .. } | Step::Shorten { .. });
            if done.steps.len() < REMEMBERED {
                done.steps.push(step.to_string());
            } else {
                done.more += 1;
            }
        }
        self.inner.apply(plan)
    }

    fn glance(&mut self) -> Option<String> {
        let glanced = self.inner.glance()?;
        self.sizes = glance::sizes(&glanced);
        Some(glanced)
    }

    /// `None` too when it has been changed by us since.
    fn seen(&self) -> Option<String> {
        self.inner.seen().filter(|_| self.is_read)
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
