use std::fmt;
use std::str::FromStr;

use dialgate_contract::ServiceName;

use super::Family;

/// The name of a set of ours: `dg-<purpose>-4` or `dg-<purpose>-6`, 25 characters at most where the kernel takes 31
/// (`IPSET_MAXNAMELEN`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetName {
    purpose: Purpose,
    family: Family,
}

/// What it means to be in a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// To be kept out of everything: `deny`.
    Deny,
    /// To have lost a right lately, and not to answer what this machine still sends: `ended`.
    Ended,
    /// To reach everything while the base policy is on: `lan`.
    Lan,
    /// To reach a service, whose name it is.
    Service(ServiceName),
    /// To be kept out by a base policy that is only tried: `trial`. It holds everybody.
    Trial,
}

/// A text that is not the name of a set of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("our sets are named dg-<service>-4 or dg-<service>-6")]
pub struct SetNameError;

impl SetName {
    /// The name of a set.
    #[must_use]
    pub const fn new(purpose: Purpose, family: Family) -> Self {
        Self { purpose, family }
    }

    /// What it means to be in it.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// The service whose addresses the set holds.
    #[must_use]
    pub const fn service(&self) -> Option<&ServiceName> {
        match &self.purpose {
            Purpose::Service(service) => Some(service),
            Purpose::Deny | Purpose::Ended | Purpose::Lan | Purpose::Trial => None,
        }
    }

    /// Which addresses the set holds.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Whether an address in it is let in, rather than kept out.
    #[must_use]
    pub const fn lets_in(&self) -> bool {
        matches!(self.purpose, Purpose::Service(_) | Purpose::Lan)
    }

    /// Whether who is to be in it is kept out by the closing steps, before anything else.
    pub(super) const fn closes(&self) -> bool {
        matches!(self.purpose, Purpose::Deny | Purpose::Ended)
    }
}

impl FromStr for Purpose {
    type Err = SetNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "deny" => Ok(Self::Deny),
            "ended" => Ok(Self::Ended),
            "lan" => Ok(Self::Lan),
            "trial" => Ok(Self::Trial),
            service => service.parse().map(Self::Service).map_err(|_| SetNameError),
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Deny => "deny",
            Self::Ended => "ended",
            Self::Lan => "lan",
            Self::Trial => "trial",
            Self::Service(service) => service.as_str(),
        })
    }
}

impl FromStr for SetName {
    type Err = SetNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("dg-").ok_or(SetNameError)?;
        let (purpose, digit) = rest.rsplit_once('-').ok_or(SetNameError)?;
        let family = match digit {
            "4" => Family::V4,
            "6" => Family::V6,
            _ => return Err(SetNameError),
        };
        Ok(Self { purpose: purpose.parse()?, family })
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = match self.family {
            Family::V4 => 4,
            Family::V6 => 6,
        };
        write!(f, "dg-{}-{digit}", self.purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_ours_is_known_by_its_whole_name() {
        for ours in ["dg-sip-4", "dg-abcdefghij0123456789-6", "dg-deny-4", "dg-lan-6"] {
            assert_eq!(ours.parse::<SetName>().unwrap().to_string(), ours);
        }
        for foreign in
            ["", "dg-", "dg-sip", "dg-sip-5", "dg--4", "dg-my-list-4", "dg-SIP-4", "xdg-sip-4"]
        {
            assert!(foreign.parse::<SetName>().is_err(), "{foreign}");
        }
    }

    #[test]
    fn every_reserved_word_is_a_purpose_of_its_own() {
        for word in ServiceName::RESERVED {
            let purpose: Purpose = word.parse().unwrap();
            assert_eq!(purpose.to_string(), word);
            assert_eq!(SetName::new(purpose, Family::V4).service(), None);
        }
    }
}
