use std::fmt;
use std::str::FromStr;

use dialgate_contract::ServiceName;

use super::Family;

/// The name of a set of ours: `dg-<service>-4` or `dg-<service>-6`, 25 characters at most where the kernel takes 31
/// (`IPSET_MAXNAMELEN`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetName {
    service: ServiceName,
    family: Family,
}

/// A text that is not the name of a set of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("our sets are named dg-<service>-4 or dg-<service>-6")]
pub struct SetNameError;

impl SetName {
    /// The name of the set that holds a service's addresses.
    #[must_use]
    pub const fn new(service: ServiceName, family: Family) -> Self {
        Self { service, family }
    }

    /// The service whose addresses the set holds.
    #[must_use]
    pub const fn service(&self) -> &ServiceName {
        &self.service
    }

    /// Which addresses the set holds.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }
}

impl FromStr for SetName {
    type Err = SetNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("dg-").ok_or(SetNameError)?;
        let (service, digit) = rest.rsplit_once('-').ok_or(SetNameError)?;
        let family = match digit {
            "4" => Family::V4,
            "6" => Family::V6,
            _ => return Err(SetNameError),
        };
        let service = service.parse().map_err(|_| SetNameError)?;
        Ok(Self { service, family })
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = match self.family {
            Family::V4 => 4,
            Family::V6 => 6,
        };
        write!(f, "dg-{}-{digit}", self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::SetName;

    #[test]
    fn a_set_of_ours_is_known_by_its_whole_name() {
        for ours in ["dg-sip-4", "dg-abcdefghij0123456789-6"] {
            assert_eq!(ours.parse::<SetName>().unwrap().to_string(), ours);
        }
        for foreign in
            ["", "dg-", "dg-sip", "dg-sip-5", "dg--4", "dg-my-list-4", "dg-SIP-4", "xdg-sip-4"]
        {
            assert!(foreign.parse::<SetName>().is_err(), "{foreign}");
        }
    }
}
