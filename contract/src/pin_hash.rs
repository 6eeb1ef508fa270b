use std::fmt;
use std::str::FromStr;

/// A hashed PIN as it is handed from the telephone side to root, in the PHC string form: argon2id with exactly the
/// cost that this product uses, so that nobody can hand root a hash that is cheap to guess or dear to check.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(String);

/// A text that is no such hash. It does not say which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN hash is an argon2id PHC string with m=19456,t=2,p=1")]
pub struct PinHashError;

const COST: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
/// 16 bytes of salt and 32 of hash in Base64 without padding.
const SALT: usize = 22;
const HASH: usize = 43;

impl PinHash {
    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PinHash {
    type Err = PinHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let base64 = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        };
        let (salt, hash) =
            text.strip_prefix(COST).and_then(|rest| rest.split_once('$')).ok_or(PinHashError)?;
        let fits = salt.len() == SALT && hash.len() == HASH && base64(salt) && base64(hash);
        if fits { Ok(Self(text.to_owned())) } else { Err(PinHashError) }
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::PinHash;

    const GOOD: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn a_hash_of_our_own_cost_is_taken() {
        assert_eq!(GOOD.parse::<PinHash>().unwrap().as_str(), GOOD);
    }

    #[test]
    fn any_other_is_refused() {
        for (what, with) in [
            ("19456", "8"),
            ("t=2", "t=1"),
            ("argon2id", "argon2i"),
            ("AAA$", "AA$"),
            ("$AAA", "$A A"),
            ("$v", "\n$v"),
        ] {
            assert!(GOOD.replacen(what, with, 1).parse::<PinHash>().is_err(), "{with}");
        }
    }
}
