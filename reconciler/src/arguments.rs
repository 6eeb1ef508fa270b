//! The command line. Read without the library that the other programs use: root's program has few dependencies.

use std::ffi::OsString;
use std::path::PathBuf;

use dialgate_contract::HostName;
use dialgate_contract::config::DEFAULT_FILE;
use lexopt::prelude::{Long, Short, Value};

use crate::{mail, reader, resolver};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Opens the firewall for travellers who called, and closes it again.

Usage: dialgate-reconciler (--once | --watch | --dry-run | --remove) [--config FILE]

Options:
      --once         Do what is due and end (for cron)
      --watch        Stay and act at once (for systemd)
      --dry-run      Show what a pass would do, change nothing
      --remove       Take all of dialgate's own out of the firewall
      --config FILE  Configuration [default: /etc/dialgate/dialgate.toml]
  -V, --version      Print the version
  -h, --help         Print this
";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Do the reconciler's work.
    Reconcile {
        /// The configuration file.
        config: PathBuf,
        /// How.
        mode: Mode,
    },
    /// Be the child that reads the queue at this path.
    ReadQueue {
        /// The queue's file.
        queue: PathBuf,
        /// Whether to stay.
        watch: bool,
    },
    /// Be the child that sends letters.
    SendLetters,
    /// Be a child that asks the DNS for this host.
    Resolve(HostName),
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
}

/// How the reconciler works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What is due, and then an end.
    Once,
    /// Until ended.
    Watch,
    /// Only show what `Once` would do.
    DryRun,
    /// Take out of the kernel what is ours.
    Remove,
}

/// What is wrong with the command line.
#[derive(Debug, thiserror::Error)]
#[error("{0}\n\nTry `dialgate-reconciler --help`.")]
pub(crate) struct UsageError(String);

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

/// Reads the arguments, the program's name not among them.
///
/// # Errors
/// When they make no sense.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Order, UsageError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(order) = child(&arguments) {
        return Ok(order);
    }
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut config = PathBuf::from(DEFAULT_FILE);
    let (mut once, mut watch, mut dry_run, mut remove) = (false, false, false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("once") => once = true,
            Long("watch") => watch = true,
            Long("dry-run") => dry_run = true,
            Long("remove") => remove = true,
            Long("config") => config = parser.value()?.into(),
            Long("help") | Short('h') => return Ok(Order::Help),
            Long("version") | Short('V') => return Ok(Order::Version),
            Long(_) | Short(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    let mode = match (once, watch, dry_run, remove) {
        (true, false, false, false) => Mode::Once,
        (false, true, false, false) => Mode::Watch,
        (_, false, true, false) => Mode::DryRun,
        (false, false, false, true) => Mode::Remove,
        (false, false, false, false) => {
            return Err(UsageError("say --once or --watch".to_owned()));
        }
        _ => {
            return Err(UsageError(
                "use one of --once, --watch, --dry-run and --remove; all but --watch end by themselves"
                    .to_owned(),
            ));
        }
    };
    Ok(Order::Reconcile { config, mode })
}

/// The hidden forms by which the program starts itself again.
fn child(arguments: &[OsString]) -> Option<Order> {
    let (first, rest) = arguments.split_first()?;
    match (first.to_str()?, rest) {
        (reader::ARGUMENT, [queue]) => Some(Order::ReadQueue { queue: queue.into(), watch: false }),
        (reader::ARGUMENT, [queue, watch]) if watch == "watch" => {
            Some(Order::ReadQueue { queue: queue.into(), watch: true })
        }
        (mail::ARGUMENT, []) => Some(Order::SendLetters),
        (resolver::ARGUMENT, [name]) => Some(Order::Resolve(name.to_str()?.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Order, UsageError> {
        super::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_documented_forms_are_understood() {
        let expected = |config: &str, mode| Order::Reconcile { config: config.into(), mode };
        for (line, order) in [
            ("--once", expected(DEFAULT_FILE, Mode::Once)),
            ("--watch --config /x", expected("/x", Mode::Watch)),
            ("--config=/x --once --dry-run", expected("/x", Mode::DryRun)),
            ("--dry-run", expected(DEFAULT_FILE, Mode::DryRun)),
            ("--remove", expected(DEFAULT_FILE, Mode::Remove)),
            ("--help", Order::Help),
            ("-V", Order::Version),
        ] {
            assert_eq!(parse(line).unwrap(), order, "{line}");
        }
    }

    #[test]
    fn anything_else_says_what_to_type() {
        for line in [
            "",
            "--once --watch",
            "--watch --dry-run",
            "--once --remove",
            "--often",
            "now",
            "--config",
        ] {
            assert!(parse(line).unwrap_err().to_string().contains("--help"), "{line}");
        }
    }
}
