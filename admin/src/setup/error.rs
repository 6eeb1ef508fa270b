use std::path::PathBuf;

use dialgate_contract::Exit;

use super::block::Torn;
use super::value::{ContextName, DialledNumber};

/// Why setup was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    #[error("these answers are missing, and there is no terminal to ask on: {0}")]
    Missing(String),
    #[error("{0} to make: see them with --dry-run, and add --yes to make them")]
    NoConsent(String),
    #[error(
        "there is no {}: install Asterisk first, or name its asterisk.conf with --asterisk-conf",
        .0.display()
    )]
    NoAsterisk(PathBuf),
    #[error("{}: {torn}: put them right by hand, or remove them", path.display())]
    Torn { path: PathBuf, torn: Torn },
    #[error(
        "line {line} of {} leads {} in [{}] elsewhere already: {application}; remove it, or take another --number",
        path.display(), number.as_str(), context.as_str()
    )]
    Taken {
        path: PathBuf,
        line: usize,
        number: DialledNumber,
        context: ContextName,
        application: String,
    },
    #[error("{} has changed just now: run this again", .0.display())]
    Changed(PathBuf),
    #[error("{} is not what setup wrote ({problem}): move it away", path.display())]
    Record { path: PathBuf, problem: String },
    #[error("{} cannot be edited ({problem}): correct it by hand", path.display())]
    Edit { path: PathBuf, problem: String },
    #[error("there is nothing to take back: {} is not there", .0.display())]
    NoRecord(PathBuf),
    #[error(
        "asking on the terminal: {0}; give the answers as options, see `dialgate setup --help`"
    )]
    Terminal(std::io::Error),
    #[error("`{command}` {problem}")]
    Command { command: String, problem: String },
}

impl SetupError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Missing(_) | Self::NoConsent(_) => Exit::Usage,
            Self::NoAsterisk(_) | Self::Command { .. } => Exit::Unavailable,
            Self::Torn { .. } | Self::Taken { .. } | Self::NoRecord(_) => Exit::DataErr,
            Self::Record { .. } | Self::Edit { .. } => Exit::Config,
            Self::Changed(_) => Exit::TempFail,
            Self::Terminal(_) => Exit::IoErr,
        }
    }
}
