use std::net::Ipv6Addr;

use super::KeypadError;

pub(super) fn read(keys: &str) -> Result<Ipv6Addr, KeypadError> {
    let mut text = String::with_capacity(keys.len());
    let mut typed = keys.chars().zip(1..);
    while let Some((key, number)) = typed.next() {
        text.push(match key {
            '0'..='9' => key,
            '*' => match typed.next() {
                Some(('*', _)) => ':',
                Some((letter @ '1'..='6', _)) => letter_of(letter),
                Some((_, number)) => return Err(KeypadError::Key(number)),
                None => return Err(KeypadError::Key(number)),
            },
            _ => return Err(KeypadError::Key(number)),
        });
    }
    text.parse().map_err(|_| KeypadError::Ipv6)
}

pub(super) fn keys(address: Ipv6Addr) -> String {
    written(address).chars().fold(String::new(), |mut keys, character| {
        match character {
            'a' => keys.push_str("*1"),
            'b' => keys.push_str("*2"),
            'c' => keys.push_str("*3"),
            'd' => keys.push_str("*4"),
            'e' => keys.push_str("*5"),
            'f' => keys.push_str("*6"),
            ':' => keys.push_str("**"),
            digit => keys.push(digit),
        }
        keys
    })
}

/// Without the dots that an IPv4 address inside is usually written with: the keypad has none to spare.
fn written(address: Ipv6Addr) -> String {
    match (address.to_ipv4_mapped(), address.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}"),
        (None, _) => address.to_string(),
    }
}

fn letter_of(key: char) -> char {
    match key {
        '1' => 'a',
        '2' => 'b',
        '3' => 'c',
        '4' => 'd',
        '5' => 'e',
        _ => 'f',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keypad::{ipv6, keys};

    #[test]
    fn stars_make_letters_and_colons() {
        for (typed, address) in [
            ("****", "::"),
            ("****1", "::1"),
            ("2001**4*2*28**8**1****1", "2001:4bb8:8:1::1"),
            ("2001***4*28****", "2001:db8::"),
            ("***1*****6", ""),
            ("*1*2*3*4**0**0**0**0**0**0**0*5*6", "abcd::ef"),
        ] {
            assert_eq!(
                ipv6(typed).ok().map(|address| address.to_string()).unwrap_or_default(),
                address
            );
        }
    }

    #[test]
    fn what_stands_for_nothing_is_named() {
        for (typed, error) in [
            ("", KeypadError::Ipv6),
            ("12*34*56*78", KeypadError::Key(10)),
            ("2001*7", KeypadError::Key(6)),
            ("2001****1*", KeypadError::Key(10)),
            ("2001A", KeypadError::Key(5)),
            ("2001****1****1", KeypadError::Ipv6),
            ("20010****1", KeypadError::Ipv6),
        ] {
            assert_eq!(ipv6(typed), Err(error), "{typed}");
        }
    }

    /// Addresses as people have them: with zeros to leave out.
    fn any_address() -> impl Strategy<Value = Ipv6Addr> {
        let segment = prop_oneof![Just(0_u16), Just(0xffff_u16), any::<u16>()];
        proptest::collection::vec(segment, 8)
            .prop_map(|segments| Ipv6Addr::from(<[u16; 8]>::try_from(segments).unwrap()))
    }

    proptest! {
        #[test]
        fn every_address_can_be_typed(address in any_address()) {
            let typed = keys(address.into());
            prop_assert!(typed.len() <= 78);
            prop_assert!(typed.bytes().all(|key| key.is_ascii_digit() || key == b'*'));
            prop_assert_eq!(ipv6(&typed), Ok(address));
        }

        #[test]
        fn any_keys_are_an_address_that_can_be_typed_or_an_error(typed in "[0-6*]{0,40}|[0-9*#A-D]{0,80}") {
            if let Ok(address) = ipv6(&typed) {
                prop_assert_eq!(ipv6(&keys(address.into())), Ok(address));
            }
        }
    }

    #[test]
    fn an_ipv4_address_inside_is_typed_without_dots() {
        let address: Ipv6Addr = "::ffff:12.34.56.78".parse().unwrap();
        assert_eq!(ipv6(&keys(address.into())), Ok(address));
    }
}
