//! One change, small enough to be shown and to be done as a whole.

use std::path::{Path, PathBuf};

use crate::cli::NewAccount;
use crate::contact::Email;
use crate::report::SetupRow;

/// What is to be done.
#[derive(Debug)]
pub(super) enum Change {
    /// Make this system user.
    User(String),
    /// Change a file.
    File(FileChange),
    /// Make the files that `dialgate init` makes.
    Init,
    MakeFolder(PathBuf),
    RemoveFolder(PathBuf),
    Link {
        path: PathBuf,
        target: PathBuf,
    },
    /// Remove a symbolic link.
    Unlink(PathBuf),
    /// Have Asterisk read its dialplan again.
    Reload,
    /// Have the programs that run read their configuration again.
    Restart,
    /// Send a test letter there.
    Letter(Email),
    Account(Box<NewAccount>),
}

/// Of what a file is a part, which says who owns a new one and what it is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Configuration,
    Asterisk,
}

/// A file as it was found, and as it is to be; `None` where there is none.
#[derive(Debug)]
pub(super) struct FileChange {
    pub(super) part: Part,
    pub(super) path: PathBuf,
    pub(super) before: Option<Vec<u8>>,
    pub(super) after: Option<Vec<u8>>,
    /// What is new in it.
    pub(super) lines: Vec<String>,
}

pub(super) const USERADD: &str =
    "/usr/sbin/useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin";
pub(super) const RESTART: &str =
    "/usr/bin/systemctl try-reload-or-restart dialgate-agi dialgate-reconciler";
pub(super) const RELOAD: &str = "dialplan reload";

impl Change {
    /// For people, and for programs.
    pub(super) fn row(&self) -> SetupRow {
        let shown = |path: &Path| path.display().to_string();
        let (does, what) = match self {
            Self::User(name) => ("run", format!("{USERADD} {name}")),
            Self::File(FileChange { path, before, after, .. }) => match (before, after) {
                (_, None) => ("remove", shown(path)),
                (None, Some(_)) => ("write", shown(path)),
                (Some(_), Some(_)) => ("change", shown(path)),
            },
            Self::Init => ("make", "ledger, queue and pepper, as `dialgate init` does".to_owned()),
            Self::MakeFolder(path) => ("make", shown(path)),
            Self::RemoveFolder(path) => ("remove", format!("{}, if empty", path.display())),
            Self::Link { path, target } => {
                ("link", format!("{} -> {}", path.display(), target.display()))
            }
            Self::Unlink(path) => ("remove", shown(path)),
            Self::Reload => ("run", format!("asterisk -rx \"{RELOAD}\"")),
            Self::Restart => ("run", RESTART.to_owned()),
            Self::Letter(to) => ("send", format!("a test letter to {}", to.as_str())),
            Self::Account(_) => {
                ("make", "the first account, and show its PIN this once".to_owned())
            }
        };
        let lines = match self {
            Self::File(FileChange { lines, .. }) => lines.clone(),
            Self::User(_)
            | Self::Init
            | Self::MakeFolder(_)
            | Self::RemoveFolder(_)
            | Self::Link { .. }
            | Self::Unlink(_)
            | Self::Reload
            | Self::Restart
            | Self::Letter(_)
            | Self::Account(_) => Vec::new(),
        };
        SetupRow { does, what, lines }
    }
}
