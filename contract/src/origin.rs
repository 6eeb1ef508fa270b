use std::fmt;
use std::str::FromStr;

use crate::{HostName, Network, NetworkError};

/// Where packets come from that the operator lets in by hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An address or a network.
    Network(Network),
    /// A host, wherever the DNS says it is.
    Host(HostName),
}

/// Why a text is neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Meant as a network.
    #[error(transparent)]
    Network(NetworkError),
    /// Meant as anything.
    #[error(
        "{0:?} is not an address, a network or a host's name: write 12.34.56.78, 12.34.56.0/24 or sip.example.net"
    )]
    Unreadable(String),
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<Network>() {
            Ok(network) => Ok(Self::Network(network)),
            Err(NetworkError::Unreadable(unreadable)) => {
                text.parse().map(Self::Host).map_err(|_| OriginError::Unreadable(unreadable))
            }
            Err(error) => Err(OriginError::Network(error)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Host(host) => host.fmt(f),
        }
    }
}

crate::text_enum::serde_as_text!(Origin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_an_address_a_network_or_a_name() {
        for text in ["12.34.56.78", "12.34.56.0/24", "2a01:4f8::/32", "sip.example.net"] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
        let message = "0.0.0.0/0".parse::<Origin>().unwrap_err().to_string();
        assert!(message.contains("too wide"), "{message}");
        assert!(matches!("localhost".parse::<Origin>(), Err(OriginError::Unreadable(_))));
    }
}
