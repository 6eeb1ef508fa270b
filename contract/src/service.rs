use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Lifetime;
use crate::text_enum::text_enum;

/// The name of something an account may be given access to: `a` to `z`, `0` to `9`, at most 20 characters, a letter
/// first. It is part of set names in the kernel, which have 31 at most (`IPSET_MAXNAMELEN`), and so none of
/// [`ServiceName::RESERVED`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceName(Arc<str>);

/// What a service opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// How accounts and sets name it.
    pub name: ServiceName,
    /// What it opens.
    pub ports: Ports,
    /// How long a lease with it lasts at most; `None`: what the site allows.
    pub longest: Option<Lifetime>,
}

/// The ports a service opens: all of them, or at least one range. Written `all` or `udp:5060-5069 tcp:443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ports {
    /// Every protocol and port.
    All,
    /// These ranges; those of a service are never empty.
    Ranges(BTreeSet<PortRange>),
}

/// Consecutive ports of one protocol. Written `udp:5060-5069`, or `tcp:443` for a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortRange {
    protocol: Protocol,
    first: u16,
    last: u16,
}

text_enum! {
    /// A transport protocol with ports.
    pub enum Protocol ("protocol") {
        /// Transmission Control Protocol.
        Tcp = "tcp",
        /// User Datagram Protocol.
        Udp = "udp",
    }
}

/// Why a text is not a service name or not ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// Not a [`ServiceName`].
    #[error(
        "a service name is 1 to 20 characters of a-z and 0-9 and begins with a letter, such as sip"
    )]
    Name,
    /// One of [`ServiceName::RESERVED`].
    #[error("{0} names sets of dialgate's own in the kernel: give the service another name")]
    Reserved(&'static str),
    /// Not [`Ports`].
    #[error(
        "ports are written all, or as a list such as udp:5060-5069,tcp:443 with ports from 1 to 65535"
    )]
    Ports,
}

impl Service {
    /// A service without a limit of its own.
    #[must_use]
    pub const fn new(name: ServiceName, ports: Ports) -> Self {
        Self { name, ports, longest: None }
    }
}

impl ServiceName {
    /// Names of sets that belong to no service: the deny list, whose rights ended lately, the base policy's networks and
    /// its trial.
    pub const RESERVED: [&'static str; 4] = ["deny", "ended", "lan", "trial"];

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(reserved) = Self::RESERVED.into_iter().find(|reserved| *reserved == text) {
            return Err(ServiceError::Reserved(reserved));
        }
        let letter_first = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if letter_first && plain && text.len() <= 20 {
            Ok(Self(text.into()))
        } else {
            Err(ServiceError::Name)
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl PortRange {
    /// Whether a port is in it.
    #[must_use]
    pub fn contains(self, protocol: Protocol, port: u16) -> bool {
        self.protocol == protocol && (self.first..=self.last).contains(&port)
    }

    /// The protocol.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        self.protocol
    }

    /// The first port of the range.
    #[must_use]
    pub const fn first(self) -> u16 {
        self.first
    }

    /// The last port of the range, at least the first.
    #[must_use]
    pub const fn last(self) -> u16 {
        self.last
    }
}

impl FromStr for PortRange {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (protocol, ports) = text.split_once(':').ok_or(ServiceError::Ports)?;
        let protocol = protocol.parse().map_err(|_| ServiceError::Ports)?;
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let (first, last) = (port(first)?, port(last)?);
        if first <= last { Ok(Self { protocol, first, last }) } else { Err(ServiceError::Ports) }
    }
}

fn port(text: &str) -> Result<u16, ServiceError> {
    match text.parse() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(ServiceError::Ports),
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}:{}", self.protocol, self.first)
        } else {
            write!(f, "{}:{}-{}", self.protocol, self.first, self.last)
        }
    }
}

impl Ports {
    /// None at all: a service has at least one.
    #[must_use]
    pub const fn none() -> Self {
        Self::Ranges(BTreeSet::new())
    }

