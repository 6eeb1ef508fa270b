use dialgate_contract::ledger::Verdict;
use dialgate_contract::{AccountNumber, RequestId};

use crate::protocol::{Digits, Ended, Key};

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
    LoginChecked(Login),
    /// The request is on its way and survives a power cut.
    Enqueued(RequestId),
    /// The request could not be kept.
    EnqueueFailed,
    /// The reconciler decided, and what it opened is open.
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

/// Who is calling, once that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traveller {
    /// The account.
    pub account: AccountNumber,
    /// The IANA name of the zone to say times in; empty for Asterisk's own.
    pub time_zone: String,
}
