use std::fmt;

/// The longest time the kernel gives an entry of a set, in seconds: 24.8 days (`IPSET_MAX_TIMEOUT`).
pub const LONGEST: u32 = 2_147_483;

/// Times that differ by no more seconds than this are the same: reading and writing take a moment.
pub const TOLERANCE: u32 = 2;

/// The seconds that may have gone by between reckoning a time and reading it back, on a machine that is slow.
const SLACK: u32 = 60;

/// How much longer something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Time {
    /// For so many seconds.
    For(u32),
    /// Until it is taken back.
    Always,
}

impl Time {
    /// Whether none is left.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::For(0))
    }

    /// The same, or the most that an entry of a set can have.
    #[must_use]
    pub fn held(self) -> Self {
        match self {
            Self::For(seconds) => Self::For(seconds.min(LONGEST)),
            Self::Always => Self::Always,
        }
    }

    /// What ipset is told: no entry ever stays for good by having no second left.
    #[must_use]
    pub fn timeout(self) -> u32 {
        match self {
            Self::For(seconds) => seconds.clamp(1, LONGEST),
            Self::Always => 0,
        }
    }

    /// Whether an entry that has this left has more than `wanted`.
    pub(super) fn is_longer_than(self, wanted: Self) -> bool {
        match (self, wanted) {
            (_, Self::Always) => false,
            (Self::Always, Self::For(_)) => true,
            (Self::For(left), Self::For(wanted)) => left > wanted.saturating_add(TOLERANCE),
        }
    }

    /// Whether an entry that has this left has less than `wanted`. A time longer than the kernel can hold is made long
    /// again only when half of what it can hold has passed.
    pub(super) fn is_shorter_than(self, wanted: Self) -> bool {
        match (self, wanted) {
            (Self::Always, _) => false,
            (Self::For(_), Self::Always) => true,
            (Self::For(left), Self::For(wanted)) if wanted > LONGEST => left < LONGEST / 2,
            (Self::For(left), Self::For(wanted)) => left < wanted.saturating_sub(TOLERANCE),
        }
    }

    /// Whether an entry that has this left was lately given `wanted`.
    pub(super) fn is_nearly(self, wanted: Self) -> bool {
        match (self, wanted) {
            (Self::For(left), Self::For(wanted)) => left >= wanted.saturating_sub(SLACK),
            (Self::Always, Self::Always) => true,
            (Self::Always, Self::For(_)) | (Self::For(_), Self::Always) => false,
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(seconds) => write!(f, "for {seconds} s"),
            Self::Always => f.pad("for good"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays_for_good_by_having_no_time() {
        assert_eq!(Time::For(0).timeout(), 1);
        assert_eq!(Time::For(31_000_000).timeout(), LONGEST);
        assert_eq!(Time::Always.timeout(), 0);
    }

    #[test]
    fn an_entry_for_good_is_too_long_for_whoever_has_an_end() {
        assert!(Time::Always.is_longer_than(Time::For(31_000_000)));
        assert!(!Time::Always.is_longer_than(Time::Always));
        assert!(Time::For(LONGEST).is_shorter_than(Time::Always));
        assert!(!Time::For(100).is_longer_than(Time::For(98)));
        assert!(!Time::For(98).is_shorter_than(Time::For(100)));
        assert!(Time::For(97).is_shorter_than(Time::For(100)));
        assert!(Time::For(101).is_longer_than(Time::For(98)));
    }

    #[test]
    fn what_was_reckoned_a_minute_ago_was_given_and_what_is_not_there_was_not() {
        assert!(Time::For(86_340).is_nearly(Time::For(86_400)));
        assert!(!Time::For(86_339).is_nearly(Time::For(86_400)));
        assert!(Time::Always.is_nearly(Time::Always));
        assert!(!Time::For(LONGEST).is_nearly(Time::Always));
        assert!(!Time::Always.is_nearly(Time::For(100)));
    }
}