    /// Whether a port is among them.
    #[must_use]
    pub fn contain(&self, protocol: Protocol, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::Ranges(ranges) => ranges.iter().any(|range| range.contains(protocol, port)),
        }
    }

    /// Whether all of `others` are among them.
    #[must_use]
    pub fn cover(&self, others: &Self) -> bool {
        match (self, others) {
            (Self::All, _) => true,
            (Self::Ranges(_), Self::All) => false,
            (Self::Ranges(ranges), Self::Ranges(others)) => {
                others.iter().all(|other| cover(ranges, *other))
            }
        }
    }

    /// These and the others.
    #[must_use]
    pub fn and(self, others: &Self) -> Self {
        match (self, others) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Ranges(mut ranges), Self::Ranges(others)) => {
                ranges.extend(others);
                Self::Ranges(ranges)
            }
        }
    }
}

/// Ranges come in the order of their first ports, so that one walk finds the first port that is in none.
fn cover(ranges: &BTreeSet<PortRange>, other: PortRange) -> bool {
    let mut missing = other.first;
    for range in ranges {
        if !range.contains(other.protocol, missing) {
            continue;
        }
        if range.last >= other.last {
            return true;
        }
        missing = range.last.saturating_add(1);
    }
    false
}

impl FromStr for Ports {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::All);
        }
        let ranges: BTreeSet<PortRange> = text
            .split([' ', ','])
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if ranges.is_empty() { Err(ServiceError::Ports) } else { Ok(Self::Ranges(ranges)) }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.pad("all"),
            Self::Ranges(ranges) => {
                f.pad(&ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

crate::text_enum::serde_as_text!(ServiceName);
crate::text_enum::serde_as_text!(Ports);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_read_back_as_they_were_written() {
        for text in ["all", "udp:5060-5069", "tcp:80 tcp:443 udp:53", "tcp:1-65535"] {
            assert_eq!(text.parse::<Ports>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_not_ports() {
        for bad in [
            "",
            " ",
            "5060",
            "udp:",
            "udp:0",
            "udp:9-8",
            "udp:65536",
            "icmp:1",
            "udp:+5",
            "udp:1-2-3",
            "udp:5060;",
        ] {
            assert!(bad.parse::<Ports>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ports_cover_others_that_are_among_them_in_one_range_or_several() {
        let ports = |text: &str| text.parse::<Ports>().unwrap();
        let several = ports("udp:10-20 udp:15-30 udp:31 tcp:1-65535");
        for among in ["udp:10-31", "udp:20-30", "udp:31 tcp:65535"] {
            assert!(several.cover(&ports(among)) && Ports::All.cover(&ports(among)), "{among}");
        }
        for beyond in ["udp:9-31", "udp:10-32", "udp:40", "all"] {
            assert!(!several.cover(&ports(beyond)), "{beyond}");
        }
        assert!(Ports::none().cover(&Ports::none()) && !Ports::none().cover(&several));
        assert!(several.contain(Protocol::Udp, 31) && !several.contain(Protocol::Udp, 32));
        assert_eq!(ports("udp:1").and(&ports("tcp:1")), ports("tcp:1 udp:1"));
        assert_eq!(Ports::All.and(&several), Ports::All);
    }

    #[test]
    fn names_of_sets_that_belong_to_no_service_are_refused_as_such() {
        for reserved in ServiceName::RESERVED {
            let refused = reserved.parse::<ServiceName>();
            assert_eq!(refused, Err(ServiceError::Reserved(reserved)));
        }
        assert!("lanes".parse::<ServiceName>().is_ok());
    }

    #[test]
    fn a_service_name_can_be_part_of_a_set_name_and_nothing_more() {
        assert!("sip".parse::<ServiceName>().is_ok());
        for bad in ["", "SIP", "s-p", "5060", "a b", "sip\n", "abcdefghijklmnopqrstu", "../x"] {
            assert!(bad.parse::<ServiceName>().is_err(), "{bad:?}");
        }
    }
}
