use super::{Caller, DAY, HOUR, Times, Withheld};

/// Failures of one stranger within any hour.
const IN_AN_HOUR: usize = 10;
/// Failures of one stranger within any 24 hours.
const IN_A_DAY: usize = 20;

/// What one stranger does at all accounts; one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerBucket {
    /// Who.
    pub caller: Caller,
    /// The failures of the last day. One that is still being looked at counts as failed.
    pub recent: Times,
}

impl CallerBucket {
    /// Of a caller that has never tried.
    #[must_use]
    pub fn new(caller: Caller) -> Self {
        Self { caller, recent: Times::default() }
    }

    /// When it last failed, in seconds since 1970; 0: never. By this the row is forgotten.
    #[must_use]
    pub fn failed_at(&self) -> i64 {
        self.recent.newest().unwrap_or(0)
    }

    pub(super) fn withheld(&self, now: i64) -> Option<Withheld> {
        let full =
            self.recent.within(HOUR, now) >= IN_AN_HOUR || self.recent.within(DAY, now) >= IN_A_DAY;
        full.then_some(Withheld::Caller)
    }

    pub(super) fn reserve(&mut self, now: i64) {
        self.recent.add(now, DAY);
    }

    pub(super) fn take_back(&mut self, at: i64) {
        self.recent.take_back(at);
    }

    pub(super) fn settle(&mut self, now: i64) {
        self.recent.settle(now);
    }
}
