//! How an address is typed on a telephone: `12*34*56*78` for 12.34.56.78.

use std::net::Ipv4Addr;

/// Why keys are not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeypadError {
    /// Not four groups between stars.
    #[error("an address has four groups of digits with one star between them, this has {0}")]
    Groups(usize),
    /// A group without digits.
    #[error("group {0} of the address is empty")]
    Empty(u8),
    /// A key that is no digit.
    #[error("group {0} of the address has a key that is no digit")]
    NotADigit(u8),
    /// A group of more than three digits.
    #[error("group {0} of the address has more than three digits")]
    TooLong(u8),
    /// A group above 255.
    #[error("group {0} of the address is more than 255")]
    TooLarge(u8),
}

/// Reads four groups of one to three digits with single stars between them. Leading zeros mean nothing: `010` is 10,
/// not 8 as some tools read it.
///
/// # Errors
/// The first thing that is wrong; groups are counted from 1.
pub fn ipv4(keys: &str) -> Result<Ipv4Addr, KeypadError> {
    let found = keys.split('*').count();
    if found != 4 {
        return Err(KeypadError::Groups(found));
    }
    let mut octets = [0; 4];
    for ((number, keys), octet) in (1..).zip(keys.split('*')).zip(&mut octets) {
        *octet = group(number, keys)?;
    }
    Ok(octets.into())
}

fn group(number: u8, keys: &str) -> Result<u8, KeypadError> {
    if keys.is_empty() {
        return Err(KeypadError::Empty(number));
    }
    if !keys.bytes().all(|key| key.is_ascii_digit()) {
        return Err(KeypadError::NotADigit(number));
    }
    if keys.len() > 3 {
        return Err(KeypadError::TooLong(number));
    }
    keys.parse().map_err(|_| KeypadError::TooLarge(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_between_stars_are_an_address() {
        for (keys, address) in [
            ("12*34*56*78", "12.34.56.78"),
            ("010*1*1*1", "10.1.1.1"),
            ("012*034*056*078", "12.34.56.78"),
            ("0*0*0*0", "0.0.0.0"),
            ("255*255*255*255", "255.255.255.255"),
        ] {
            assert_eq!(ipv4(keys).unwrap().to_string(), address, "{keys}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_group() {
        for (keys, error) in [
            ("", KeypadError::Groups(1)),
            ("1*2*3", KeypadError::Groups(3)),
            ("1*2*3*4*", KeypadError::Groups(5)),
            ("*1*2*3*4", KeypadError::Groups(5)),
            ("1**3*4", KeypadError::Empty(2)),
            ("*2*3*4", KeypadError::Empty(1)),
            ("1*2*3*", KeypadError::Empty(4)),
            ("1*A*3*4", KeypadError::NotADigit(2)),
            ("1*2*+3*4", KeypadError::NotADigit(3)),
            ("1*2*3*#4", KeypadError::NotADigit(4)),
            ("1*2*3*٤", KeypadError::NotADigit(4)),
            ("1*0002*3*4", KeypadError::TooLong(2)),
            ("999*1*1*1", KeypadError::TooLarge(1)),
            ("10*0*0*300", KeypadError::TooLarge(4)),
        ] {
            assert_eq!(ipv4(keys), Err(error), "{keys}");
        }
    }

    #[test]
    fn every_number_at_every_place_is_read_as_decimal_or_refused_above_255() {
        for place in 0..4_u8 {
            for number in 0..=999_u16 {
                for written in [format!("{number}"), format!("{number:02}"), format!("{number:03}")]
                {
                    let mut groups = ["1"; 4];
                    groups[usize::from(place)] = &written;
                    let mut octets = [1; 4];
                    let expected = u8::try_from(number)
                        .map(|octet| {
                            octets[usize::from(place)] = octet;
                            Ipv4Addr::from(octets)
                        })
                        .map_err(|_| KeypadError::TooLarge(place + 1));
                    assert_eq!(ipv4(&groups.join("*")), expected, "{groups:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_address_can_be_typed(octets in any::<[u8; 4]>(), width in 1_usize..=3) {
            let keys = octets.map(|octet| format!("{octet:0width$}")).join("*");
            prop_assert_eq!(ipv4(&keys), Ok(Ipv4Addr::from(octets)));
        }

        #[test]
        fn any_keys_are_an_address_or_an_error(keys in "[0-9*#A-D]{0,20}") {
            if let Ok(address) = ipv4(&keys) {
                let typed: Vec<u32> = keys.split('*').map(|group| group.parse().unwrap()).collect();
                prop_assert_eq!(address.octets().map(u32::from).to_vec(), typed);
            }
        }
    }
}
