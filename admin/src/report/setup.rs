use serde::Serialize;

use super::AccountChange;

/// What setup did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct SiteSetup {
    /// Whether it was done, and not only shown.
    pub(crate) done: bool,
    /// Whether changes and notes were seen by whoever agreed to them.
    #[serde(skip)]
    pub(crate) was_shown: bool,
    pub(crate) changes: Vec<SetupRow>,
    /// The first account, with its PIN.
    pub(crate) account: Option<AccountChange>,
    /// What else is to be known or done.
    pub(crate) notes: Vec<String>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SetupRow {
    pub(crate) does: &'static str,
    pub(crate) what: String,
    /// The lines that are put into a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) lines: Vec<String>,
}
