//! Everything that is printed: answers to standard output, as JSON or for people, and the rest to standard error.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};

use dialgate_contract::Exit;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::contact::is_invisible;
use crate::error::Error;
use crate::layout::wrapped;
use crate::report::Report;
use crate::text::Reader;

/// Prints the answer to a command.
pub(crate) fn report(report: &Report, json: bool, now: Timestamp, zone: &TimeZone) -> Exit {
    let text = if json {
        serde_json::to_string_pretty(report).map(|text| text + "\n")
    } else {
        Ok(visible(&Reader { now, zone }.text(report)))
    };
    match text.map(Zeroizing::new) {
        Ok(text) => answer(text.as_bytes()),
        Err(error) => {
            complain(&format!("writing JSON: {error}"));
            Exit::Software
        }
    }
}

/// Prints why a command was not carried out.
pub(crate) fn error(error: &Error) -> Exit {
    complain(&visible(&error.to_string()));
    error.exit()
}

/// Prints help, the version, or what is wrong with the command line.
pub(crate) fn usage(answer: &clap::Error) -> Exit {
    match answer.print() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Exit::IoErr,
        Ok(()) | Err(_) if answer.use_stderr() => Exit::Usage,
        Ok(()) | Err(_) => Exit::Ok,
    }
}

/// Asks for a line on the terminal.
pub(crate) fn prompt(text: &str) {
    // Where the question cannot be shown, the line is read all the same.
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// Tells whoever sits at the terminal why it takes a moment.
pub(crate) fn meanwhile(text: &str) {
    let mut err = stderr().lock();
    if err.is_terminal() {
        // There is nowhere else to say that standard error is closed.
        let _ = writeln!(err, "dialgate: {text}");
    }
}

fn answer(text: &[u8]) -> Exit {
    let mut out = stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => Exit::Ok,
        // Whoever reads has seen enough, as `head` has.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Ok,
        Err(error) => {
            complain(&format!("writing the answer: {error}; the command itself was carried out"));
            Exit::IoErr
        }
    }
}

fn complain(text: &str) {
    let text = text.trim_end();
    let one_line = !text.contains('\n');
    let text = match one_line && stderr().is_terminal() {
        true => wrapped("dialgate: ", text),
        false => format!("dialgate: {text}\n"),
    };
    // There is nowhere else to say that standard error is closed.
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// Nothing that is stored may move the cursor or turn the text around.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && is_invisible(c) { '?' } else { c }).collect()
}
