//! What the clocks showed when they were last looked at: a calendar that is set back is known by it.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::database::{DatabaseError, timestamp};

/// What the clocks show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    /// The kernel's `boot_id`: another one after each start of the machine.
    pub boot: String,
    /// Whole seconds since the start, with those asleep (`CLOCK_BOOTTIME`).
    pub uptime: i64,
    /// The calendar.
    pub calendar: Timestamp,
}

/// A clock that was set back by less was only put right.
const SLIGHT: SignedDuration = SignedDuration::from_secs(3);

impl Clocks {
    /// How far the calendar was set back since `earlier`, at least; `None` when it was not. Nobody knows how long a
    /// machine was off, so over a start only a calendar that shows an earlier time than before was certainly set back.
    #[must_use]
    pub fn set_back_since(&self, earlier: &Self) -> Option<SignedDuration> {
        let passed = if self.boot == earlier.boot {
            SignedDuration::from_secs(self.uptime.saturating_sub(earlier.uptime).max(0))
        } else {
            SignedDuration::ZERO
        };
        let shown = self.calendar.duration_since(earlier.calendar);
        let back = passed.saturating_sub(shown);
        (back > SLIGHT).then_some(back)
    }
}

/// What they showed; `None` when nobody ever looked.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection) -> Result<Option<Clocks>, DatabaseError> {
    let row: Option<(String, i64, i64)> = connection
        .prepare_cached("SELECT boot, uptime, calendar FROM clock")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    row.map(|(boot, uptime, calendar)| {
        Ok(Clocks { boot, uptime, calendar: timestamp("clock.calendar", calendar)? })
    })
    .transpose()
}

/// Records what they show.
///
/// # Errors
/// When the database cannot be written.
pub fn record(transaction: &Transaction<'_>, clocks: &Clocks) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT INTO clock (id, boot, uptime, calendar) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE
         SET boot = excluded.boot, uptime = excluded.uptime, calendar = excluded.calendar",
        params![clocks.boot, clocks.uptime, clocks.calendar.as_second()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(boot: &str, uptime: i64, calendar: i64) -> Clocks {
        let calendar = Timestamp::from_second(calendar).unwrap();
        Clocks { boot: boot.to_owned(), uptime, calendar }
    }

    #[test]
    fn a_calendar_that_falls_behind_the_time_since_the_start_was_set_back() {
        let before = clocks("a", 100, 5000);
        let back = |now: Clocks| now.set_back_since(&before).map(|back| back.as_secs());
        assert_eq!(back(clocks("a", 160, 5060)), None);
        assert_eq!(back(clocks("a", 160, 9999)), None);
        assert_eq!(back(clocks("a", 160, 5058)), None);
        assert_eq!(back(clocks("a", 160, 1460)), Some(3600));
        assert_eq!(back(clocks("b", 5, 5000)), None);
        assert_eq!(back(clocks("b", 5, 4000)), Some(1000));
    }

    #[test]
    fn what_was_recorded_last_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = crate::ledger::Ledger::open(&folder.path().join("ledger.db")).unwrap();
        assert_eq!(find(ledger.connection()).unwrap(), None);
        for seen in [clocks("a", 1, 2), clocks("b", 3, 4)] {
            ledger.write(|tx| record(tx, &seen)).unwrap();
            assert_eq!(find(ledger.connection()).unwrap(), Some(seen));
        }
    }
}
