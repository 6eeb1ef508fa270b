//! A firewall that remembers what was seen and done.

use super::{Actual, Cut, Firewall, FirewallError, Neighbour, Plan, Step};

/// The steps that are remembered; more of them are only counted.
const REMEMBERED: usize = 3;

/// Passes everything on to a firewall.
pub(crate) struct Observed {
    inner: Box<dyn Firewall>,
    is_read: bool,
    done: Done,
    cuts: Vec<Cut>,
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
    pub(crate) const fn new(inner: Box<dyn Firewall>) -> Self {
        let done = Done { first: None, steps: Vec::new(), more: 0, more_than_times: false };
        Self { inner, is_read: false, done, cuts: Vec::new() }
    }

    /// What was seen and done since the last call.
    pub(crate) fn take_done(&mut self) -> Done {
        std::mem::take(&mut self.done)
    }

    /// The flows that were to end by plans since the last call.
    pub(crate) fn take_cuts(&mut self) -> Vec<Cut> {
        std::mem::take(&mut self.cuts)
    }
}

impl Firewall for Observed {
    fn read(&mut self) -> Result<Actual, FirewallError> {
        self.is_read = false;
        let actual = self.inner.read()?;
        self.is_read = true;
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
        // What was carried out of a plan that failed is not known.
        self.cuts.extend(plan.cuts().cloned());
        self.inner.apply(plan)
    }

    fn cut(&mut self, cuts: &[Cut]) -> Result<(), FirewallError> {
        self.inner.cut(cuts)
    }

    fn glance(&mut self) -> Option<String> {
        self.inner.glance()
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
