//! Whether somebody is told of logins that fail. Told rarely: what comes daily is not read.

use dialgate_contract::ledger::Account;
use jiff::Timestamp;

use super::{Policy, is_stale};

/// Letters about failed logins that an account's owner gets in a day.
const LETTERS_A_DAY: u32 = 3;
/// Alarms that the operator gets in an hour.
const ALARMS_AN_HOUR: u32 = 1;

/// The right to tell somebody once. Only [`about_account`] and [`about_guessing`] make one.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice<'a> {
    whom: Whom<'a>,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom<'a> {
    /// The account's owner.
    Owner(&'a Account),
    /// There is no such account: it is written down, and that is all.
    Nobody,
    /// Whoever runs the site.
    Operators,
}

/// How often somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Of this account, in the last day.
    pub account: u32,
    /// Of all accounts, in the last hour.
    pub all: u32,
}

impl<'a> Notice<'a> {
    /// Who is told.
    #[must_use]
    pub const fn whom(&self) -> Whom<'a> {
        self.whom
    }
}

/// Judges a notice about one account: `account` if there is one. `None` when enough were told.
///
/// What is typed is a stranger's choice, so notices about accounts that do not exist are bounded for all of them
/// together; those about accounts that do exist are bounded by how many they are.
#[must_use]
pub fn about_account<'a>(
    account: Option<&'a Account>,
    requested_at: Timestamp,
    told: Told,
    now: Timestamp,
    policy: &Policy,
) -> Option<Notice<'a>> {
    if is_stale(requested_at, now) || told.account >= LETTERS_A_DAY {
        return None;
    }
    match account {
        Some(account) => Some(Notice { whom: Whom::Owner(account) }),
        None if told.all < policy.site_requests_per_hour() => Some(Notice { whom: Whom::Nobody }),
        None => None,
    }
}

/// Judges a notice that many accounts are tried; `alarms` is how many there were in the last hour. `None` when enough
/// were told.
#[must_use]
pub fn about_guessing(
    requested_at: Timestamp,
    alarms: u32,
    now: Timestamp,
) -> Option<Notice<'static>> {
    let wanted = !is_stale(requested_at, now) && alarms < ALARMS_AN_HOUR;
    wanted.then_some(Notice { whom: Whom::Operators })
}
