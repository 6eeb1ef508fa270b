use super::tally::STRANGERS;
use super::{AccountKey, DAY, HOUR, Tally, Withheld};

/// How long strangers must let an account rest before a known caller's success begins their count anew.
///
/// Without this, the owner's daily calls would hand out new guesses for as long as an attack goes on.
const REST: i64 = DAY;

/// Attempts in vain are written down this often at most, so that a flood does not wear the disk.
const NOTED_EVERY: i64 = HOUR;

/// What strangers do at one account; one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountBucket {
    /// At which account.
    pub account: AccountKey,
    /// Their failures.
    pub tally: Tally,
    /// When one of them last tried, in seconds since 1970; to the hour where it was in vain. 0: never.
    pub tried_at: i64,
}

impl AccountBucket {
    /// Of an account where no stranger has ever tried.
    #[must_use]
    pub fn new(account: AccountKey) -> Self {
        Self { account, tally: Tally::default(), tried_at: 0 }
    }

    pub(super) fn withheld(&self, now: i64) -> Option<Withheld> {
        self.tally.withheld(&STRANGERS, now)
    }

    pub(super) fn reserve(&mut self, now: i64) {
        self.tally.reserve(now);
        self.tried_at = now;
    }

    pub(super) fn tried_in_vain(&mut self, now: i64) {
        let noted = now.saturating_sub(self.tried_at) < NOTED_EVERY;
        if self.tally.failures > 0 && !noted {
            self.tried_at = now;
        }
    }

    /// A known caller was let in.
    pub(super) fn owner_came(&mut self, now: i64) {
        if now.saturating_sub(self.tried_at) >= REST {
            self.tally.clear();
        }
    }

    pub(super) fn tell(&mut self) -> Option<u32> {
        self.tally.tell(&STRANGERS)
    }

    pub(super) fn settle(&mut self, now: i64) {
        self.tally.settle(now);
        self.tried_at = self.tried_at.min(now);
    }
}
