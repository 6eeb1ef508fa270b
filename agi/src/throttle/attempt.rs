use jiff::Timestamp;

use super::{AccountKey, Caller, Change};

/// Somebody wants to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// With what was typed as an account.
    pub account: AccountKey,
    /// From where.
    pub caller: Caller,
    /// When the operator last unlocked the account; `None`: never, or there is no such account.
    pub unlocked_at: Option<Timestamp>,
}

/// Whether a PIN is looked at, and what to store before it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an attempt that is not stored is not counted"]
pub struct Judged {
    /// Whether.
    pub judgement: Judgement,
    /// The rows that changed: none for most attempts that are withheld.
    pub changes: Vec<Change>,
}

/// Whether a PIN is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Judgement {
    /// It is. It counts as failed until it is recorded as right.
    Evaluate(Reservation),
    /// It is not, and the caller hears the same after the same time as if it were wrong.
    Withhold(Withheld),
}

/// Why a PIN is not looked at. Nothing for the caller to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// Too many failures on end: until the account is reopened.
    Stopped,
    /// Too soon after the last failure.
    Waiting,
    /// Too many failures within a day.
    Day,
    /// Too many failures of this caller.
    Caller,
    /// Too many failures of all strangers.
    Everyone,
}

/// By whose count an attempt is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// That of a caller who was let in at this account before.
    Known,
    /// That of everybody else.
    Stranger,
}

/// An attempt whose PIN is being looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    pub(super) account: AccountKey,
    pub(super) caller: Caller,
    pub(super) door: Door,
    pub(super) at: i64,
}

impl Reservation {
    pub(super) const fn new(attempt: &Attempt, door: Door, at: i64) -> Self {
        Self { account: attempt.account, caller: attempt.caller, door, at }
    }

    /// By whose count it was judged.
    #[must_use]
    pub const fn door(&self) -> Door {
        self.door
    }
}
