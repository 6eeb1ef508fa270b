use super::tally::KNOWN;
use super::{AccountKey, CallerKey, DAY, Tally, Withheld};

/// How long an account knows a caller after its last success.
pub(super) const KNOWN_FOR: i64 = 180 * DAY;
/// How many callers an account knows.
pub(super) const KEPT: usize = 5;

/// A caller that was let in at an account; one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCaller {
    /// At which account.
    pub account: AccountKey,
    /// Who.
    pub caller: CallerKey,
    /// When it was last let in, in seconds since 1970.
    pub succeeded_at: i64,
    /// Its failures there since.
    pub tally: Tally,
}

impl KnownCaller {
    pub(super) fn new(account: AccountKey, caller: CallerKey, now: i64) -> Self {
        Self { account, caller, succeeded_at: now, tally: Tally::default() }
    }

    pub(super) fn is_known(&self, now: i64) -> bool {
        now.saturating_sub(self.succeeded_at) < KNOWN_FOR
    }

    pub(super) fn withheld(&self, now: i64) -> Option<Withheld> {
        self.tally.withheld(&KNOWN, now)
    }

    pub(super) fn succeeded(&mut self, now: i64) {
        self.succeeded_at = now;
        self.tally.succeeded();
    }

    pub(super) fn tell(&mut self) -> Option<u32> {
        self.tally.tell(&KNOWN)
    }

    pub(super) fn settle(&mut self, now: i64) {
        self.tally.settle(now);
        self.succeeded_at = self.succeeded_at.min(now);
    }
}
