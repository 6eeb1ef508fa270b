//! Keys of a telephone and strings of them.

use std::fmt;

use zeroize::Zeroizing;

/// One key of a telephone: `0`-`9`, `*`, `#`, or `A`-`D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(char);

impl Key {
    /// The key that this character names.
    #[must_use]
    pub const fn new(character: char) -> Option<Self> {
        match character {
            '0'..='9' | '*' | '#' | 'A'..='D' => Some(Self(character)),
            _ => None,
        }
    }

    /// The key of an ASCII code, as `STREAM FILE` and `WAIT FOR DIGIT` report it in decimal.
    #[must_use]
    pub fn from_ascii_code(code: &str) -> Option<Self> {
        code.parse().ok().map(|code: u8| char::from(code)).and_then(Self::new)
    }

    /// The character on the key.
    #[must_use]
    pub const fn as_char(self) -> char {
        self.0
    }
}

/// Keys that a caller pressed, in order. They may be a PIN: the memory is wiped when dropped and
/// `Debug` shows nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Digits(Zeroizing<String>);

impl Digits {
    /// # Errors
    /// [`NotAKey`] when a character is not a key of a telephone.
    pub fn new(keys: impl Into<String>) -> Result<Self, NotAKey> {
        Self::from_result(Zeroizing::new(keys.into())).ok_or(NotAKey)
    }

    /// Takes a reply's result without copying it.
    pub(super) fn from_result(keys: Zeroizing<String>) -> Option<Self> {
        keys.chars().all(|character| Key::new(character).is_some()).then_some(Self(keys))
    }

    /// The keys as characters. The caller keeps them out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds the keys of `more`. The old copy is wiped.
    pub(crate) fn append(&mut self, more: &Self) {
        let mut both = Zeroizing::new(String::with_capacity(self.len() + more.len()));
        both.push_str(&self.0);
        both.push_str(&more.0);
        self.0 = both;
    }

    /// How many keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key was pressed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Digits(redacted)")
    }
}

/// A character that no telephone key sends. It does not say which: it may belong to a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a character is not a telephone key; use 0-9, *, # and A-D")]
pub struct NotAKey;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_its_ascii_code() {
        assert_eq!(Key::from_ascii_code("42").map(Key::as_char), Some('*'));
        assert_eq!(Key::from_ascii_code("49").map(Key::as_char), Some('1'));
        for not_a_key in ["0", "-1", "1", "97", "300", "", "x"] {
            assert_eq!(Key::from_ascii_code(not_a_key), None, "{not_a_key}");
        }
    }

    #[test]
    fn digits_are_never_shown() {
        let pin = Digits::new("0042*9#").unwrap();
        assert_eq!(format!("{pin:?} {pin:#?}"), "Digits(redacted) Digits(redacted)");
        assert_eq!(Digits::new("12x4").unwrap_err().to_string().find('x'), None);
    }
}
