use blake2::Blake2sMac;
use blake2::digest::consts::U16;
use blake2::digest::{KeyInit, Mac};

use crate::Pepper;

/// What is to be recognised again without being stored. The same text has another key for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// What was typed as an account; it may be a PIN in the wrong place.
    Account,
    /// The number that was called from.
    Caller,
}

impl Pepper {
    /// Stands for a text in a database: without the pepper it tells nothing of the text, though that has few digits.
    ///
    /// It is BLAKE2s keyed with the pepper (RFC 7693), of 16 bytes.
    #[must_use]
    pub fn key(&self, secret: Secret, text: &str) -> [u8; 16] {
        let purpose: &[u8] = match secret {
            Secret::Account => b"account\0",
            Secret::Caller => b"caller\0",
        };
        let mac = Blake2sMac::<U16>::new(self.bytes().into());
        mac.chain_update(purpose).chain_update(text).finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_the_pepper_the_purpose_and_the_text_and_on_nothing_else() {
        let [one, two] = [1, 2].map(|byte| Pepper::from_random([byte; Pepper::BYTES]));
        let keys = [
            one.key(Secret::Account, "4711"),
            one.key(Secret::Account, "4712"),
            one.key(Secret::Account, ""),
            one.key(Secret::Caller, "4711"),
            two.key(Secret::Account, "4711"),
        ];
        for (n, key) in keys.iter().enumerate() {
            assert!(!keys[..n].contains(key), "{n}");
        }
        assert_eq!(one.clone().key(Secret::Account, "4711"), keys[0]);
    }

    /// Python: `hashlib.blake2s(b"account\0" b"4711", digest_size=16, key=bytes([1] * 32)).hexdigest()`
    #[test]
    fn a_key_is_what_others_make_of_the_same() {
        let key = Pepper::from_random([1; Pepper::BYTES]).key(Secret::Account, "4711");
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "f0c7adf0b37b145cff794da2f11ab887");
    }
}
