use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::Exit;

/// Why a database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file cannot be opened.
    #[error("opening {}: {source}; check that it exists and who owns it, or make it with `dialgate init`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A newer program has been at work.
    #[error("{} has schema version {found}, this program knows {known}: install the newer dialgate again", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: usize,
        /// The newest version that this program knows.
        known: usize,
    },
    /// An older program has been at work, and this one may only read.
    #[error("{} has schema version {found}, this program needs {known}: run `dialgate init` to bring it up to date", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: usize,
        /// The version that this program needs.
        known: usize,
    },
    /// Somebody else's tool has taken the WAL away, and this program may only read.
    #[error("{} cannot be read until it is written again ({source}): try again after the reconciler's next pass, or run `dialgate init`", path.display())]
    NoWal {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The library is too old to be trusted with a WAL.
    #[error("SQLite {0} can damage a database: 3.51.3 or newer is needed")]
    Library(&'static str),
    /// A stored value is not what it should be.
    #[error(
        "{column} holds {value:?}, which is no {what}: put a backup in its place with `dialgate restore`"
    )]
    Corrupt {
        /// Table and column.
        column: &'static str,
        /// What is stored there.
        value: String,
        /// What should be.
        what: &'static str,
    },
    /// Any other refusal of SQLite.
    #[error("database: {}{}", .0, advice(.0))]
    Sqlite(#[from] rusqlite::Error),
}

impl DatabaseError {
    /// Whether the same may work a moment later.
    #[must_use]
    pub fn can_retry(&self) -> bool {
        match self {
            Self::Sqlite(error) | Self::Open { source: error, .. } => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::CannotOpen
                        | ErrorCode::FileLockingProtocolFailed
                )
            ),
            Self::NoWal { .. } => true,
            Self::Newer { .. } | Self::Older { .. } | Self::Library(_) | Self::Corrupt { .. } => {
                false
            }
        }
    }

    /// How a program that meets this ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Sqlite(error)
                if error.sqlite_error_code() == Some(ErrorCode::PermissionDenied) =>
            {
                Exit::NoPerm
            }
            Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                Exit::NoPerm
            }
            Self::Sqlite(_) if self.can_retry() => Exit::TempFail,
            Self::NoWal { .. } => Exit::TempFail,
            Self::Open { .. } | Self::Sqlite(_) => Exit::IoErr,
            Self::Newer { .. } | Self::Older { .. } | Self::Library(_) => Exit::Config,
            Self::Corrupt { .. } => Exit::DataErr,
        }
    }
}

fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "; make room on the disk that data-dir is on",
        Some(ErrorCode::DatabaseBusy) => "; another program is writing it: try again",
        Some(ErrorCode::FileLockingProtocolFailed) => {
            "; somebody holds a lock for longer than dialgate does: stop dialgate-agi, then try again"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "; only the user it belongs to may write it"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "; `dialgate doctor` tells which file, and `dialgate restore` puts a backup in its place"
        }
        Some(_) | None => "",
    }
}
