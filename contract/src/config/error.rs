use std::path::PathBuf;

use crate::Exit;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}; write it with `dialgate init`, or name another with --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not say what it should.
    #[error("{}: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, key and what is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A value does not fit the others.
    #[error("{}: {key}: {wrong}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is wrong, and what to write instead.
        wrong: String,
    },
}

impl ConfigError {
    /// How a program that could not read its configuration ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                Exit::NoPerm
            }
            Self::Read { .. } | Self::Parse { .. } | Self::Value { .. } => Exit::Config,
        }
    }
}
