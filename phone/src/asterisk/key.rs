use thiserror::Error;

/// One key of a telephone: `0`-`9`, `*`, `#`, and `A`-`D` of the military keypad.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key(u8);

/// A character that no telephone has a key for.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("a telephone has no key {0:?}; use 0-9, * and #")]
pub struct KeyError(pub char);

impl Key {
    /// The key that ends an entry.
    pub const POUND: Key = Key(b'#');

    /// The key that bears `label`.
    ///
    /// # Errors
    /// When no telephone has that key.
    pub fn new(label: char) -> Result<Self, KeyError> {
        match u8::try_from(label) {
            Ok(byte @ (b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D')) => Ok(Key(byte)),
            Ok(_) | Err(_) => Err(KeyError(label)),
        }
    }

    /// Several keys, as they are written: `12*34*56*78#`.
    ///
    /// # Errors
    /// At the first character that is not a key.
    pub fn parse_all(labels: &str) -> Result<Vec<Self>, KeyError> {
        labels.chars().map(Key::new).collect()
    }

    /// The key's ASCII code, which is how AGI reports it.
    pub fn ascii(self) -> u8 {
        self.0
    }

    /// The key's label.
    pub fn label(self) -> char {
        char::from(self.0)
    }
}
