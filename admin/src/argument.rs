//! Arguments that may be one thing or another.

use std::net::IpAddr;
use std::num::NonZeroU8;
use std::str::FromStr;

use dialgate_contract::ledger::LeaseId;
use dialgate_contract::{AccountNumber, AccountNumberError, TravellerAddress, Unfit};

/// The number of a new account.
#[derive(Debug, Clone)]
pub(crate) enum NewNumber {
    Auto,
    Number(AccountNumber),
}

/// A value of the account's own, or the site's default.
#[derive(Debug, Clone)]
pub(crate) enum Setting<T> {
    Default,
    Own(T),
}

/// Addresses that an account may have open at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressCount(NonZeroU8);

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("write a number from 1 to 255")]
pub(crate) struct AddressCountError;

/// What is asked about.
#[derive(Debug, Clone)]
pub(crate) enum WhyTarget {
    Account(AccountNumber),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "this is not an address and not an account number: write 12.34.56.78, 2a00:1450:4001:82a::1 or 4711"
)]
pub(crate) struct WhyTargetError;

/// Which leases are meant.
#[derive(Debug, Clone)]
pub(crate) enum LeaseTarget {
    Id(LeaseId),
    Account(AccountNumber),
    Address(TravellerAddress),
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("write an account number, an address such as 12.34.56.78, or a lease such as L17")]
pub(crate) struct LeaseTargetError;

impl FromStr for NewNumber {
    type Err = AccountNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Number) }
    }
}

impl<T: FromStr> FromStr for Setting<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "default" { Ok(Self::Default) } else { text.parse().map(Self::Own) }
    }
}

impl<T> Setting<T> {
    /// `None`: the site's default.
    pub(crate) fn own(self) -> Option<T> {
        match self {
            Self::Default => None,
            Self::Own(own) => Some(own),
        }
    }
}

impl AddressCount {
    pub(crate) const fn get(self) -> NonZeroU8 {
        self.0
    }
}

impl FromStr for AddressCount {
    type Err = AddressCountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| AddressCountError)
    }
}

impl FromStr for WhyTarget {
    type Err = WhyTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse().map(Self::Address);
        address.or_else(|_| text.parse().map(Self::Account)).map_err(|_| WhyTargetError)
    }
}

impl FromStr for LeaseTarget {
    type Err = LeaseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = || text.parse().map(Self::Id).ok();
        let account = || text.parse().map(Self::Account).ok();
        let address = || stored_or_typed(text).map(Self::Address);
        id().or_else(account).or_else(address).ok_or(LeaseTargetError)
    }
}

/// An address as `lease list` shows it, or any one in it.
fn stored_or_typed(text: &str) -> Option<TravellerAddress> {
    match text.parse() {
        Ok(address) => TravellerAddress::new(address, true).ok(),
        Err(_) => TravellerAddress::from_stored(text).ok(),
    }
}

/// Any address; whether a traveller can be there is judged later, with the configuration at hand.
pub(crate) fn address(text: &str) -> Result<IpAddr, Unfit> {
    text.parse().map_err(|_| Unfit::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_an_account_and_an_address_are_told_apart() {
        assert!(matches!("L17".parse(), Ok(LeaseTarget::Id(_))));
        assert!(matches!("4711".parse(), Ok(LeaseTarget::Account(_))));
        for address in
            ["12.34.56.78", "10.0.0.1", "2a00:1450:4001:82a::1", "2a00:1450:4001:82a::/64"]
        {
            assert!(matches!(address.parse(), Ok(LeaseTarget::Address(_))), "{address}");
        }
        for bad in ["", "L", "all", "12.34.56.0/24", "0.0.0.0/0", "127.0.0.1", "12"] {
            assert!(bad.parse::<LeaseTarget>().is_err(), "{bad:?}");
        }
    }
}
