use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address that a traveller may be at: a unicast host on the public Internet, one IPv4 address or, because a
/// host there changes its lower half at will (RFC 8981), one IPv6 /64.
///
/// With `allow_private` the private ranges of RFC 1918 and RFC 4193 are let in as well, for laboratories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TravellerAddress(IpNet);

/// Why no traveller can be at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Reachable inside somebody's network only.
    #[error(
        "{0} is private and cannot be reached from here: ask for the public address of the network"
    )]
    Private(IpAddr),
    /// Set aside for another purpose: loopback, multicast, documentation and the like.
    #[error("{0} is reserved ({1}) and belongs to no traveller: check the address")]
    Special(IpAddr, &'static str),
    /// Not an address at all.
    #[error("that is not an address: write IPv4 as 12.34.56.78, IPv6 as 2a01:4f8::1")]
    Unreadable,
}

impl TravellerAddress {
    /// Takes an address for a traveller's.
    ///
    /// # Errors
    /// When no traveller can be there.
    pub fn new(address: IpAddr, allow_private: bool) -> Result<Self, Unfit> {
        match special_purpose(address) {
            None => Ok(Self(covering(address))),
            Some(PRIVATE) if allow_private => Ok(Self(covering(address))),
            Some(PRIVATE | SHARED) => Err(Unfit::Private(address)),
            Some(purpose) => Err(Unfit::Special(address, purpose)),
        }
    }

    /// The addresses that are let in.
    #[must_use]
    pub const fn network(self) -> IpNet {
        self.0
    }

    /// Whether a host at `address` would be let in.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Reads back what `Display` wrote. A value from a file is judged again before it is acted on, so private
    /// addresses are let through here and are left to whoever knows the policy.
    ///
    /// # Errors
    /// When the text is not such an address.
    pub fn from_stored(text: &str) -> Result<Self, Unfit> {
        let network = if text.contains('/') {
            text.parse::<IpNet>().map_err(|_| Unfit::Unreadable)?
        } else {
            covering(text.parse::<IpAddr>().map_err(|_| Unfit::Unreadable)?)
        };
        let address = Self::new(network.addr(), true)?;
        if address.0 == network { Ok(address) } else { Err(Unfit::Unreadable) }
    }
}

impl FromStr for TravellerAddress {
    type Err = Unfit;

    /// A public address, as [`TravellerAddress::new`] without private ones.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.parse::<IpAddr>().map_err(|_| Unfit::Unreadable)?, false)
    }
}

impl fmt::Display for TravellerAddress {
    /// A single host without a suffix, a network with it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpNet::V4(v4) => v4.addr().fmt(f),
            IpNet::V6(v6) => f.pad(&v6.to_string()),
        }
    }
}

impl serde::Serialize for TravellerAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for TravellerAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Self::from_stored(&text).map_err(serde::de::Error::custom)
    }
}

fn covering(address: IpAddr) -> IpNet {
    match address {
        IpAddr::V4(v4) => Ipv4Net::from(v4).into(),
        IpAddr::V6(v6) => {
            let prefix = u128::from(v6) & !u128::from(u64::MAX);
            Ipv6Net::new_assert(Ipv6Addr::from(prefix), 64).into()
        }
    }
}

pub(crate) const PRIVATE: &str = "private";
pub(crate) const SHARED: &str = "shared by a carrier's customers";

/// What an address is set aside for; `None` for a unicast address on the public Internet.
pub(crate) fn special_purpose(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => special_purpose_v4(v4),
        IpAddr::V6(v6) => special_purpose_v6(v6),
    }
}

/// The IANA IPv4 special-purpose address registry (RFC 6890 and its successors), and multicast.
fn special_purpose_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("this network, RFC 1122"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(PRIVATE),
        [100, 64..=127, ..] => Some(SHARED),
        [127, ..] => Some("loopback"),
        [169, 254, ..] => Some("link-local"),
        [192, 0, 0, _] => Some("protocol assignments, RFC 6890"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some("documentation"),
        [192, 31, 196, _] | [192, 175, 48, _] => Some("AS112, RFC 7534"),
        [192, 52, 193, _] => Some("AMT, RFC 7450"),
        [192, 88, 99, _] => Some("6to4 relays, RFC 7526"),
        [198, 18..=19, ..] => Some("benchmarking, RFC 2544"),
        [224..=239, ..] => Some("multicast"),
        [255, 255, 255, 255] => Some("broadcast"),
        [240..=255, ..] => Some("reserved, RFC 1112"),
        _ => None,
    }
}

/// Global unicast is 2000::/3; inside it, the IANA IPv6 special-purpose address registry.
fn special_purpose_v6(address: Ipv6Addr) -> Option<&'static str> {
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Some(PRIVATE),
        [0x2001, 0..=0x1ff, ..] => Some("protocol assignments, RFC 2928"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("documentation"),
        [0x2002, ..] => Some("6to4, RFC 7526"),
        [0x2620, 0x4f, 0x8000, ..] => Some("AS112, RFC 7534"),
        [0x2000..=0x3fff, ..] => None,
        _ => Some("not global unicast, RFC 4291"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judge(text: &str) -> Result<TravellerAddress, Unfit> {
        TravellerAddress::new(text.parse().unwrap(), false)
    }

    #[test]
    fn a_public_host_is_a_travellers_address_and_prints_without_a_suffix() {
        for good in ["12.34.56.78", "1.1.1.1", "100.63.255.255", "100.128.0.0", "223.255.255.255"] {
            assert_eq!(judge(good).unwrap().to_string(), good);
        }
    }

    #[test]
    fn an_ipv6_host_stands_for_its_64() {
        assert_eq!(
            judge("2a00:1450:4001:82a::200e").unwrap().to_string(),
            "2a00:1450:4001:82a::/64"
        );
    }

    #[test]
    fn private_and_carrier_shared_addresses_are_told_apart_from_special_ones() {
        for private in
            ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1"]
        {
            assert!(matches!(judge(private), Err(Unfit::Private(_))), "{private}");
        }
        for special in [
            "0.0.0.0",
            "127.0.0.1",
            "169.254.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:12.34.56.78",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2002::1",
            "64:ff9b::1",
        ] {
            assert!(matches!(judge(special), Err(Unfit::Special(..))), "{special}");
        }
    }

    #[test]
    fn a_laboratory_may_let_private_addresses_in_but_never_shared_or_special_ones() {
        assert!(TravellerAddress::new("10.1.1.1".parse().unwrap(), true).is_ok());
        assert!(TravellerAddress::new("100.64.0.1".parse().unwrap(), true).is_err());
        assert!(TravellerAddress::new("127.0.0.1".parse().unwrap(), true).is_err());
    }

    #[test]
    fn a_stored_network_wider_than_one_traveller_is_refused() {
        for bad in
            ["0.0.0.0/0", "12.34.56.0/24", "2a00::/16", "12.34.56.78/0", "", "12.34.56.78 ", "x"]
        {
            assert!(TravellerAddress::from_stored(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_reads_back_the_same(bits in any::<u128>(), four in any::<bool>()) {
            let address = if four {
                IpAddr::V4(Ipv4Addr::from(u32::try_from(bits >> 96).unwrap()))
            } else {
                IpAddr::V6(Ipv6Addr::from(bits))
            };
            if let Ok(traveller) = TravellerAddress::new(address, true) {
                prop_assert!(traveller.contains(address));
                prop_assert_eq!(TravellerAddress::from_stored(&traveller.to_string()), Ok(traveller));
            }
        }
    }
}
