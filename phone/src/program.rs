use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use dialgate_contract::{Exit, Language};
use jiff::tz::TimeZone;

use crate::connect;
use crate::failure::Failure;
use crate::telephone::{Prompts, Screen, Style, Terminal};

/// How long each character of a recording's name lasts when a person listens: a second or so for a recording, which
/// leaves time to read and can be cut short by any key.
pub(crate) const PACE: Duration = Duration::from_millis(40);

/// A telephone in the terminal.
///
/// Without options it is the demo of dialgate: it sets up everything in a temporary folder, shows an account number
/// and a PIN, and lets you call. Without a terminal it makes the call by itself. It ends with status 0 when all went
/// as it should, and leaves nothing behind.
///
/// The keys are 0-9, * and #; Enter is #. To hang up, press h, Esc or Ctrl-C.
#[derive(Parser)]
#[command(name = "dialgate-phone", version, max_term_width = 80)]
struct Arguments {
    /// Call a dialgate-agi that is running, such as 127.0.0.1:4573, instead
    #[arg(long, value_name = "HOST:PORT")]
    connect: Option<String>,
    /// Be spoken to in this language: en, es, fr or de
    #[arg(long, value_name = "LANGUAGE", default_value_t = Language::En, hide_default_value = true)]
    language: Language,
}

/// The program `dialgate-phone`. Under the name of one of the other programs it is that program, so that one file can
/// show all of them together.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("dialgate-agi") => dialgate_agi::main(),
        Some("dialgate-reconciler") => dialgate_reconciler::main(),
        Some("dialgate") => dialgate_admin::main(),
        Some(_) | None => telephone(std::iter::once(name).chain(arguments)),
    }
}

fn telephone(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` come this way too. What cannot be printed cannot be told either.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok }.into();
        }
    };
    let outcome = match arguments.connect {
        Some(server) => connect::run(&server, arguments.language),
        None => crate::demo::run(arguments.language),
    };
    match outcome {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => failure.report(),
    }
}

/// A person at this terminal.
pub(crate) fn person() -> Result<Terminal, Failure> {
    let screen = screen()?;
    let cannot = |error| Failure::new(Exit::IoErr, format!("cannot read the keyboard: {error}"));
    Terminal::open(screen).map_err(cannot)
}

pub(crate) fn screen() -> Result<Screen, Failure> {
    let prompts =
        Prompts::built_in().map_err(|error| Failure::new(Exit::Software, error.to_string()))?;
    Ok(Screen::new(prompts, TimeZone::system(), style()))
}

pub(crate) fn style() -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stdout().is_terminal() && !plain { Style::Ansi } else { Style::Plain }
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Failure::new(Exit::TempFail, format!("cannot start: {error}")))
}
