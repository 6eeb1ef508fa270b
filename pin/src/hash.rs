use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, RECOMMENDED_SALT_LEN, Version};

use crate::{Pepper, Pin};

/// Hashes PINs and checks them, with argon2id at 19 MiB, two passes and one lane (the OWASP recommendation).
///
/// One hash takes about 12 ms of a processor and 19 MiB of memory, so whoever offers it to strangers bounds how many
/// are made at a time. What checks take is kept for the next ones: an allocator asked for it each time keeps one more
/// for every thread, and clearing it costs half as much as the hash.
#[derive(Clone)]
pub struct Hasher {
    pepper: Pepper,
    decoy: String,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

/// A bug, or a hash in the ledger that is none.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The stored hash cannot be read.
    #[error(
        "a stored PIN hash cannot be read ({0}): give the account a new PIN with `dialgate account pin`"
    )]
    Stored(password_hash::phc::Error),
    /// Hashing failed.
    #[error("hashing a PIN: {0}")]
    Hash(password_hash::Error),
    /// The pepper does not fit.
    #[error("preparing to hash a PIN: {0}")]
    Prepare(#[from] argon2::Error),
    /// No salt.
    #[error("the system's random source: {0}")]
    Random(#[from] getrandom::Error),
}

impl Hasher {
    /// A hasher with this pepper. Makes one hash, the decoy.
    ///
    /// # Errors
    /// When hashing does not work at all.
    pub fn new(pepper: Pepper) -> Result<Self, HashError> {
        let mut hasher = Self { pepper, decoy: String::new(), memory: Arc::default() };
        hasher.decoy = hasher.hash_bytes(b"decoy")?;
        Ok(hasher)
    }

    /// The hash of a PIN with a new salt, as a PHC string.
    ///
    /// # Errors
    /// When hashing does not work at all.
    pub fn hash(&self, pin: &Pin) -> Result<String, HashError> {
        self.hash_bytes(pin.reveal().as_bytes())
    }

    /// Whether `pin` is the one that was hashed to `stored`. Where there is no stored hash or no possible PIN, the
    /// same work is done in vain, so that the time taken tells nothing.
    ///
    /// # Errors
    /// When the stored hash cannot be read.
    pub fn verify(&self, pin: Option<&Pin>, stored: Option<&str>) -> Result<bool, HashError> {
        let (digits, hash, possible) = match (pin, stored) {
            (Some(pin), Some(stored)) => (pin.reveal().as_bytes(), stored, true),
            (_, _) => (b"vain".as_slice(), self.decoy.as_str(), false),
        };
        let hash = PasswordHash::new(hash).map_err(HashError::Stored)?;
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Ok(false) };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(HashError::Hash)?;
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from)?;
        let params = Params::try_from(&hash).map_err(HashError::Hash)?;
        let blocks = params.block_count();
        let argon2 = Argon2::new_with_secret(self.pepper.bytes(), algorithm, version, params)?;
        let mut computed = vec![0; expected.len()];
        self.with_memory(blocks, |memory| {
            argon2.hash_password_into_with_memory(digits, salt.as_ref(), &mut computed, memory)
        })?;
        // Compared in constant time.
        Ok(possible && Output::new(&computed).is_ok_and(|computed| computed == expected))
    }

    fn hash_bytes(&self, bytes: &[u8]) -> Result<String, HashError> {
        let (algorithm, version, params) = (Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
        let (mut salt, mut output) = ([0; RECOMMENDED_SALT_LEN], [0; Params::DEFAULT_OUTPUT_LEN]);
        getrandom::fill(&mut salt)?;
        let named = ParamsString::try_from(&params).map_err(HashError::Hash)?;
        let blocks = params.block_count();
        let argon2 = Argon2::new_with_secret(self.pepper.bytes(), algorithm, version, params)?;
        self.with_memory(blocks, |memory| {
            argon2.hash_password_into_with_memory(bytes, &salt, &mut output, memory)
        })?;
        let hash = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: named,
            salt: Some(Salt::new(&salt).map_err(HashError::Stored)?),
            hash: Some(Output::new(&output).map_err(HashError::Stored)?),
        };
        Ok(hash.to_string())
    }

    /// Runs `work` on memory that nobody else uses meanwhile, and that is as large as the largest that was asked for.
    fn with_memory<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let idle = || self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = idle().pop().unwrap_or_default();
        if memory.len() < blocks {
            memory.resize(blocks, Block::new());
        }
        let done = work(&mut memory);
        idle().push(memory);
        done
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is left in the memory was made of PINs.
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(pepper: u8) -> Hasher {
        Hasher::new(Pepper::from_random([pepper; Pepper::BYTES])).unwrap()
    }

    #[test]
    fn only_the_pin_that_was_hashed_is_right() {
        let (right, wrong) = (Pin::new("12345678").unwrap(), Pin::new("12345679").unwrap());
        let hasher = hasher(1);
        let stored = hasher.hash(&right).unwrap();
        assert!(hasher.verify(Some(&right), Some(&stored)).unwrap());
        assert!(!hasher.verify(Some(&wrong), Some(&stored)).unwrap());
        assert!(!hasher.verify(None, Some(&stored)).unwrap());
        assert!(!hasher.verify(Some(&right), None).unwrap());
    }

    #[test]
    fn memory_that_was_used_before_makes_no_difference_and_is_used_again() {
        let pin = Pin::new("12345678").unwrap();
        let hasher = hasher(1);
        let stored = hasher.hash(&pin).unwrap();
        for n in 0..3 {
            let other = Pin::new(&format!("8765432{n}")).unwrap();
            assert!(!hasher.verify(Some(&other), Some(&stored)).unwrap());
            assert!(hasher.clone().verify(Some(&pin), Some(&stored)).unwrap());
        }
        assert_eq!(hasher.memory.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_hash_is_worth_nothing_without_its_pepper() {
        let pin = Pin::new("12345678").unwrap();
        let stored = hasher(1).hash(&pin).unwrap();
        assert!(!hasher(2).verify(Some(&pin), Some(&stored)).unwrap());
    }

    #[test]
    fn the_cost_is_what_owasp_recommends() {
        let stored = hasher(1).hash(&Pin::new("12345678").unwrap()).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    }
}
