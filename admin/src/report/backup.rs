//! What was backed up, and what comes back.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::LeaseRow;
use crate::backup::Manifest;

#[derive(Debug, Serialize)]
pub(crate) struct BackedUp {
    pub(crate) file: PathBuf,
    pub(crate) accounts: usize,
    pub(crate) manifest: Manifest,
}

#[derive(Debug, Serialize)]
pub(crate) struct Restoration {
    /// When the backup was made, where, and by which version.
    pub(crate) made_at: Timestamp,
    pub(crate) host: String,
    pub(crate) dialgate: String,
    /// `false`: it was shown only.
    pub(crate) done: bool,
    /// In the backup.
    pub(crate) accounts: usize,
    /// Before; `None` where there was no ledger.
    pub(crate) accounts_now: Option<usize>,
    /// Every account and entry of the lists that comes, goes or changes, in words.
    pub(crate) changes: Vec<String>,
    /// The open leases, all of which this ends.
    pub(crate) ends: Vec<LeaseRow>,
    /// How many lines of the backup's audit trail are as they were written.
    pub(crate) trail: u64,
    /// What is wrong after them.
    pub(crate) trail_fault: Option<String>,
    pub(crate) pepper_differs: bool,
    pub(crate) config: RestoredConfig,
    /// Keys of the configuration that are not as in the backup.
    pub(crate) config_differs: Vec<String>,
    /// A backup of what was here before.
    pub(crate) kept: Option<PathBuf>,
    #[serde(skip)]
    pub(crate) last_pass: Option<Timestamp>,
}

/// What becomes of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RestoredConfig {
    /// There was none that anybody had written in.
    Placed,
    Same,
    /// The one that is here stays.
    Kept,
}
