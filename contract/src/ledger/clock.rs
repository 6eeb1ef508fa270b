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
        let back = self.behind(earlier);
        (back > SLIGHT).then_some(back)
    }

    /// Whether the calendar was set at all since `earlier`, forward or back: whoever goes on by it has to write it down.
    #[must_use]
    pub fn is_set_since(&self, earlier: &Self) -> bool {
        self.boot != earlier.boot || self.drift(earlier).abs() > SLIGHT
    }

    fn behind(&self, earlier: &Self) -> SignedDuration {
        self.drift(earlier).max(SignedDuration::ZERO)
    }

    /// How far the calendar fell behind; less than nothing when it is ahead.
    fn drift(&self, earlier: &Self) -> SignedDuration {
        let passed = if self.boot == earlier.boot {
            SignedDuration::from_secs(self.uptime.saturating_sub(earlier.uptime).max(0))
        } else {
            SignedDuration::ZERO
        };
        let shown = self.calendar.duration_since(earlier.calendar);
        passed.saturating_sub(shown)
    }

    /// The same, as if the calendar had not fallen behind `earlier` slightly: many slight steps add up to one that is
    /// not.
    fn without_slight(&self, earlier: &Self) -> Self {
        let behind = self.behind(earlier);
        let behind = if behind > SLIGHT { SignedDuration::ZERO } else { behind };
        let calendar = self.calendar.saturating_add(behind).unwrap_or(self.calendar);
        Self { calendar, ..self.clone() }
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

/// Records what they show. Where the calendar was set back, every end in the ledger is set back as far, so that nothing
/// lasts longer than it was to, but for who is denied over a start of the machine; the answer is how far that was.
///
/// # Errors
/// When the database cannot be read or written.
pub fn keep(
    transaction: &Transaction<'_>,
    clocks: &Clocks,
) -> Result<Option<SignedDuration>, DatabaseError> {
    let Some(earlier) = find(transaction)? else {
        record(transaction, clocks)?;
        return Ok(None);
    };
    let back = clocks.set_back_since(&earlier);
    if let Some(back) = back {
        set_back(transaction, back)?;
        if clocks.boot == earlier.boot {
            set_denials_back(transaction, back)?;
        }
    }
    record(transaction, &clocks.without_slight(&earlier))?;
    Ok(back)
}

/// Beginnings go with the ends: what lasts no longer than it ever did is told by both.
fn set_back(transaction: &Transaction<'_>, back: SignedDuration) -> Result<(), DatabaseError> {
    for statement in [
        "UPDATE lease SET opened_at = opened_at - ?1, expires_at = expires_at - ?1, used_at = used_at - ?1 WHERE ended_at IS NULL",
        "UPDATE allow SET created_at = created_at - ?1, expires_at = expires_at - ?1",
        "UPDATE host SET asked_at = asked_at - ?1",
        "UPDATE host_address SET answered_at = answered_at - ?1",
        "UPDATE loss SET due_at = due_at - ?1",
        "UPDATE ended SET ended_at = ended_at - ?1",
        "UPDATE base_policy SET since = since - ?1, trial_ends = trial_ends - ?1",
        "UPDATE letter SET due_at = due_at - ?1 WHERE sent_at IS NULL AND dead_at IS NULL",
    ] {
        transaction.execute(statement, [back.as_secs()])?;
    }
    Ok(())
}

/// Not after a start: a machine without a clock of its own starts with a calendar of long ago, and who is kept out is not
/// to come in as soon as the network tells the time.
fn set_denials_back(
    transaction: &Transaction<'_>,
    back: SignedDuration,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE deny SET created_at = created_at - ?1, expires_at = expires_at - ?1",
        [back.as_secs()],
    )?;
    Ok(())
}

