//! The clocks, for the adapters that read them.

use std::time::Instant;

use jiff::Timestamp;

/// The time by the calendar, which leases are measured in.
#[expect(clippy::disallowed_methods, reason = "the adapter that reads the clock")]
#[must_use]
pub(crate) fn calendar() -> Timestamp {
    Timestamp::now()
}

/// The time that only goes forward, which waiting is measured in.
#[expect(clippy::disallowed_methods, reason = "the adapter that reads the clock")]
#[must_use]
pub(crate) fn steady() -> Instant {
    Instant::now()
}
