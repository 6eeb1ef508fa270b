use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dialgate_contract::Exit;
use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_pin::{HashError, Hasher, Pepper, PepperError};

use super::counts::Counts;
use super::desk::Desk;
use super::ledger_file::LedgerFile;
use super::logins::Logins;
use super::metrics::Metrics;
use super::new_pins::NewPins;
use super::requests::Requests;
use super::standings::Standings;
use super::throttling::Throttling;
use super::verdicts::Verdicts;

/// What calls need besides the telephone: the ledger to read, the queue to write, and the pepper.
pub struct Services {
    pub(super) logins: Logins,
    pub(super) standings: Standings,
    pub(super) new_pins: NewPins,
    pub(super) requests: Requests,
    pub(super) verdicts: Verdicts,
    pub(super) max_calls: u16,
    pub(super) counts: Arc<Counts>,
    pub(super) metrics: Metrics,
}

/// Why calls cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// No pepper.
    #[error(transparent)]
    Pepper(#[from] PepperError),
    /// PINs cannot be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The queue's folder cannot be made.
    #[error("making {} and keeping others out of it: {source}; let `dialgate init` make it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The queue cannot be opened.
    #[error(transparent)]
    Queue(#[from] DatabaseError),
}

impl Services {
    /// Reads the pepper and opens the queue, making it when it is not there. The ledger may come later.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn open(config: &Config) -> Result<Self, ServicesError> {
        let pepper = Pepper::load(&config.pepper_file)?;
        let hasher = Hasher::new(pepper.clone())?;
        let new_pins = NewPins::new(hasher.clone());
        make_private_folder(&config.queue_dir())?;
        let requests = Requests::open(&config.queue_file())?;
        let throttling = Throttling::new(requests.clone(), pepper);
        let ledger = LedgerFile::new(config.ledger_file());
        let patience = config.agi.wait_for_open.duration();
        let counts = Arc::new(Counts::new());
        Ok(Self {
            metrics: Metrics::new(config, Arc::clone(&counts), requests.clone(), ledger.clone()),
            logins: Logins::new(Desk::new(ledger.clone(), hasher, throttling), Arc::clone(&counts)),
            counts,
            standings: Standings::new(ledger.clone(), config.lease.clone()),
            new_pins,
            verdicts: Verdicts::new(ledger, requests.clone(), patience),
            requests,
            max_calls: config.agi.max_calls,
        })
    }
}

impl ServicesError {
    /// How a program that meets this ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Pepper(PepperError::Read { source, .. }) | Self::Folder { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Exit::NoPerm
            }
            Self::Pepper(_) => Exit::Config,
            Self::Folder { .. } => Exit::IoErr,
            Self::Hash(_) => Exit::Software,
            Self::Queue(error) => error.exit(),
        }
    }
}

fn make_private_folder(path: &Path) -> Result<(), ServicesError> {
    let made = match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    };
    // Also one that was there, perhaps open to others; only its owner may do this.
    made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700)))
        .map_err(|source| ServicesError::Folder { path: path.to_owned(), source })
}
