use std::fmt;
use std::net::Ipv4Addr;

use super::KeypadError;

/// The four numbers of an address as they were typed; those that will not do are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Octets([Option<u8>; 4]);

/// One of the four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The one before the first dot.
    First,
    /// The one after it.
    Second,
    /// The one before the last dot.
    Third,
    /// The one after it.
    Fourth,
}

const PLACES: [Place; 4] = [Place::First, Place::Second, Place::Third, Place::Fourth];

impl Octets {
    /// Takes keys apart.
    ///
    /// # Errors
    /// [`KeypadError::Groups`] when they are not four groups.
    pub fn read(keys: &str) -> Result<Self, KeypadError> {
        let groups = groups(keys);
        let octets: Vec<Option<u8>> = groups.iter().map(|group| octet(group)).collect();
        octets.try_into().map(Self).map_err(|octets: Vec<_>| KeypadError::Groups(octets.len()))
    }

    /// The address.
    ///
    /// # Errors
    /// The first place whose number will not do.
    pub fn address(self) -> Result<Ipv4Addr, Place> {
        let mut octets = [0; 4];
        for ((place, typed), octet) in PLACES.into_iter().zip(self.0).zip(&mut octets) {
            *octet = typed.ok_or(place)?;
        }
        Ok(octets.into())
    }

    /// The same with another number, as typed, at one place.
    #[must_use]
    pub fn with(self, place: Place, keys: &str) -> Self {
        let mut octets = self.0;
        for (at, octet) in PLACES.into_iter().zip(&mut octets) {
            if at == place {
                *octet = self::octet(keys);
            }
        }
        Self(octets)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::Fourth => "fourth",
        })
    }
}

/// What stands between stars, or each three of twelve digits.
fn groups(keys: &str) -> Vec<&str> {
    if keys.len() == 12 && keys.bytes().all(|key| key.is_ascii_digit()) {
        return (0..4).filter_map(|group| keys.get(3 * group..3 * group + 3)).collect();
    }
    keys.split('*').filter(|group| !group.is_empty()).collect()
}

fn octet(keys: &str) -> Option<u8> {
    let digits = (1..=3).contains(&keys.len()) && keys.bytes().all(|key| key.is_ascii_digit());
    if digits { keys.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keypad::{ipv4, keys};

    #[test]
    fn groups_between_stars_and_twelve_digits_are_an_address() {
        for (typed, address) in [
            ("12*34*56*78", "12.34.56.78"),
            ("010*1*1*1", "10.1.1.1"),
            ("012*034*056*078", "12.34.56.78"),
            ("012034056078", "12.34.56.78"),
            ("12**34*56*78", "12.34.56.78"),
            ("12*34***56*78*", "12.34.56.78"),
            ("0*0*0*0", "0.0.0.0"),
            ("255*255*255*255", "255.255.255.255"),
        ] {
            assert_eq!(ipv4(typed).unwrap().to_string(), address, "{typed}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (typed, error) in [
            ("", KeypadError::Groups(0)),
            ("***", KeypadError::Groups(0)),
            ("1*2*3", KeypadError::Groups(3)),
            ("1*2*3*4*5", KeypadError::Groups(5)),
            ("12034056078", KeypadError::Groups(1)),
            ("1*A*3*4", KeypadError::Octet(Place::Second)),
            ("1*2*+3*4", KeypadError::Octet(Place::Third)),
            ("1*2*3*#4", KeypadError::Octet(Place::Fourth)),
            ("1*2*3*٤", KeypadError::Octet(Place::Fourth)),
            ("1*0002*3*4", KeypadError::Octet(Place::Second)),
            ("999*1*1*1", KeypadError::Octet(Place::First)),
            ("012034056300", KeypadError::Octet(Place::Fourth)),
        ] {
            assert_eq!(ipv4(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn a_number_that_will_not_do_is_typed_again_alone() {
        let octets = Octets::read("12*340*56*780").unwrap();
        assert_eq!(octets.address(), Err(Place::Second));
        let octets = octets.with(Place::Second, "34");
        assert_eq!(octets.address(), Err(Place::Fourth));
        assert_eq!(octets.with(Place::Fourth, "999").address(), Err(Place::Fourth));
        let address = octets.with(Place::Fourth, "78").address();
        assert_eq!(address, Ok(Ipv4Addr::new(12, 34, 56, 78)));
    }

    #[test]
    fn every_number_at_every_place_is_read_as_decimal_or_refused_above_255() {
        for place in PLACES {
            for number in 0..=999_u16 {
                for written in [format!("{number}"), format!("{number:02}"), format!("{number:03}")]
                {
                    let octets = Octets([Some(1); 4]).with(place, &written);
                    match u8::try_from(number) {
                        Ok(octet) => assert!(octets.address().unwrap().octets().contains(&octet)),
                        Err(_) => assert_eq!(octets.address(), Err(place)),
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_address_can_be_typed(octets in any::<[u8; 4]>(), width in 1_usize..=3) {
            let address = Ipv4Addr::from(octets);
            let typed = octets.map(|octet| format!("{octet:0width$}"));
            prop_assert_eq!(ipv4(&typed.join("*")), Ok(address));
            prop_assert_eq!(ipv4(&keys(address.into())), Ok(address));
            if width == 3 {
                prop_assert_eq!(ipv4(&typed.concat()), Ok(address));
            }
        }

        #[test]
        fn any_keys_are_an_address_or_an_error(typed in "[0-9*#A-D]{0,20}") {
            if let Ok(address) = ipv4(&typed) {
                let read: Vec<u8> = groups(&typed).iter().map(|group| group.parse().unwrap()).collect();
                prop_assert_eq!(address.octets().to_vec(), read);
            }
        }
    }
}
