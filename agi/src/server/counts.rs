use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::conversation::Ending;

/// How often things happened since this program began.
pub(super) struct Counts {
    /// Calls that ended, by how.
    pub(super) calls: By<Ending>,
    /// Logins that were tried, by what came of them.
    pub(super) logins: By<Attempted>,
    /// Connections that were dropped, by why.
    pub(super) dropped: By<Dropped>,
}

/// What came of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Attempted {
    /// Somebody was let in.
    Accepted,
    /// It was wrong.
    Failed,
    /// There were too many failures before it: the PIN was not looked at.
    Throttled,
    /// Too many were tried at the same time.
    Busy,
    /// Something of ours does not work.
    Unavailable,
}

/// Why a connection was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dropped {
    /// It is no call.
    NoCall,
    /// It has not shown to be a call, and others needed its place.
    Crowded,
    /// It is a call where even those are too many that hear that all lines are busy.
    NoLine,
}

/// Counts by something that has few values.
pub(super) struct By<T>(BTreeMap<T, AtomicU64>);

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            calls: By::each(Ending::ALL),
            logins: By::each(Attempted::ALL),
            dropped: By::each(Dropped::ALL),
        }
    }
}

impl Attempted {
    const ALL: [Self; 5] =
        [Self::Accepted, Self::Failed, Self::Throttled, Self::Busy, Self::Unavailable];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Dropped {
    const ALL: [Self; 3] = [Self::NoCall, Self::Crowded, Self::NoLine];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NoCall => "no-call",
            Self::Crowded => "crowded",
            Self::NoLine => "no-line",
        }
    }
}

impl<T: Ord + Copy> By<T> {
    fn each(values: impl IntoIterator<Item = T>) -> Self {
        Self(values.into_iter().map(|value| (value, AtomicU64::new(0))).collect())
    }

    /// It happened once more.
    pub(super) fn one(&self, value: T) {
        if let Some(count) = self.0.get(&value) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often each happened.
    pub(super) fn all(&self) -> impl Iterator<Item = (T, u64)> {
        self.0.iter().map(|(value, count)| (*value, count.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_from_the_beginning_and_counted_for_itself() {
        let counts = Counts::new();
        counts.calls.one(Ending::Open);
        counts.calls.one(Ending::Open);
        let calls: Vec<_> = counts.calls.all().collect();
        assert_eq!(calls.len(), Ending::ALL.len());
        assert!(
            calls.iter().all(|(ending, count)| *count == u64::from(*ending == Ending::Open) * 2)
        );
    }
}
