use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::{HostName, TravellerAddress, Unfit};

/// The most addresses that an answer may hold.
pub(super) const MOST_ADDRESSES: usize = 16;

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who was asked for.
    pub name: HostName,
    /// Its addresses, every one of them fit to be let in.
    pub addresses: Result<BTreeSet<IpAddr>, BadAnswer>,
}

/// Why an answer is not used. What was known before stays for its time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// There was none.
    #[error("{0}")]
    Failed(String),
    /// It took too long.
    #[error("no answer within {} s", super::PATIENCE.as_secs())]
    Late,
    /// The host has none.
    #[error("the name has no address")]
    Empty,
    /// No provider has so many.
    #[error("the name has more than {MOST_ADDRESSES} addresses")]
    TooMany,
    /// Reachable inside somebody's network only.
    #[error("{0} is private: if that is meant, set firewall.allow-private")]
    Private(IpAddr),
    /// Nobody sends from there.
    #[error("{0} is reserved ({1})")]
    Special(IpAddr, &'static str),
}

/// Judges what the DNS said: all of its addresses are good, or none of them is believed.
///
/// # Errors
/// When there are none or too many, or one of them is no unicast address on the public Internet.
pub(super) fn judge(
    addresses: BTreeSet<IpAddr>,
    allow_private: bool,
) -> Result<BTreeSet<IpAddr>, BadAnswer> {
    match addresses.len() {
        0 => return Err(BadAnswer::Empty),
        1..=MOST_ADDRESSES => {}
        _ => return Err(BadAnswer::TooMany),
    }
    for &address in &addresses {
        TravellerAddress::new(address, allow_private).map_err(|unfit| match unfit {
            Unfit::Private(_) | Unfit::Unreadable => BadAnswer::Private(address),
            Unfit::Special(_, purpose) => BadAnswer::Special(address, purpose),
        })?;
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(addresses: &[&str], allow_private: bool) -> Result<usize, BadAnswer> {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        judge(addresses, allow_private).map(|good| good.len())
    }

    #[test]
    fn all_public_addresses_of_both_families_are_good() {
        assert_eq!(judged(&["12.34.56.78"], false), Ok(1));
        assert_eq!(judged(&["12.34.56.78", "12.34.56.79", "2a01:4f8::1"], false), Ok(3));
    }

    #[test]
    fn one_address_where_nobody_sends_from_spoils_the_answer() {
        for bad in [
            "0.0.0.0",
            "127.0.0.1",
            "169.254.169.254",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:12.34.56.78",
            "64:ff9b::1",
            "fe80::1",
            "ff02::1",
            "2002:c22::1",
        ] {
            let answer = judged(&["12.34.56.78", bad], true);
            assert!(matches!(answer, Err(BadAnswer::Special(..))), "{bad}: {answer:?}");
        }
    }

    #[test]
    fn a_name_that_is_bound_anew_to_the_local_network_opens_it_only_in_a_laboratory() {
        for private in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00::1"] {
            let answer = judged(&["12.34.56.78", private], false);
            assert_eq!(answer, Err(BadAnswer::Private(private.parse().unwrap())));
            assert_eq!(judged(&["12.34.56.78", private], true), Ok(2));
        }
        let shared = "100.64.0.1".parse().unwrap();
        assert_eq!(judged(&["100.64.0.1"], true), Err(BadAnswer::Private(shared)));
    }

    #[test]
    fn no_address_and_more_than_sixteen_are_no_answer() {
        assert_eq!(judged(&[], false), Err(BadAnswer::Empty));
        let many: Vec<String> = (1..=17).map(|n| format!("12.34.56.{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(judged(&many, false), Err(BadAnswer::TooMany));
        assert_eq!(judged(&many[..16], false), Ok(16));
    }
}
