use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{RefusedError, UnreadableError};

/// Why the kernel could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum FirewallError {
    /// A tool is not installed.
    #[error(
        "there is no {tool} in /usr/sbin or /sbin: install it with `apt-get install {package}`"
    )]
    Missing {
        /// The tool.
        tool: &'static str,
        /// The Debian package it comes in.
        package: &'static str,
    },
    /// A tool could not be run.
    #[error("running {}: {source}", tool.display())]
    Run {
        /// The tool.
        tool: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A tool took too long and was killed.
    #[error(
        "{} did not end within {} s and was killed: see what else changes the firewall, then try again",
        tool.display(), limit.as_secs_f32()
    )]
    TooSlow {
        /// The tool.
        tool: PathBuf,
        /// How long it was given.
        limit: Duration,
    },
    /// A tool printed more than anybody needs and was killed.
    #[error("{} printed more than {limit} bytes and was killed", tool.display())]
    TooMuch {
        /// The tool.
        tool: PathBuf,
        /// How much it may print.
        limit: usize,
    },
    /// A tool ended with an error.
    #[error("{} failed ({status}): {said}{}", tool.display(), at_line(line.as_deref()))]
    Failed {
        /// The tool.
        tool: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said, in one line.
        said: String,
        /// The line of its input that it named.
        line: Option<String>,
    },
    /// A tool printed what nobody expects.
    #[error(transparent)]
    Unreadable(#[from] UnreadableError),
    /// The model of the kernel refused a step.
    #[error(transparent)]
    Refused(Box<RefusedError>),
    /// What would be done could not be shown.
    #[error("printing what would be done: {0}")]
    Print(io::Error),
}

impl From<RefusedError> for FirewallError {
    fn from(error: RefusedError) -> Self {
        Self::Refused(Box::new(error))
    }
}

fn at_line(line: Option<&str>) -> String {
    line.map(|line| format!("; the line was `{line}`")).unwrap_or_default()
}
