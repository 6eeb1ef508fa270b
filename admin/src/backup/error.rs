use std::path::PathBuf;

use dialgate_contract::Exit;

/// Why nothing was backed up, or nothing restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    #[error(
        "a backup holds secrets and is not for a terminal: name a file, or pipe it on, such as `dialgate backup - | gpg -c > dialgate.gpg`"
    )]
    Terminal,
    #[error("{} is there already and is no backup of dialgate: name another file", .0.display())]
    There(PathBuf),
    #[error("this is no backup of dialgate: {0}; nothing was changed")]
    Foreign(String),
    #[error("this backup is damaged: {0}; nothing was changed: take another one")]
    Damaged(String),
    #[error(
        "this backup was made by a newer dialgate ({0}): install that one first; nothing was changed"
    )]
    Newer(String),
    #[error(
        "the configuration in this backup names {}, a place that is not dialgate's here: nothing was changed; if the backup is yours, write a configuration with data-dir and pepper-file here first, see dialgate.toml(5)", .0.display()
    )]
    Elsewhere(PathBuf),
    #[error(
        "after this {0} would be on the deny list, and the SSH connection from {1} kept out: nothing was changed; say --even-me if you mean it"
    )]
    Me(dialgate_contract::Network, std::net::IpAddr),
    #[error(
        "the ledger here is damaged ({problem}), so the programs that have it open have to be stopped first: `systemctl stop dialgate-agi dialgate-reconciler`, then move {} away and restore again",
        path.display()
    )]
    Live { path: PathBuf, problem: String },
}

impl BackupError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Terminal => Exit::Usage,
            Self::There(_)
            | Self::Foreign(_)
            | Self::Damaged(_)
            | Self::Elsewhere(_)
            | Self::Me(..) => Exit::DataErr,
            Self::Newer(_) => Exit::Config,
            Self::Live { .. } => Exit::DataErr,
        }
    }
}
