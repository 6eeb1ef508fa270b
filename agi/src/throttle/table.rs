use jiff::Timestamp;

use super::DAY;
use super::known::KNOWN_FOR;

/// A table of rows that are forgotten by their age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// [`AccountBucket`](super::AccountBucket), by `tried_at`.
    Accounts,
    /// [`KnownCaller`](super::KnownCaller), by `succeeded_at`.
    Known,
    /// [`CallerBucket`](super::CallerBucket), by `failed_at`.
    Callers,
}

impl Table {
    /// Rows kept in each.
    ///
    /// Only strangers' attempts that are looked at add rows: 60 an hour fail at most. To push one out takes ten weeks
    /// of guessing without a pause.
    pub const ROWS: usize = 100_000;

    /// Rows of before this are forgotten, in seconds since 1970. `oldest_kept` is the time of row number
    /// [`Self::ROWS`], the newest first, if there are so many.
    #[must_use]
    pub fn forget_before(self, now: Timestamp, oldest_kept: Option<i64>) -> i64 {
        let kept_for = match self {
            Self::Accounts | Self::Known => KNOWN_FOR,
            Self::Callers => DAY,
        };
        let old = now.as_second().saturating_sub(kept_for);
        oldest_kept.map_or(old, |oldest| oldest.max(old))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_forgotten_when_they_bind_nothing_any_more_and_earlier_when_there_are_too_many() {
        let now = Timestamp::from_second(1_000 * DAY).unwrap();
        assert_eq!(Table::Callers.forget_before(now, None), 999 * DAY);
        assert_eq!(Table::Accounts.forget_before(now, None), 820 * DAY);
        assert_eq!(Table::Known.forget_before(now, Some(5)), 820 * DAY);
        assert_eq!(Table::Accounts.forget_before(now, Some(900 * DAY)), 900 * DAY);
    }
}
