use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger::{Account, Lease};
use crate::{AccountNumber, CallerId, Language, Refusal, ServiceName, TravellerAddress};

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Letter {
    /// To the traveller: access is open.
    Opened {
        /// The traveller's name.
        name: String,
        /// What it is written in; `None`: English.
        language: Option<Language>,
        /// Whose access.
        account: AccountNumber,
        /// From where.
        address: TravellerAddress,
        /// To what.
        services: BTreeSet<ServiceName>,
        /// Until when.
        until: Timestamp,
        /// The IANA name of the time zone to say that in; `None`: the machine's.
        time_zone: Option<String>,
        /// The address whose access ended for this one, if any.
        replaced: Option<TravellerAddress>,
        /// Whether it was open already and now lasts longer.
        extended: bool,
        /// The end of the number that was called from, empty when it was withheld; `None`: by the operator.
        caller: Option<String>,
    },
    /// To the traveller: access was closed by telephone.
    Closed {
        /// The traveller's name.
        name: String,
        /// What it is written in; `None`: English.
        language: Option<Language>,
        /// Whose access.
        account: AccountNumber,
        /// From where it was open.
        addresses: Vec<TravellerAddress>,
        /// The end of the number that was called from.
        caller: Option<String>,
    },
    /// To the traveller: the PIN was changed by telephone.
    PinChanged {
        /// The traveller's name.
        name: String,
        /// What it is written in; `None`: English.
        language: Option<Language>,
        /// Whose PIN.
        account: AccountNumber,
        /// The end of the number that was called from.
        caller: Option<String>,
    },
    /// To the traveller: logins to the account keep failing.
    FailedLogins {
        /// The traveller's name.
        name: String,
        /// What it is written in; `None`: English.
        language: Option<Language>,
        /// Whose account.
        account: AccountNumber,
        /// How many on end.
        failures: u32,
        /// When the last was.
        at: Timestamp,
        /// The IANA name of the time zone to say that in; `None`: the machine's.
        time_zone: Option<String>,
    },
    /// To the traveller: access ends soon.
    Reminder {
        /// The traveller's name.
        name: String,
        /// What it is written in; `None`: English.
        language: Option<Language>,
        /// Whose access.
        account: AccountNumber,
        /// From where.
        address: TravellerAddress,
        /// Until when.
        until: Timestamp,
        /// The IANA name of the time zone to say that in; `None`: the machine's.
        time_zone: Option<String>,
    },
    /// To the traveller: access ended because nobody used it.
    Unused {
        /// The traveller's name.
        name: String,
        /// What it is written in; `None`: English.
        language: Option<Language>,
        /// Whose access.
        account: AccountNumber,
        /// From where it was open.
        address: TravellerAddress,
        /// Since when nobody used it, to within some minutes.
        since: Timestamp,
        /// The IANA name of the time zone to say that in; `None`: the machine's.
        time_zone: Option<String>,
    },
    /// To the operator: logins to many accounts keep failing.
    Guessing {
        /// How many in the last hour.
        failures: u32,
        /// When the last was.
        at: Timestamp,
    },
    /// To the operator: somebody else keeps changing the firewall back.
    Contested {
        /// How often it was put right.
        heals: u32,
        /// When it was for the first time.
        since: Timestamp,
        /// When it was last.
        at: Timestamp,
        /// What was done then, and where that is known, which programs had changed it. Not fit for anything but reading.
        found: String,
    },
    /// To whoever is to see that letters arrive.
    Test {
        /// When it was asked for.
        at: Timestamp,
    },
    /// To the operator: a request was refused.
    Refused {
        /// As typed; there may be no such account.
        account: AccountNumber,
        /// As typed, and not fit for anything but reading.
        address: String,
        /// Why.
        refusal: Refusal,
        /// The number that was called from.
        caller: String,
        /// When.
        at: Timestamp,
    },
}

impl Letter {
    /// To the traveller, about a lease that has just been opened or extended.
    #[must_use]
    pub fn opened(
        account: &Account,
        lease: &Lease,
        replaced: Option<TravellerAddress>,
        extended: bool,
        caller: Option<&CallerId>,
    ) -> Self {
        Self::Opened {
            name: account.name.clone(),
            language: account.language,
            account: account.number.clone(),
            address: lease.address,
            services: lease.services.clone(),
            until: lease.expires_at,
            time_zone: account.time_zone.clone(),
            replaced,
            extended,
            caller: caller.map(last_digits),
        }
    }

    /// To the traveller, about access that was closed by a call.
    #[must_use]
    pub fn closed(account: &Account, addresses: Vec<TravellerAddress>, caller: &CallerId) -> Self {
        Self::Closed {
            name: account.name.clone(),
            language: account.language,
            account: account.number.clone(),
            addresses,
            caller: Some(last_digits(caller)),
        }
    }

    /// To the traveller, about a PIN that was changed by a call.
    #[must_use]
    pub fn pin_changed(account: &Account, caller: &CallerId) -> Self {
        Self::PinChanged {
            name: account.name.clone(),
            language: account.language,
            account: account.number.clone(),
            caller: Some(last_digits(caller)),
        }
    }

    /// To the traveller, about a lease that ends soon.
    #[must_use]
    pub fn reminder(account: &Account, lease: &Lease) -> Self {
        Self::Reminder {
            name: account.name.clone(),
            language: account.language,
            account: account.number.clone(),
            address: lease.address,
            until: lease.expires_at,
            time_zone: account.time_zone.clone(),
        }
    }

    /// To the traveller, about access that ended because nobody used it.
    #[must_use]
    pub fn unused(account: &Account, address: TravellerAddress, since: Timestamp) -> Self {
        Self::Unused {
            name: account.name.clone(),
            language: account.language,
            account: account.number.clone(),
            address,
            since,
            time_zone: account.time_zone.clone(),
        }
    }

    /// To the traveller, about logins that keep failing.
    #[must_use]
    pub fn failed_logins(account: &Account, failures: u32, at: Timestamp) -> Self {
        Self::FailedLogins {
            name: account.name.clone(),
            language: account.language,
            account: account.number.clone(),
            failures,
            at,
            time_zone: account.time_zone.clone(),
        }
    }
}

/// Enough of a number for its owner to recognise, not enough to call it; nothing when it was withheld.
fn last_digits(caller: &CallerId) -> String {
    let text = caller.number().unwrap_or_default();
    let skip = text.chars().count().saturating_sub(4);
    text.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_shown_by_the_last_four_digits_only() {
        let shown = |number| last_digits(&CallerId::from_network(number));
        assert_eq!(shown("+493012345678"), "5678");
        assert_eq!(shown("12"), "12");
        assert_eq!(shown("anonymous"), "");
    }
}
