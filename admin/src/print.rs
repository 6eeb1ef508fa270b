//! Everything that is printed: answers to standard output, as JSON or for people, and the rest to standard error.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};

use dialgate_contract::Exit;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::contact::is_invisible;
use crate::error::Error;
use crate::layout::{fitted, wrapped};
use crate::paint::coloured;
use crate::report::{AuditRow, Report};
use crate::text::Reader;

/// How answers are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer<'a> {
    /// As JSON, not for people.
    pub(crate) json: bool,
    pub(crate) now: Timestamp,
    pub(crate) zone: &'a TimeZone,
}

impl Printer<'_> {
    /// Prints the answer to a command.
    pub(crate) fn report(&self, report: &Report) -> Exit {
        if matches!(report, Report::Printed) {
            return Exit::Ok;
        }
        let text = if self.json {
            serde_json::to_string_pretty(report).map(|text| escaped(text) + "\n")
        } else {
            Ok(self.people(report))
        };
        match text.map(Zeroizing::new) {
            Ok(text) => {
                let printed = answer(text.as_bytes());
                if printed == Exit::Ok { report.exit() } else { printed }
            }
            Err(error) => {
                complain(&format!("writing JSON: {error}"));
                Exit::Software
            }
        }
    }

    /// Prints lines of the audit trail, each JSON object on a line of its own.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn lines(&self, rows: &[AuditRow]) -> std::io::Result<()> {
        let mut text = String::new();
        for row in rows {
            if self.json {
                text.push_str(&escaped(serde_json::to_string(row)?));
                text.push('\n');
            } else {
                text.push_str(&coloured(&visible(&self.reader().audit_line(row))));
            }
        }
        let mut out = stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }

    /// The answer in words, as it is shown.
    fn people(&self, report: &Report) -> String {
        coloured(&self.words(report))
    }

    /// The same without colours.
    pub(crate) fn words(&self, report: &Report) -> String {
        visible(&self.reader().text(report))
    }

    /// The time, where the machine is.
    pub(crate) fn time(&self) -> String {
        self.now.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn reader(&self) -> Reader<'_> {
        Reader { now: self.now, zone: self.zone, is_terminal: stdout().is_terminal() }
    }
}

/// Prints why a command was not carried out.
pub(crate) fn error(error: &Error) -> Exit {
    complain(&visible(&error.to_string()));
    error.exit()
}

/// Prints help, the version, or what is wrong with the command line.
pub(crate) fn usage(answer: &clap::Error) -> Exit {
    let text = answer.to_string();
    let printed = match answer.use_stderr() && stderr().is_terminal() {
        // It fits help texts to the terminal by itself, and nothing else.
        true if fitted(&text) != text => stderr().lock().write_all(fitted(&text).as_bytes()),
        true | false => answer.print(),
    };
    match printed {
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

/// Shows the terminal what a question is about.
pub(crate) fn show(text: &str) {
    prompt(&visible(text));
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
    let text = match text.split_once('\n') {
        _ if !stderr().is_terminal() => format!("dialgate: {text}\n"),
        Some((first, more)) => wrapped("dialgate: ", first) + &fitted(more),
        None => wrapped("dialgate: ", text),
    };
    // There is nowhere else to say that standard error is closed.
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// Nothing that is stored may move the cursor or turn the text around.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && is_invisible(c) { '?' } else { c }).collect()
}

/// The same in JSON: there these can only stand in strings.
fn escaped(json: String) -> String {
    let is_hidden = |c: char| c != '\n' && is_invisible(c);
    if !json.contains(is_hidden) {
        return json;
    }
    let mut text = String::with_capacity(json.len());
    for c in Zeroizing::new(json).chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_nothing_invisible_and_reads_back_as_it_was() {
        let name = "Ann\u{202e}nnA\u{7f}\u{85}\u{2028}Zo\u{eb}";
        let text = escaped(serde_json::to_string_pretty(&[name]).unwrap());
        assert!(!text.contains(|c| c != '\n' && is_invisible(c)), "{text:?}");
        assert!(text.contains("\\u202ennA") && text.contains('\u{eb}'), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [name]);
    }
}
