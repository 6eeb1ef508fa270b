use super::{HOUR, MINUTE, Times, Withheld};

/// Failures of all strangers within any hour.
const IN_AN_HOUR: usize = 60;
/// Failures of all strangers within [`ALARM_WITHIN`] seconds that the operator is told of.
const ALARM: usize = 30;
const ALARM_WITHIN: i64 = 10 * MINUTE;
/// The operator is told once in this time.
const ALARM_EVERY: i64 = HOUR;

/// What all strangers do at all accounts; the one row of its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EveryoneBucket {
    /// The failures of the last hour. One that is still being looked at counts as failed.
    pub recent: Times,
    /// Those of the last ten minutes that have failed for certain.
    pub failed: Times,
    /// When the operator was last told, in seconds since 1970.
    pub alarmed_at: Option<i64>,
}

impl EveryoneBucket {
    pub(super) fn withheld(&self, now: i64) -> Option<Withheld> {
        (self.recent.within(HOUR, now) >= IN_AN_HOUR).then_some(Withheld::Everyone)
    }

    pub(super) fn reserve(&mut self, now: i64) {
        self.recent.add(now, HOUR);
    }

    pub(super) fn take_back(&mut self, at: i64) {
        self.recent.take_back(at);
    }

    /// Counts a failure. How many there were within the last hour, when the operator is to be told: that they come
    /// fast, or that strangers are shut out.
    pub(super) fn fail(&mut self, now: i64) -> Option<usize> {
        self.failed.add(now, ALARM_WITHIN);
        let in_the_hour = self.recent.within(HOUR, now);
        let spray = self.failed.within(ALARM_WITHIN, now) >= ALARM || in_the_hour >= IN_AN_HOUR;
        let told = self.alarmed_at.is_some_and(|at| now.saturating_sub(at) < ALARM_EVERY);
        if !spray || told {
            return None;
        }
        self.alarmed_at = Some(now);
        Some(in_the_hour)
    }

    pub(super) fn settle(&mut self, now: i64) {
        self.recent.settle(now);
        self.failed.settle(now);
        self.alarmed_at = self.alarmed_at.map(|at| at.min(now));
    }
}
