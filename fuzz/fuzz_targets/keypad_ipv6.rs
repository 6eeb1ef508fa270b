//! Any keys as an IPv6 address: what is read can be typed, and is read again as the same.
#![no_main]

mod keypad;

use std::net::IpAddr;

use dialgate_contract::keypad::{KeypadError, ipv6, keys};
use libfuzzer_sys::fuzz_target;

/// Eight groups of four letters and seven colons, two keys each.
const LONGEST: usize = 78;

fuzz_target!(|bytes: &[u8]| {
    let typed = keypad::keys(bytes);
    match ipv6(&typed) {
        Ok(address) => {
            let again = keys(IpAddr::V6(address));
            assert!(again.len() <= LONGEST);
            assert!(again.bytes().all(|key| key.is_ascii_digit() || key == b'*'));
            assert_eq!(ipv6(&again), Ok(address));
        }
        Err(KeypadError::Key(number)) => assert!((1..=typed.chars().count()).contains(&number)),
        Err(KeypadError::Ipv6) => {}
        Err(error @ (KeypadError::Groups(_) | KeypadError::Octet(_))) => panic!("{error}"),
    }
});
