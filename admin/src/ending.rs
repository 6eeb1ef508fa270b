use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Until when something stands, as an operator says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Until this moment.
    At(Timestamp),
    /// Until this day is over, where the machine is.
    After(Date),
}

/// A text that says no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a date such as 2027-01-31, or a time such as 2027-01-31T18:00:00+01:00")]
pub(crate) struct EndingError;

impl Ending {
    /// The moment; `None` when the calendar does not reach so far.
    pub(crate) fn moment(self, zone: &TimeZone) -> Option<Timestamp> {
        let moment = match self {
            Self::At(moment) => moment,
            Self::After(day) => day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp(),
        };
        Timestamp::from_second(moment.as_second()).ok()
    }
}

impl FromStr for Ending {
    type Err = EndingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A date alone is tried first, for a library that is generous with dates would take a time for one.
        if text.len() == "2027-01-31".len() {
            return text.parse().map(Self::After).map_err(|_| EndingError);
        }
        text.parse().map(Self::At).map_err(|_| EndingError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_where_the_machine_is() {
        let ending: Ending = "2026-12-31".parse().unwrap();
        for (zone, end) in
            [("UTC", "2027-01-01T00:00:00Z"), ("Europe/Paris", "2026-12-31T23:00:00Z")]
        {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(ending.moment(&zone), Some(end.parse().unwrap()));
        }
    }

    #[test]
    fn a_moment_is_the_same_everywhere() {
        let ending: Ending = "2026-12-31T18:00:00.7+01:00".parse().unwrap();
        let moment = ending.moment(&TimeZone::get("Asia/Tokyo").unwrap());
        assert_eq!(moment, Some("2026-12-31T17:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_could_mean_several_times_is_refused() {
        for bad in ["", "tomorrow", "31.12.2026", "2026-13-01", "2026-12-31 18:00", "18:00", "4h"] {
            assert!(bad.parse::<Ending>().is_err(), "{bad:?}");
        }
    }
}
