//! Any keys as an address of both kinds: what is read can be typed, and is read again as the same.
#![no_main]

use std::net::IpAddr;

use dialgate_contract::keypad::{ipv4, ipv6, keys};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|typed: &str| {
    if let Ok(address) = ipv4(typed) {
        assert_eq!(ipv4(&keys(IpAddr::V4(address))), Ok(address));
    }
    if let Ok(address) = ipv6(typed) {
        let again = keys(IpAddr::V6(address));
        assert!(again.len() <= 78 && again.bytes().all(|key| key.is_ascii_digit() || key == b'*'));
        assert_eq!(ipv6(&again), Ok(address));
    }
});
