use std::net::IpAddr;
use std::time::Duration;

use dialgate_contract::ledger::Verdict;
use dialgate_contract::{AccountNumber, Language, PinHash, RequestId};

use super::Lifetimes;
use crate::protocol::{Digits, Ended, Key, MaxDigits};

/// What came of an [`Action`](super::Action): one for each, or the hang-up that came first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The call was taken.
    Answered,
    /// Something was said, to its end or until this key.
    Played {
        /// The key that cut it short.
        interrupted_by: Option<Key>,
    },
    /// Keys were collected.
    Digits {
        /// Without the `#` at their end.
        digits: Digits,
        /// Why collecting ended.
        ended: Ended,
    },
    /// Account and PIN were checked.
    LoginChecked(Login, Ahead),
    /// It was looked up what is true of the account.
    LookedUp(Standing),
    /// The call goes on in another language.
    LanguageSet,
    /// A new PIN was hashed; `None` when that failed.
    PinHashed(Option<PinHash>),
    /// The request is on its way and survives a power cut.
    Enqueued(RequestId),
    /// The request could not be kept.
    EnqueueFailed,
    /// The reconciler decided, and what it decided is done.
    VerdictSeen(Verdict),
    /// The reconciler has not decided in time.
    VerdictTimedOut,
    /// The caller is gone.
    HungUp,
}

/// What account and PIN are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// They belong together and the account may be used.
    Accepted(Traveller),
    /// Unknown, disabled, malformed or wrong: nobody is told which.
    Rejected,
    /// Too many are waiting to be checked.
    Busy,
    /// They could not be checked.
    Unavailable,
}

/// What was typed while account and PIN were checked: the beginning of the next entry, or all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Without the `#` at their end.
    pub digits: Digits,
    /// A `#` ended them.
    pub is_whole: bool,
}

impl Ahead {
    /// As many as an address has, and its `#`.
    const MOST: usize = 15 + 1;

    /// How many more keys belong to this entry; `None`: it has all that it can have.
    pub(crate) fn room(&self) -> Option<MaxDigits> {
        let room = Self::MOST.saturating_sub(self.digits.len());
        let room = u8::try_from(room).ok().filter(|room| *room > 0 && !self.is_whole)?;
        Some(MaxDigits::clamped(room))
    }

    /// Takes what was collected next. A `#` alone belongs to the entry before.
    pub(crate) fn append(&mut self, digits: &Digits, ended: Ended) {
        self.digits.append(digits);
        self.is_whole = ended == Ended::Hash && !self.digits.is_empty();
    }
}

/// Who is calling, once that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traveller {
    /// The account.
    pub account: AccountNumber,
    /// The IANA name of the zone to say times in; empty for Asterisk's own.
    pub time_zone: String,
}

/// What is true of an account when its traveller calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The language to go on in; `None`: that of the call.
    pub language: Option<Language>,
    /// What is open, the newest first.
    pub open: Vec<OpenAccess>,
    /// What may be chosen.
    pub lifetimes: Lifetimes,
}

/// Access that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAccess {
    /// From where.
    pub address: IpAddr,
    /// For how much longer.
    pub left: Duration,
}
