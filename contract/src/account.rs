use std::collections::BTreeSet;
use std::num::NonZeroU8;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{AccountNumber, Language, Lifetime, ServiceName};

/// A traveller's account, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What the traveller keys in.
    pub number: AccountNumber,
    /// The traveller's name, for letters and lists. No control characters.
    pub name: String,
    /// Where letters go.
    pub email: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// How long its leases last; `None`: the site's default.
    pub lifetime: Option<Lifetime>,
    /// How long they last at most; `None`: what the site allows.
    pub longest: Option<Lifetime>,
    /// Addresses open at a time at most; `None`: as many as the site allows.
    pub addresses: Option<NonZeroU8>,
    /// The IANA name of the traveller's time zone; `None`: the machine's.
    pub time_zone: Option<String>,
    /// The language of calls and letters; `None`: what the call has.
    pub language: Option<Language>,
    /// When the operator last forgave failed logins.
    pub unlocked_at: Option<Timestamp>,
    /// What it opens.
    pub services: BTreeSet<ServiceName>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// An account that may be used, with the site's defaults.
    #[must_use]
    pub const fn new(
        number: AccountNumber,
        name: String,
        email: String,
        services: BTreeSet<ServiceName>,
        created_at: Timestamp,
    ) -> Self {
        Self {
            number,
            name,
            email,
            enabled: true,
            lifetime: None,
            longest: None,
            addresses: None,
            time_zone: None,
            language: None,
            unlocked_at: None,
            services,
            created_at,
        }
    }

    /// The time zone to tell the traveller times in.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.time_zone
            .as_deref()
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(TimeZone::system)
    }
}