fn record(transaction: &Transaction<'_>, clocks: &Clocks) -> Result<(), DatabaseError> {
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
    use crate::ledger::Ledger;

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
        let is_set = |now: Clocks| now.is_set_since(&before);
        assert!(is_set(clocks("a", 160, 9999)) && is_set(clocks("a", 160, 1460)));
        assert!(is_set(clocks("b", 5, 5000)) && !is_set(clocks("a", 160, 5061)));
    }

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        (folder, ledger)
    }

    #[test]
    fn what_was_recorded_last_is_found() {
        let (_folder, mut ledger) = ledger();
        assert_eq!(find(ledger.connection()).unwrap(), None);
        for seen in [clocks("a", 1, 2), clocks("b", 3, 4)] {
            assert_eq!(ledger.write(|tx| keep(tx, &seen)).unwrap(), None);
            assert_eq!(find(ledger.connection()).unwrap(), Some(seen));
        }
    }

    #[test]
    fn every_end_goes_back_with_the_calendar() {
        let (_folder, mut ledger) = ledger();
        for statement in [
            "INSERT INTO lease (account, address, services, opened_at, expires_at)
             VALUES ('4711', '12.34.56.78', 'sip', 5000, 9000)",
            "INSERT INTO lease (account, address, services, opened_at, expires_at, ended_at, ended_by)
             VALUES ('4711', '12.34.56.79', 'sip', 5000, 9000, 6000, 'revoked')",
            "INSERT INTO allow VALUES ('a.net', 'sip', '', 9000, 5000), ('b.net', 'sip', '', NULL, 5000)",
            "INSERT INTO deny VALUES ('12.34.56.80', '', 9000, 5000)",
            "INSERT INTO host VALUES ('a.net', 5000, NULL)",
            "INSERT INTO host_address VALUES ('a.net', '12.34.56.1', 5000)",
            "INSERT INTO ended VALUES ('12.34.56.79', 5000)",
            "INSERT INTO base_policy VALUES (1, 5000, 5060, '', '', NULL, NULL)",
        ] {
            ledger.write(|tx| tx.execute(statement, []).map_err(DatabaseError::from)).unwrap();
        }
        assert_eq!(ledger.write(|tx| keep(tx, &clocks("a", 0, 5000))).unwrap(), None);
        let back = ledger.write(|tx| keep(tx, &clocks("a", 10, 4010))).unwrap();
        assert_eq!(back, Some(SignedDuration::from_secs(1000)));
        for (query, expected) in [
            (
                "SELECT group_concat(opened_at || ' ' || expires_at) FROM lease",
                "4000 8000,5000 9000",
            ),
            ("SELECT group_concat(coalesce(expires_at, '-')) FROM allow", "8000,-"),
            ("SELECT expires_at || ' ' || created_at FROM deny", "8000 4000"),
            ("SELECT asked_at || ' ' || answered_at FROM host, host_address", "4000 4000"),
            ("SELECT ended_at || '' FROM ended", "4000"),
            ("SELECT since || ' ' || trial_ends FROM base_policy", "4000 4060"),
        ] {
            let found: String = ledger.connection().query_row(query, [], |row| row.get(0)).unwrap();
            assert_eq!(found, expected, "{query}");
        }
        assert_eq!(ledger.write(|tx| keep(tx, &clocks("a", 20, 4020))).unwrap(), None);
    }

    #[test]
    fn nobody_is_kept_out_for_less_long_because_a_machine_starts_with_a_calendar_of_long_ago() {
        let (_folder, mut ledger) = ledger();
        let deny = "INSERT INTO deny VALUES ('12.34.56.80', '', 9000, 5000)";
        ledger.write(|tx| tx.execute(deny, []).map_err(DatabaseError::from)).unwrap();
        ledger.write(|tx| keep(tx, &clocks("a", 100, 6000))).unwrap();
        // Until the network tells the time.
        assert!(ledger.write(|tx| keep(tx, &clocks("b", 5, 0))).unwrap().is_some());
        ledger.write(|tx| keep(tx, &clocks("b", 20, 6100))).unwrap();
        let end: i64 = ledger
            .connection()
            .query_row("SELECT expires_at FROM deny", [], |row| row.get(0))
            .unwrap();
        assert_eq!(end, 9000);
    }

    #[test]
    fn slight_steps_back_add_up() {
        let (_folder, mut ledger) = ledger();
        let mut back = 0;
        for step in 0..10 {
            // Two seconds of every ten are taken back.
            let seen = clocks("a", step * 10, 5000 + step * 8);
            let kept = ledger.write(|tx| keep(tx, &seen)).unwrap();
            back += kept.map_or(0, |back| back.as_secs());
            assert!(step * 2 - back <= 3, "{back} of {}", step * 2);
        }
    }
}
