use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A personal identification number: 6 to 12 digits. It is wiped from memory when dropped, and never printed by
/// accident: it has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Pin(Box<str>);

/// Why a text is not a PIN. It does not say which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has 6 to 12 digits and nothing else")]
pub struct PinError;

impl Pin {
    /// Digits in a generated PIN.
    pub const GENERATED_DIGITS: usize = 8;

    /// Takes typed digits for a PIN.
    ///
    /// # Errors
    /// When they are not 6 to 12 digits.
    pub fn new(digits: &str) -> Result<Self, PinError> {
        let fits =
            (6..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(digits.into())) } else { Err(PinError) }
    }

    /// A new PIN of evenly distributed digits, from random bytes. Bytes that would favour some digits are skipped,
    /// so more are needed than digits come out; `None` when there were not enough.
    #[must_use]
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        let digits: Zeroizing<String> = bytes
            .iter()
            .filter(|&&byte| byte < 250)
            .map(|byte| char::from(b'0' + byte % 10))
            .take(Self::GENERATED_DIGITS)
            .collect::<String>()
            .into();
        if digits.len() == Self::GENERATED_DIGITS { Self::new(&digits).ok() } else { None }
    }

    /// The digits, for the hash and for the one time that they are shown to the operator.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::Pin;

    #[test]
    fn six_to_twelve_digits_are_a_pin() {
        for good in ["000000", "12345678", "123456789012"] {
            assert_eq!(Pin::new(good).unwrap().reveal(), good);
        }
        for bad in ["", "12345", "1234567890123", "12345a", "12345*", "١٢٣٤٥٦"] {
            assert!(Pin::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_that_would_favour_some_digits_are_skipped() {
        let bytes = [255, 0, 254, 9, 253, 10, 249, 252, 5, 251, 15, 25, 250, 105];
        assert_eq!(Pin::from_random(&bytes).unwrap().reveal(), "09095555");
        assert!(Pin::from_random(&[255; 64]).is_none());
    }

    #[test]
    fn debug_shows_nothing() {
        assert!(!format!("{:?}", Pin::new("12345678").unwrap()).contains('1'));
    }
}
