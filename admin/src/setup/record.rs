//! What setup has done, for `--undo`: a file beside the configuration.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::SetupError;
use super::folder::Folder;
use crate::error::Error;
use crate::files::Rights;

/// Its name.
pub(super) const FILE: &str = "setup.json";
const RIGHTS: Rights = Rights { owner: None, mode: 0o600 };

/// What was done, and what was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Whether all of it was done.
    pub(super) is_complete: bool,
    pub(super) number: String,
    pub(super) context: Option<String>,
    /// The configuration.
    pub(super) config: Option<Kept>,
    /// The dialplan, which setup made.
    pub(super) dialplan: Option<Kept>,
    /// Where lines of ours are, and whether the file was not there before.
    pub(super) block: Option<(PathBuf, bool)>,
    /// Symbolic links and where they lead.
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    pub(super) folders: Vec<PathBuf>,
}

/// A file as it was, and as setup left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) before: Option<String>,
    pub(super) after: String,
}

impl Record {
    /// The record in a folder; `None` when there is none.
    pub(super) fn load(folder: &Path) -> Result<Option<Self>, Error> {
        let Some(open) = Folder::open(Path::new("/"), folder)? else { return Ok(None) };
        let Some(text) = open.read(FILE)? else { return Ok(None) };
        let wrong = |error: serde_json::Error| SetupError::Record {
            path: folder.join(FILE),
            problem: error.to_string(),
        };
        Ok(Some(serde_json::from_slice(&text).map_err(wrong)?))
    }

    pub(super) fn save(&self, folder: &Folder) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| SetupError::Record {
            path: FILE.into(),
            problem: error.to_string(),
        })?;
        folder.write(FILE, (text + "\n").as_bytes(), RIGHTS)
    }
}

impl Kept {
    /// Of a file that is changed again, what it was at first is kept.
    pub(super) fn changed(
        earlier: Option<&Self>,
        path: &Path,
        before: Option<&str>,
        after: &str,
    ) -> Self {
        let before = match earlier {
            Some(earlier) if before == Some(earlier.after.as_str()) => earlier.before.clone(),
            Some(_) | None => before.map(str::to_owned),
        };
        Self { path: path.to_owned(), before, after: after.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_and_a_missing_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Record::load(folder.path()).unwrap(), None);
        let record = Record {
            number: "*3425".to_owned(),
            block: Some(("/etc/asterisk/extensions_custom.conf".into(), true)),
            ..Record::default()
        };
        let open = Folder::open(Path::new("/"), folder.path()).unwrap().unwrap();
        record.save(&open).unwrap();
        assert_eq!(Record::load(folder.path()).unwrap(), Some(record));
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(Record::load(folder.path()).is_err());
    }

    #[test]
    fn what_a_file_was_at_first_is_kept_unless_somebody_else_changed_it_since() {
        let path = Path::new("/x");
        let first = Kept::changed(None, path, Some("a"), "b");
        assert_eq!(first.before.as_deref(), Some("a"));
        assert_eq!(Kept::changed(Some(&first), path, Some("b"), "c").before.as_deref(), Some("a"));
        assert_eq!(Kept::changed(Some(&first), path, Some("x"), "c").before.as_deref(), Some("x"));
    }
}
