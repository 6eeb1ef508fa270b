//! What a backup says of itself.

use std::collections::BTreeMap;
use std::io::{self, Read};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::BackupError;

/// The first file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// What is in the other files, and how.
    pub(crate) format: u32,
    /// The version of the program that made it.
    pub(crate) dialgate: String,
    pub(crate) made_at: Timestamp,
    /// The name of the machine.
    pub(crate) host: String,
    /// The other files by their names.
    pub(crate) files: BTreeMap<String, Sum>,
}

/// What a file is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// What `format` is today.
const FORMAT: u32 = 1;

impl Manifest {
    pub(super) fn new(made_at: Timestamp, files: BTreeMap<String, Sum>) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let dialgate = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, dialgate, made_at, host, files }
    }

    pub(super) fn read(text: &[u8]) -> Result<Self, BackupError> {
        let manifest: Self = serde_json::from_slice(text)
            .map_err(|error| BackupError::Damaged(format!("{} {error}", super::MANIFEST)))?;
        if manifest.format > FORMAT {
            return Err(BackupError::Newer(manifest.dialgate));
        }
        Ok(manifest)
    }
}

impl Sum {
    pub(super) fn of(mut from: impl Read) -> io::Result<Self> {
        let (mut hash, mut size, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 16]);
        loop {
            let read = from.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hash.update(buffer.get(..read).unwrap_or_default());
            size = size.saturating_add(read as u64);
        }
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { size, sha256 })
    }
}
