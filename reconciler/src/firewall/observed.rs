//! A firewall that remembers what was seen and done.

use super::{Actual, Firewall, FirewallError, Neighbour, Plan, Step};

/// The steps that are remembered; more of them are only counted.
const REMEMBERED: usize = 3;

/// Passes everything on to a firewall.
pub(crate) struct Observed {
    inner: Box<dyn Firewall>,
    is_read: bool,
    steps: Vec<String>,
    more: usize,
}

impl Observed {
    /// Nothing is seen or done yet.
    pub(crate) const fn new(inner: Box<dyn Firewall>) -> Self {
        Self { inner, is_read: false, steps: Vec::new(), more: 0 }
    }

    /// What was done since the last call, in short; `None` when nothing.
    pub(crate) fn take_done(&mut self) -> Option<String> {
        let steps = std::mem::take(&mut self.steps);
        let more = match std::mem::take(&mut self.more) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        (!steps.is_empty()).then(|| format!("{}{more}", steps.join("; ")))
    }
}

impl Firewall for Observed {
    fn read(&mut self) -> Result<Actual, FirewallError> {
        self.is_read = false;
        let actual = self.inner.read()?;
        self.is_read = true;
        Ok(actual)
    }

    fn read_sets(&mut self) -> Result<Actual, FirewallError> {
        self.inner.read_sets()
    }

    fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError> {
        // Cutting flows changes nothing that is read.
        for step in plan.steps().iter().filter(|step| !matches!(step, Step::Cut(_))) {
            self.is_read = false;
            if self.steps.len() < REMEMBERED {
                self.steps.push(step.to_string());
            } else {
                self.more += 1;
            }
        }
        self.inner.apply(plan)
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
