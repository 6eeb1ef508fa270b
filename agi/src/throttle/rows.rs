use jiff::Timestamp;

use super::known::KEPT;
use super::{
    AccountBucket, AccountKey, Caller, CallerBucket, CallerKey, Door, EveryoneBucket, KnownCaller,
    Reservation, Withheld,
};

/// What is stored that concerns one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// What strangers did at the account.
    pub account: AccountBucket,
    /// All callers that the account knows.
    pub known: Vec<KnownCaller>,
    /// What the caller did as a stranger.
    pub caller: CallerBucket,
    /// What all strangers did.
    pub everyone: EveryoneBucket,
}

/// A row to store in place of the one with its key, or to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Key: the account.
    Account(AccountBucket),
    /// Key: account and caller.
    Known(KnownCaller),
    /// Removes a [`KnownCaller`].
    NotKnown(AccountKey, CallerKey),
    /// Key: the caller.
    Caller(CallerBucket),
    /// The one row of its table.
    Everyone(EveryoneBucket),
}

impl Rows {
    /// As if nothing were stored yet.
    #[must_use]
    pub fn new(account: AccountKey, caller: Caller) -> Self {
        Self {
            account: AccountBucket::new(account),
            known: Vec::new(),
            caller: CallerBucket::new(caller),
            everyone: EveryoneBucket::default(),
        }
    }

    /// As they are by now: no time lies in the future, and the operator's unlocking is heeded.
    pub(super) fn settled(&self, unlocked_at: Option<Timestamp>, now: i64) -> Self {
        let unlocked_at = unlocked_at.map(Timestamp::as_second);
        let mut rows = self.settled_clock(now);
        rows.account.tally.unlock(unlocked_at);
        rows.known.iter_mut().for_each(|known| known.tally.unlock(unlocked_at));
        rows
    }

    /// As they are by now, but for the operator's unlocking.
    pub(super) fn settled_clock(&self, now: i64) -> Self {
        let mut rows = self.clone();
        rows.account.settle(now);
        rows.known.iter_mut().for_each(|known| known.settle(now));
        rows.caller.settle(now);
        rows.everyone.settle(now);
        rows
    }

    pub(super) fn door(&self, caller: Caller, now: i64) -> Door {
        let known = self.known.iter().any(|known| is(known, caller) && known.is_known(now));
        if known { Door::Known } else { Door::Stranger }
    }

    pub(super) fn known_mut(&mut self, caller: Caller) -> Option<&mut KnownCaller> {
        self.known.iter_mut().find(|known| is(known, caller))
    }

    pub(super) fn withheld(&self, door: Door, caller: Caller, now: i64) -> Option<Withheld> {
        match door {
            Door::Known => self.known.iter().find(|known| is(known, caller))?.withheld(now),
            Door::Stranger => self
                .account
                .withheld(now)
                .or_else(|| self.caller.withheld(now))
                .or_else(|| self.everyone.withheld(now)),
        }
    }

    pub(super) fn reserve(&mut self, door: Door, caller: Caller, now: i64) {
        match door {
            Door::Known => {
                if let Some(known) = self.known_mut(caller) {
                    known.tally.reserve(now);
                }
            }
            Door::Stranger => {
                self.account.reserve(now);
                self.caller.reserve(now);
                self.everyone.reserve(now);
            }
        }
    }

    pub(super) fn take_back(&mut self, reservation: &Reservation) {
        match reservation.door {
            Door::Known => {
                if let Some(known) = self.known_mut(reservation.caller) {
                    known.tally.take_back(reservation.at);
                }
            }
            Door::Stranger => {
                self.account.tally.take_back(reservation.at);
                self.caller.take_back(reservation.at);
                self.everyone.take_back(reservation.at);
            }
        }
    }

    pub(super) fn tried_in_vain(&mut self, door: Door, now: i64) {
        match door {
            Door::Known => {}
            Door::Stranger => self.account.tried_in_vain(now),
        }
    }

    /// The account knows this caller from now on. Where it knows too many, it forgets who was away longest.
    pub(super) fn become_known(&mut self, caller: CallerKey, now: i64) {
        let account = self.account.account;
        self.known.retain(|known| known.caller != caller);
        self.known.sort_by_key(|known| std::cmp::Reverse(known.succeeded_at));
        self.known.truncate(KEPT.saturating_sub(1));
        self.known.push(KnownCaller::new(account, caller, now));
    }

    pub(super) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let gone = before
            .known
            .iter()
            .filter(|old| !self.known.iter().any(|known| known.caller == old.caller));
        let known = self.known.iter().filter(|known| !before.known.contains(known));
        let account = (self.account != before.account).then(|| self.account.clone());
        let caller = (self.caller != before.caller).then(|| self.caller.clone());
        let everyone = (self.everyone != before.everyone).then(|| self.everyone.clone());
        gone.map(|old| Change::NotKnown(old.account, old.caller))
            .chain(known.cloned().map(Change::Known))
            .chain(account.map(Change::Account))
            .chain(caller.map(Change::Caller))
            .chain(everyone.map(Change::Everyone))
            .collect()
    }
}

fn is(known: &KnownCaller, caller: Caller) -> bool {
    Caller::Number(known.caller) == caller
}
