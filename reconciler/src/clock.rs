//! The clocks, for the adapters that read them.

use std::time::Instant;

use dialgate_contract::ledger::Clocks;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

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

/// What all clocks show that tell whether the calendar was set back.
///
/// # Errors
/// When the kernel does not say which of its starts this is.
pub(crate) fn clocks() -> std::io::Result<Clocks> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim_end().to_owned();
    Ok(Clocks { boot, uptime: clock_gettime(ClockId::Boottime).tv_sec, calendar: calendar() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_of_the_same_start_go_on_together() {
        let (earlier, later) = (clocks().unwrap(), clocks().unwrap());
        assert_eq!((earlier.boot.len(), later.set_back_since(&earlier)), (36, None));
        assert!(earlier.uptime > 0 && later.uptime >= earlier.uptime);
    }
}
