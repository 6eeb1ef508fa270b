use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A secret of 32 random bytes that goes into every hash. Its file holds 64 hexadecimal digits on one line.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Pepper([u8; Self::BYTES]);

/// Why there is no pepper.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file cannot be read.
    #[error("{}: {source}; make it with `dialgate init`, or put the old one back: PINs are useless without it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{} does not hold 64 hexadecimal digits: put the old one back, or remove it, run `dialgate init` and give every account a new PIN", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
}

impl Pepper {
    /// Its length.
    pub const BYTES: usize = 32;

    /// A new one.
    #[must_use]
    pub const fn from_random(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or holds something else.
    pub fn load(path: &Path) -> Result<Self, PepperError> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|source| PepperError::Read { path: path.to_owned(), source })?;
        Self::parse(text.trim_end()).ok_or_else(|| PepperError::Content { path: path.to_owned() })
    }

    /// What goes into the file.
    #[must_use]
    pub fn to_file(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * Self::BYTES + 1));
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(nibble), 16));
            }
        }
        text.push('\n');
        text
    }

    pub(crate) const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * Self::BYTES {
            return None;
        }
        let mut bytes = [0; Self::BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            for &digit in pair {
                *byte = *byte << 4 | u8::try_from(char::from(digit).to_digit(16)?).ok()?;
            }
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pepper");
        let pepper = Pepper::from_random(std::array::from_fn(|n| u8::try_from(n * 8).unwrap()));
        std::fs::write(&path, pepper.to_file().as_bytes()).unwrap();
        assert_eq!(Pepper::load(&path).unwrap().0, pepper.0);
    }

    #[test]
    fn a_file_with_anything_else_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pepper");
        for bad in ["", "00", &"g".repeat(64), &"0".repeat(65)] {
            std::fs::write(&path, bad).unwrap();
            let message = Pepper::load(&path).unwrap_err().to_string();
            assert!(message.contains("dialgate init") && !message.contains("ggg"), "{message}");
        }
        assert!(matches!(Pepper::load(&folder.path().join("none")), Err(PepperError::Read { .. })));
    }
}
