use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use dialgate_contract::Exit;
use jiff::tz::TimeZone;

use crate::failure::Failure;
use crate::telephone::{Prompts, Screen, Style, Terminal, lift, show};
use crate::{Call, CallerId, Clock};

/// How long each character of a recording's name lasts when a person listens: a second or so for a recording, which
/// leaves time to read and can be cut short by any key.
pub(crate) const PACE: Duration = Duration::from_millis(40);

/// A telephone in the terminal.
///
/// Without options it is a demonstration: it sets up everything in a temporary folder, shows an account number and
/// a PIN, and lets you call. Keys: 0-9, * and #; h, Esc or Ctrl-C hangs up.
#[derive(Parser)]
#[command(name = "dialgate-phone", version)]
struct Arguments {
    /// Call the dialgate-agi that listens there, instead
    #[arg(long, value_name = "HOST:PORT")]
    connect: Option<String>,
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
        Some(server) => connect(&server),
        None => crate::demo::run(),
    };
    match outcome {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => failure.report(),
    }
}

fn connect(server: &str) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err(Failure::new(
            Exit::Usage,
            "--connect needs a terminal: somebody has to press the keys",
        ));
    }
    runtime()?.block_on(async {
        let server = look_up(server).await?;
        let call = Call::new(server, CallerId::withheld()).clock(Clock::Real(PACE)).longest(None);
        show(&lift(style()));
        call.place(&mut person()?).await?;
        Ok(())
    })
}

async fn look_up(server: &str) -> Result<SocketAddr, Failure> {
    let unknown = |why: String| {
        let hint = "give it as HOST:PORT, for instance 127.0.0.1:4573";
        Failure::new(Exit::Usage, format!("--connect {server}: {why}; {hint}"))
    };
    let mut found =
        tokio::net::lookup_host(server).await.map_err(|error| unknown(error.to_string()))?;
    found.next().ok_or_else(|| unknown("it has no address".into()))
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
