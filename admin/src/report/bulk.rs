//! What becomes of many accounts at once.

use std::path::PathBuf;

use dialgate_contract::AccountNumber;
use jiff::Timestamp;
use serde::Serialize;

use super::{AccountRow, LeaseRow};

#[derive(Debug, Default, Serialize)]
pub(crate) struct BulkImport {
    pub(crate) accounts: Vec<BulkRow>,
    /// `false`: it was shown only.
    pub(crate) done: bool,
    /// Where the generated PINs are.
    pub(crate) pins: Option<PathBuf>,
    /// The leases that this ended.
    pub(crate) ended: Vec<LeaseRow>,
    #[serde(skip)]
    pub(crate) last_pass: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(crate) struct BulkRow {
    /// In the file.
    pub(crate) line: u64,
    pub(crate) outcome: BulkOutcome,
    /// `None`: one that is free, once it is done.
    pub(crate) account: Option<AccountNumber>,
    pub(crate) name: String,
    /// What changes of an account that is there, such as `services sip -> rtp sip`.
    pub(crate) changes: Vec<String>,
    /// `given` in the file, or `generated`; `None` when it stays.
    pub(crate) pin: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BulkOutcome {
    Add,
    Change,
    /// It is as the file says.
    Same,
}

/// The same accounts for programs and for spreadsheets.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ExportedLines {
    pub(crate) accounts: Vec<AccountRow>,
    #[serde(skip)]
    pub(crate) text: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Exported {
    pub(crate) file: PathBuf,
    pub(crate) accounts: usize,
}
