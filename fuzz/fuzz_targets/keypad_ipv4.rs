//! Any keys as an IPv4 address: what is read can be typed and is read again as the same, and a number that is wrong can
//! be typed anew.
#![no_main]

mod keypad;

use std::net::IpAddr;

use dialgate_contract::keypad::{KeypadError, Octets, ipv4, keys};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let typed = keypad::keys(bytes);
    match ipv4(&typed) {
        Ok(address) => assert_eq!(ipv4(&keys(IpAddr::V4(address))), Ok(address)),
        Err(KeypadError::Octet(wrong)) => {
            let octets = Octets::read(&typed).expect("four groups");
            assert!(octets.with(wrong, "7").address().err().is_none_or(|next| next > wrong));
        }
        Err(KeypadError::Groups(groups)) => assert_ne!(groups, 4),
        Err(error @ (KeypadError::Key(_) | KeypadError::Ipv6)) => panic!("{error}"),
    }
});
