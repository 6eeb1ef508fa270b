use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// How long something lasts: whole seconds, at least one, at most 366 days. Written `90s`, `15m`, `24h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(NonZeroU32);

/// Why a text or number is not a lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a number with s, m, h or d, from 1s to 366d, such as 90s, 15m, 24h or 7d")]
pub struct LifetimeError;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;
const MAX: u32 = 366 * DAY;

impl Lifetime {
    /// A lifetime of so many seconds.
    ///
    /// # Errors
    /// When that is none, or more than 366 days.
    pub fn from_seconds(seconds: i64) -> Result<Self, LifetimeError> {
        let seconds = u32::try_from(seconds).map_err(|_| LifetimeError)?;
        match NonZeroU32::new(seconds) {
            Some(nonzero) if seconds <= MAX => Ok(Self(nonzero)),
            _ => Err(LifetimeError),
        }
    }

    /// A lifetime of whole hours, for defaults. None is taken as one, and more than 366 days as 366 days.
    #[must_use]
    pub const fn hours(hours: u8) -> Self {
        match NonZeroU32::new(hours as u32 * HOUR) {
            Some(seconds) => Self(seconds),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0.get()
    }

    /// For clocks of the standard library.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0.get() as u64)
    }

    /// For arithmetic with [`jiff::Timestamp`].
    #[must_use]
    pub const fn signed(self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_secs(self.0.get() as i64)
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) =
            text.split_at_checked(text.len().saturating_sub(1)).ok_or(LifetimeError)?;
        let unit = match unit {
            "s" => 1,
            "m" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            _ => return Err(LifetimeError),
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(LifetimeError);
        }
        let number: i64 = number.parse().map_err(|_| LifetimeError)?;
        Self::from_seconds(number.checked_mul(i64::from(unit)).ok_or(LifetimeError)?)
    }
}

impl fmt::Display for Lifetime {
    /// In the largest unit that says it exactly; a single day as `24h`, the way people speak of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        let text = match seconds {
            s if s % DAY == 0 && s > DAY => format!("{}d", s / DAY),
            s if s % HOUR == 0 => format!("{}h", s / HOUR),
            s if s % MINUTE == 0 => format!("{}m", s / MINUTE),
            s => format!("{s}s"),
        };
        f.pad(&text)
    }
}

crate::text_enum::serde_as_text!(Lifetime);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_are_seconds_minutes_hours_and_days() {
        for (text, seconds) in
            [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("366d", MAX)]
        {
            assert_eq!(text.parse::<Lifetime>().unwrap().seconds(), seconds);
        }
    }

    #[test]
    fn nothing_forever_and_nonsense_are_refused() {
        for bad in [
            "",
            "0s",
            "h",
            "24",
            "-1h",
            "+1h",
            "1.5h",
            "367d",
            "99999999999999999999d",
            "1w",
            "1 h",
            "24é",
        ] {
            assert!(bad.parse::<Lifetime>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_the_same(seconds in 1..=i64::from(MAX)) {
            let lifetime = Lifetime::from_seconds(seconds).unwrap();
            prop_assert_eq!(lifetime.to_string().parse(), Ok(lifetime));
        }
    }
}
