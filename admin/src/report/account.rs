//! Accounts, as JSON shows them.

use std::collections::BTreeSet;
use std::num::NonZeroU8;

use dialgate_contract::ledger::Account;
use dialgate_contract::{AccountNumber, Language, Lifetime, ServiceName, Terms};
use dialgate_pin::Pin;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::LeaseRow;

#[derive(Debug, Serialize)]
pub(crate) struct AccountRow {
    pub(crate) account: AccountNumber,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) services: BTreeSet<ServiceName>,
    pub(crate) enabled: bool,
    /// `None`: the site's default.
    pub(crate) lease: Option<Lifetime>,
    /// `None`: what the site allows.
    pub(crate) max: Option<Lifetime>,
    /// `None`: as many as the site allows.
    pub(crate) addresses: Option<NonZeroU8>,
    /// `None`: the machine's.
    pub(crate) time_zone: Option<String>,
    /// `None`: the call's own.
    pub(crate) language: Option<Language>,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct AccountDetails {
    #[serde(flatten)]
    pub(crate) account: AccountRow,
    pub(crate) terms: TermsRow,
    /// The open ones.
    pub(crate) leases: Vec<LeaseRow>,
}

/// What holds for an account, by all limits together.
#[derive(Debug, Serialize)]
pub(crate) struct TermsRow {
    pub(crate) lease: Lifetime,
    pub(crate) max: Lifetime,
    /// Whose limit that is, such as `lease.max` or `service ssh`.
    pub(crate) max_by: String,
    pub(crate) addresses: u8,
}

#[derive(Debug, Serialize)]
pub(crate) struct AccountChange {
    #[serde(skip)]
    pub(crate) done: &'static str,
    #[serde(flatten)]
    pub(crate) account: AccountRow,
    /// The PIN that was generated, for this one time.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "reveal")]
    pub(crate) pin: Option<Pin>,
    /// The leases that this ended.
    pub(crate) ended: Vec<LeaseRow>,
    /// The leases that end earlier by this.
    pub(crate) shortened: Vec<LeaseRow>,
}

impl From<Account> for AccountRow {
    fn from(account: Account) -> Self {
        Self {
            account: account.number,
            name: account.name,
            email: account.email,
            services: account.services,
            enabled: account.enabled,
            lease: account.lifetime,
            max: account.longest,
            addresses: account.addresses,
            time_zone: account.time_zone,
            language: account.language,
            created_at: account.created_at,
        }
    }
}

impl From<Terms> for TermsRow {
    fn from(terms: Terms) -> Self {
        Self {
            lease: terms.usual(),
            max: terms.longest(),
            max_by: terms.limit().to_string(),
            addresses: terms.addresses(),
        }
    }
}

impl AccountChange {
    pub(crate) const fn new(done: &'static str, account: AccountRow) -> Self {
        Self { done, account, pin: None, ended: Vec::new(), shortened: Vec::new() }
    }
}

fn reveal<S: Serializer>(pin: &Option<Pin>, serializer: S) -> Result<S::Ok, S::Error> {
    match pin {
        Some(pin) => serializer.serialize_str(pin.reveal()),
        None => serializer.serialize_none(),
    }
}
