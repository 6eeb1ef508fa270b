use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::address::{PRIVATE, SHARED, special_purpose};

/// A network that the operator names: a host or a prefix of unicast addresses, private ones among them, and never so
/// wide that a slip of the finger lets a continent in.
///
/// A single host is printed without a suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

/// Why a text is not such a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor a prefix.
    #[error(
        "{0:?} is not an address or network: write 12.34.56.78, 12.34.56.0/24 or 2a01:4f8::/32"
    )]
    Unreadable(String),
    /// Bits are set behind the prefix.
    #[error("{given} has bits set behind its prefix: did you mean {meant}?")]
    HostBits {
        /// What was given.
        given: IpNet,
        /// The network it lies in.
        meant: IpNet,
    },
    /// Too much of the Internet.
    #[error("{0} is too wide: the widest network is an IPv4 /{WIDEST_V4} or an IPv6 /{WIDEST_V6}")]
    TooWide(IpNet),
    /// Nobody can be there.
    #[error("{0} is reserved ({1}): nobody sends from there")]
    Special(IpNet, &'static str),
}

/// The widest IPv4 network, the size of the largest assignments there are.
const WIDEST_V4: u8 = 8;
/// The widest IPv6 network, the size of the largest assignments there are.
const WIDEST_V6: u8 = 19;

impl Network {
    /// Takes a network as it is.
    ///
    /// # Errors
    /// When it is too wide, has bits set behind its prefix, or nobody can be there.
    pub fn new(network: IpNet) -> Result<Self, NetworkError> {
        let widest = match network {
            IpNet::V4(_) => WIDEST_V4,
            IpNet::V6(_) => WIDEST_V6,
        };
        if network.prefix_len() < widest {
            return Err(NetworkError::TooWide(network));
        }
        if network != network.trunc() {
            return Err(NetworkError::HostBits { given: network, meant: network.trunc() });
        }
        for end in [network.network(), network.broadcast()] {
            if let Some(purpose) =
                special_purpose(end).filter(|purpose| ![PRIVATE, SHARED].contains(purpose))
            {
                return Err(NetworkError::Special(network, purpose));
            }
        }
        Ok(Self(network))
    }

    /// The network.
    #[must_use]
    pub const fn net(self) -> IpNet {
        self.0
    }

    /// Whether a host at `address` is in it.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Whether some address is in both.
    #[must_use]
    pub fn overlaps(self, other: IpNet) -> bool {
        self.0.contains(&other) || other.contains(&self.0)
    }
}

impl From<crate::TravellerAddress> for Network {
    fn from(address: crate::TravellerAddress) -> Self {
        Self(address.network())
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = match text.parse::<IpNet>() {
            Ok(network) => network,
            Err(_) => text
                .parse::<IpAddr>()
                .map(IpNet::from)
                .map_err(|_| NetworkError::Unreadable(text.chars().take(60).collect()))?,
        };
        Self::new(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            self.0.addr().fmt(f)
        } else {
            f.pad(&self.0.to_string())
        }
    }
}

crate::text_enum::serde_as_text!(Network);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_prints_as_it_was_written() {
        for text in ["12.34.56.78", "12.34.56.0/24", "10.0.0.0/8", "2a01:4f8::/32", "fd00::1"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!("1.2.3.4/32".parse::<Network>().unwrap().to_string(), "1.2.3.4");
    }

    #[test]
    fn what_would_let_everybody_in_is_refused() {
        for wide in ["0.0.0.0/0", "1.2.3.4/0", "::/0", "2000::/3", "12.0.0.0/7"] {
            assert!(matches!(wide.parse::<Network>(), Err(NetworkError::TooWide(_))), "{wide}");
        }
    }

    #[test]
    fn a_slip_is_answered_with_what_was_meant() {
        let message = "12.34.56.78/24".parse::<Network>().unwrap_err().to_string();
        assert!(message.contains("12.34.56.0/24"), "{message}");
        for bad in
            ["", "12.34.56", "012.1.1.1", "sip.example.net", "1.2.3.4/33", "1.2.3.4,0.0.0.0/0"]
        {
            assert!(matches!(bad.parse::<Network>(), Err(NetworkError::Unreadable(_))), "{bad}");
        }
        for special in ["127.0.0.1", "224.0.0.0/8", "0.0.0.0/8", "::1", "ff02::1", "169.254.0.0/16"]
        {
            assert!(
                matches!(special.parse::<Network>(), Err(NetworkError::Special(..))),
                "{special}"
            );
        }
    }
}
