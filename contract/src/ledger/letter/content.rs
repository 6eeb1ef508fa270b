use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger::{Account, Lease};
use crate::{AccountNumber, CallerId, Refusal, ServiceName, TravellerAddress};

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Letter {
    /// To the traveller: access is open.
    Opened {
        /// The traveller's name.
        name: String,
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
        /// The end of the number that was called from, if it was a call.
        caller: Option<String>,
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
            account: account.number.clone(),
            address: lease.address,
            services: lease.services.clone(),
            until: lease.expires_at,
            time_zone: account.time_zone.clone(),
            replaced,
            extended,
            caller: caller.and_then(last_digits),
        }
    }
}

/// Enough of a number for its owner to recognise, not enough to call it; `None` when it was withheld.
fn last_digits(caller: &CallerId) -> Option<String> {
    let text = caller.number()?;
    let skip = text.chars().count().saturating_sub(4);
    Some(text.chars().skip(skip).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_shown_by_the_last_four_digits_only() {
        let shown = |number| last_digits(&CallerId::from_network(number));
        assert_eq!(shown("+493012345678").as_deref(), Some("5678"));
        assert_eq!(shown("12").as_deref(), Some("12"));
        assert_eq!(shown("anonymous"), None);
    }
}
