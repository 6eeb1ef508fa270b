//! How an address is typed on a telephone: `12*34*56*78` for 12.34.56.78, `2001**4*2*28****1` for 2001:4bb8::1.

mod ipv4;
mod ipv6;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use ipv4::{Octets, Place};

/// Why keys are not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeypadError {
    /// Not four groups between stars, nor twelve digits.
    #[error("an address has four groups of digits with a star between them, this has {0}")]
    Groups(usize),
    /// A group that is no number up to 255.
    #[error("the {0} number of the address is not one from 0 to 255")]
    Octet(Place),
    /// A star that is followed by neither another nor 1 to 6, or a key that is no digit.
    #[error("key {0} of the address stands for nothing there")]
    Key(usize),
    /// The keys stand for characters that are no IPv6 address.
    #[error("an IPv6 address has eight groups of up to four characters, or fewer and one ::")]
    Ipv6,
}

/// Reads an IPv4 address: four groups of digits with stars between them, or twelve digits without. Leading zeros mean
/// nothing: `010` is 10, not 8 as some tools read it. A star too many means nothing either.
///
/// # Errors
/// The first thing that is wrong.
pub fn ipv4(keys: &str) -> Result<Ipv4Addr, KeypadError> {
    Octets::read(keys)?.address().map_err(KeypadError::Octet)
}

/// Reads an IPv6 address: digits as they are, `*1` to `*6` for a to f, `**` for the colon.
///
/// # Errors
/// The first thing that is wrong.
pub fn ipv6(keys: &str) -> Result<Ipv6Addr, KeypadError> {
    ipv6::read(keys)
}

/// The keys that an address is typed with, without the `#` at their end.
#[must_use]
pub fn keys(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string().replace('.', "*"),
        IpAddr::V6(v6) => ipv6::keys(v6),
    }
}
