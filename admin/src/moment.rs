use std::str::FromStr;

use dialgate_contract::Lifetime;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A time in the past, as an operator says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long ago.
    Ago(Lifetime),
    /// All of a day, so many days ago.
    DaysAgo(i32),
    /// All of this day, where the machine is.
    Day(Date),
    /// At this time today, where the machine is.
    Today(Time),
    /// At this time, where the machine is.
    Local(DateTime),
    /// At this moment.
    At(Timestamp),
}

/// A text that says no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write 2h (so long ago), today, yesterday, 14:30, 2026-11-20, 2026-11-20 14:30 or 2026-11-20T14:30:00Z"
)]
pub(crate) struct MomentError;

impl Moment {
    /// Its beginning; `None` when the calendar does not reach so far.
    pub(crate) fn begin(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = now.to_zoned(zone.clone()).date();
        let local = |time: DateTime| Some(time.to_zoned(zone.clone()).ok()?.timestamp());
        match self {
            Self::Ago(span) => now.checked_sub(span.signed()).ok(),
            Self::At(moment) => Some(moment),
            Self::Local(time) => local(time),
            Self::Today(time) => local(today.to_datetime(time)),
            Self::Day(day) => local(day.to_datetime(Time::midnight())),
            Self::DaysAgo(days) => {
                let day = today.checked_sub(days.days()).ok()?;
                local(day.to_datetime(Time::midnight()))
            }
        }
    }

    /// Its last second; `None` when the calendar does not reach so far.
    pub(crate) fn end(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let begin = self.begin(now, zone)?;
        match self {
            Self::Day(_) | Self::DaysAgo(_) => {
                let day = begin.to_zoned(zone.clone()).date().tomorrow().ok()?;
                let next = day.to_zoned(zone.clone()).ok()?.timestamp();
                next.checked_sub(1.second()).ok()
            }
            Self::Ago(_) | Self::Today(_) | Self::Local(_) | Self::At(_) => Some(begin),
        }
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The library is generous: it is asked for one form of text at a time.
        let read = match text.len() {
            _ if text == "today" => Some(Self::DaysAgo(0)),
            _ if text == "yesterday" => Some(Self::DaysAgo(1)),
            10 if text.contains('-') => text.parse().ok().map(Self::Day),
            5 | 8 if text.contains(':') => text.parse().ok().map(Self::Today),
            16 | 19 => text.parse().ok().map(Self::Local),
            17.. => text.parse().ok().map(Self::At),
            _ => text.parse().ok().map(Self::Ago),
        };
        read.ok_or(MomentError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = "2026-11-20T16:30:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        for (text, begin, end) in [
            ("2h", "2026-11-20T14:30:00Z", "2026-11-20T14:30:00Z"),
            ("7d", "2026-11-13T16:30:00Z", "2026-11-13T16:30:00Z"),
            ("today", "2026-11-19T23:00:00Z", "2026-11-20T22:59:59Z"),
            ("yesterday", "2026-11-18T23:00:00Z", "2026-11-19T22:59:59Z"),
            ("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"),
            ("14:30", "2026-11-20T13:30:00Z", "2026-11-20T13:30:00Z"),
            ("14:30:15", "2026-11-20T13:30:15Z", "2026-11-20T13:30:15Z"),
            ("2026-11-20 14:30", "2026-11-20T13:30:00Z", "2026-11-20T13:30:00Z"),
            ("2026-11-20T14:30", "2026-11-20T13:30:00Z", "2026-11-20T13:30:00Z"),
            ("2026-11-20 14:30:15", "2026-11-20T13:30:15Z", "2026-11-20T13:30:15Z"),
            ("2026-11-20T14:30:00Z", "2026-11-20T14:30:00Z", "2026-11-20T14:30:00Z"),
            ("2026-11-20T14:30:00+09:00", "2026-11-20T05:30:00Z", "2026-11-20T05:30:00Z"),
        ] {
            let moment: Moment = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(moment.begin(now, &zone), Some(begin.parse().unwrap()), "{text}");
            assert_eq!(moment.end(now, &zone), Some(end.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_says_no_time_is_refused() {
        for bad in
            ["", "2", "h", "soon", "20.11.2026", "2026-13-01", "25:00", "2026-11-20 25:00", "0h"]
        {
            assert_eq!(bad.parse::<Moment>(), Err(MomentError), "{bad:?}");
        }
    }
}
