//! What the kernel was found to be right by, so that the next pass need not look at everybody who is let in again.

use std::time::{Duration, Instant};

use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{loss, revision};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::Reconciler;
use crate::firewall::{Desired, Firewall as _, Observed};
use crate::wanted::{moment, next_end_of_others, wanted_since};

/// How far the calendar may go away from the clock that the kernel's times run by.
const DRIFT: SignedDuration = SignedDuration::from_secs(1);

/// A kernel that was as the ledger said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    /// Of the ledger then.
    revision: i64,
    /// Which reading of the kernel that was, with what we have done since.
    reading: u64,
    /// When something ends next that is no lease.
    ends: Option<Timestamp>,
    /// The calendar and the kernel's clock, when everything was last compared.
    clocks: (Timestamp, Instant),
}

/// What is seen before a pass.
pub(super) struct Begun {
    written: i64,
    clocks: Option<(Timestamp, Instant)>,
}

impl Settled {
    /// What the kernel should hold, as far as it is not known by this to be right.
    pub(super) fn wanted(
        settled: Option<Self>,
        firewall: &Observed,
        connection: &Connection,
        config: &Config,
        now: Timestamp,
    ) -> Result<Desired, DatabaseError> {
        let _moment = moment(connection)?;
        let since = Self::since(settled, firewall, connection, now)?;
        wanted_since(connection, config, now, since)
    }

    /// Since which revision leases have to be looked at; `None` when everything has to.
    fn since(
        settled: Option<Self>,
        firewall: &Observed,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Option<i64>, DatabaseError> {
        let Some(settled) = settled else { return Ok(None) };
        let Some(clock) = firewall.clock() else { return Ok(None) };
        let holds = settled.reading == firewall.readings()
            && settled.ends.is_none_or(|end| now < end)
            && settled.is_in_time(now, clock)
            && revision::of_others(connection)? <= settled.revision
            // A backup was restored: its numbers say nothing of what has changed.
            && settled.revision <= revision::number(connection)?;
        Ok(holds.then_some(settled.revision))
    }

    fn is_in_time(&self, now: Timestamp, clock: Instant) -> bool {
        let (then, before) = self.clocks;
        let gone = clock.checked_duration_since(before).unwrap_or(Duration::MAX);
        SignedDuration::try_from(gone)
            .is_ok_and(|gone| (now.duration_since(then) - gone).abs() <= DRIFT)
    }
}

impl Reconciler {
    pub(super) fn begin(&self, now: Timestamp) -> Result<Begun, DatabaseError> {
        let clocks = self.firewall.clock().map(|clock| (now, clock));
        Ok(Begun { written: self.ledger.data_version()?, clocks })
    }

    /// After a pass that came to its end, of whose changes nothing is left to do.
    pub(super) fn settled(&mut self, begun: &Begun) -> Result<(), DatabaseError> {
        let connection = self.ledger.connection();
        let reading = self.firewall.readings();
        let before = self.settled.take().filter(|settled| settled.reading == reading);
        let (revision, ends) = (revision::number(connection)?, next_end_of_others(connection)?);
        // What somebody wrote before these were read the pass may not have read. Flows that could not be cut may be of a
        // network with many leases in it.
        if self.ledger.data_version()? != begun.written || !loss::all(connection)?.is_empty() {
            return Ok(());
        }
        let clocks = before.map(|settled| settled.clocks).or(begun.clocks);
        self.settled = clocks.map(|clocks| Settled { revision, reading, ends, clocks });
        Ok(())
    }

    /// What the kernel should hold, as far as it is not known to be right.
    pub(super) fn wanted(&self, now: Timestamp) -> Result<Desired, DatabaseError> {
        let connection = self.ledger.connection();
        Settled::wanted(self.settled, &self.firewall, connection, &self.config, now)
    }
}
