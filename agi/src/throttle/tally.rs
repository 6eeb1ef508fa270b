use super::{DAY, HOUR, Times, Withheld};

/// Failures without a wait.
const FREE: u32 = 4;
/// The wait after the last free one, in seconds. Each further one doubles it.
const FIRST_WAIT: i64 = 30;
/// No wait is longer.
const LONGEST_WAIT: i64 = HOUR;
/// Failures within any 24 hours.
const IN_A_DAY: usize = 30;

/// The failures on end at one door of an account. One that is still being looked at counts as failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many on end, since a success or the operator's unlocking.
    pub failures: u32,
    /// How many the owner has been told of.
    pub told: u32,
    /// Those of the last day.
    pub recent: Times,
    /// The operator's unlocking that has been heeded, in seconds since 1970.
    pub unlocked_at: Option<i64>,
}

/// What holds for a kind of door.
pub(super) struct Limits {
    /// Failures on end after which nothing is looked at any more.
    pub(super) stop: u32,
    /// Failures on end that the owner is told of, ascending.
    pub(super) tell: [u32; 3],
}

/// For strangers at an account. NIST SP 800-63B allows 100 failures on end.
pub(super) const STRANGERS: Limits = Limits { stop: 100, tell: [5, 20, 100] };
/// For a known caller.
pub(super) const KNOWN: Limits = Limits { stop: 50, tell: [5, 20, 50] };

impl Tally {
    pub(super) fn withheld(&self, limits: &Limits, now: i64) -> Option<Withheld> {
        let waited = |newest: i64| now.saturating_sub(newest) >= wait_after(self.failures);
        if self.failures >= limits.stop {
            Some(Withheld::Stopped)
        } else if !self.recent.newest().is_none_or(waited) {
            Some(Withheld::Waiting)
        } else if self.recent.within(DAY, now) >= IN_A_DAY {
            Some(Withheld::Day)
        } else {
            None
        }
    }

    pub(super) fn reserve(&mut self, now: i64) {
        self.failures = self.failures.saturating_add(1);
        self.recent.add(now, DAY);
    }

    /// Takes back what was reserved at `at`, unless it has been forgotten meanwhile.
    pub(super) fn take_back(&mut self, at: i64) {
        if self.recent.take_back(at) {
            self.failures = self.failures.saturating_sub(1);
        }
    }

    /// Heeds the operator's unlocking, each of them once, whatever the clock says.
    pub(super) fn unlock(&mut self, unlocked_at: Option<i64>) {
        if self.unlocked_at != unlocked_at {
            self.unlocked_at = unlocked_at;
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.succeeded();
        self.recent = Times::default();
    }

    /// Begins a new run of failures. Those of the last day stay counted for the day.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.told = 0;
    }

    /// How many failures the owner is to be told of now, once for each threshold.
    pub(super) fn tell(&mut self, limits: &Limits) -> Option<u32> {
        let reached = limits.tell.into_iter().rfind(|&count| count <= self.failures)?;
        if reached <= self.told {
            return None;
        }
        self.told = reached;
        Some(self.failures)
    }

    pub(super) fn settle(&mut self, now: i64) {
        self.recent.settle(now);
    }
}

/// How many seconds pass after this many failures on end before the next attempt is looked at.
fn wait_after(failures: u32) -> i64 {
    let Some(doublings) = failures.checked_sub(FREE) else { return 0 };
    2_i64
        .checked_pow(doublings)
        .and_then(|factor| factor.checked_mul(FIRST_WAIT))
        .map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_are_free_then_the_waits_double_up_to_an_hour() {
        let waits: Vec<i64> = (0..=13).map(wait_after).collect();
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(wait_after(u32::MAX), 3600);
    }

    #[test]
    fn the_owner_is_told_once_at_each_threshold_and_of_the_last_when_some_were_passed() {
        let mut tally = Tally::default();
        let mut told = Vec::new();
        for failures in [4, 5, 5, 6, 5, 19, 21, 100, 101] {
            tally.failures = failures;
            told.push(tally.tell(&STRANGERS));
        }
        assert_eq!(told, [None, Some(5), None, None, None, None, Some(21), Some(100), None]);
        tally.succeeded();
        tally.failures = 5;
        assert_eq!(tally.tell(&STRANGERS), Some(5));
    }

    #[test]
    fn an_unlocking_is_heeded_once() {
        let mut tally = Tally::default();
        tally.reserve(100);
        tally.unlock(Some(50));
        assert_eq!((tally.failures, tally.recent.newest()), (0, None));
        tally.reserve(100);
        tally.unlock(Some(50));
        assert_eq!(tally.failures, 1);
        tally.unlock(Some(40));
        assert_eq!(tally.failures, 0);
    }

    #[test]
    fn what_was_forgotten_is_not_taken_back_from_what_came_after() {
        let mut tally = Tally::default();
        tally.reserve(100);
        tally.clear();
        tally.reserve(200);
        tally.take_back(100);
        assert_eq!(tally.failures, 1);
        tally.take_back(200);
        assert_eq!(tally, Tally::default());
    }
}
