//! A call through Asterisk to the server, which nobody hears: Asterisk's own channel answers and waits. The server
//! answers once Asterisk has repeated its nonce. What Asterisk then wrote to its logs tells whether it writes down what
//! callers type.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::check::{Check, Fix};
use super::super::place::Place;
use super::Asked;
use super::logging::Verbose;

const CALL: &str = "call";
const DEBUG: &str = "agi-debug";
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
/// What is looked at of what a log has grown by.
const LONGEST: u64 = 1 << 20;

/// Where a channel of the call is in the dialplan.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Channel {
    name: String,
    is_up: bool,
    application: String,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Went {
    Answered,
    /// The server did not serve it, and the dialplan went on.
    NotServed,
    NotAnswered,
    /// Asterisk knows no such command.
    CannotOriginate,
}

/// `verbose`: where Asterisk writes what AGI says while that is debugged; `None` when it did not tell.
pub(super) fn check(
    asked: &Asked<'_>,
    place: &Place<'_>,
    verbose: Option<&Verbose>,
    is_placed: bool,
) -> Vec<Check> {
    if !is_placed {
        let fix = Fix::advice("leave --no-call out, and see that the dialplan is loaded");
        return vec![Check::skip(CALL, "no call was placed", fix), debug(&Debug::Unknown, asked)];
    }
    let files = verbose.map(|verbose| verbose.files.as_slice()).unwrap_or_default();
    let before: Vec<(&PathBuf, u64)> = files.iter().map(|log| (log, length(log))).collect();
    let went = match place_call(asked) {
        Ok(went) => went,
        Err(check) => return vec![check],
    };
    let shown = before.iter().find(|(log, from)| grown(log, *from).contains("AGI Rx <<"));
    let found = match (shown, verbose) {
        (Some((log, _)), _) => Debug::On(log),
        (None, Some(verbose)) if went == Went::Answered => match verbose {
            Verbose { files, elsewhere: true } if files.is_empty() => Debug::Unknown,
            Verbose { files, elsewhere: _ } if files.is_empty() => Debug::Unheard,
            Verbose { .. } => Debug::Off,
        },
        (None, Some(_) | None) => Debug::Unknown,
    };
    vec![judge(went, asked, place), debug(&found, asked)]
}

/// Whether AGI is debugged.
#[derive(Debug, PartialEq, Eq)]
enum Debug<'a> {
    /// This log shows it.
    On(&'a Path),
    Off,
    /// If it is, no log takes it.
    Unheard,
    Unknown,
}

fn place_call(asked: &Asked<'_>) -> Result<Went, Check> {
    let shown = || asked.ask(CALL, "core show channels concise").map(|said| channels(&said));
    let before: BTreeSet<String> = shown()?.into_iter().map(|channel| channel.name).collect();
    let said = asked.ask(CALL, "channel originate Local/s@dialgate application Wait 2")?;
    if said.contains("No such command") {
        return Ok(Went::CannotOriginate);
    }
    let end = now() + PATIENCE;
    while now() < end {
        let new = shown()?.into_iter().filter(|channel| !before.contains(&channel.name));
        if let Some(went) = went(&new.collect::<Vec<_>>()) {
            return Ok(went);
        }
        std::thread::sleep(PAUSE);
    }
    Ok(Went::NotAnswered)
}

/// `core show channels concise`: fields between exclamation marks, the name first (`main/cli.c`).
fn channels(text: &str) -> Vec<Channel> {
    let lines = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('!').collect();
        let (name, state, application) = (fields.first()?, fields.get(4)?, fields.get(5)?);
        name.starts_with("Local/s@dialgate-").then(|| Channel {
            name: (*name).to_owned(),
            is_up: *state == "Up",
            application: (*application).to_owned(),
        })
    });
    lines.collect()
}

/// The second half of the channel is the one that is in the dialplan.
fn went(new: &[Channel]) -> Option<Went> {
    let caller = new.iter().find(|channel| channel.name.ends_with(";2"))?;
    match caller.application.as_str() {
        "AGI" => caller.is_up.then_some(Went::Answered),
        "Playback" | "Hangup" => Some(Went::NotServed),
        _ => None,
    }
}

fn judge(went: Went, asked: &Asked<'_>, place: &Place<'_>) -> Check {
    let restart =
        || place.start("dialgate-agi", "see that dialgate-agi runs, and what its log says");
    match went {
        Went::Answered => Check::ok(CALL, "Asterisk reached dialgate-agi, and repeated its nonce"),
        Went::NotServed => {
            Check::fail(CALL, "Asterisk placed one, and dialgate-agi did not serve it", restart())
        }
        Went::NotAnswered => {
            let what =
                format!("Asterisk placed one, and nobody answered within {} s", PATIENCE.as_secs());
            Check::fail(CALL, what, restart())
        }
        Went::CannotOriginate => Check::skip(
            CALL,
            "Asterisk cannot place calls by itself",
            asked.tell("module load res_clioriginate.so"),
        ),
    }
}

fn debug(found: &Debug<'_>, asked: &Asked<'_>) -> Check {
    let off = || asked.tell("agi set debug off");
    match found {
        Debug::Off => Check::ok(DEBUG, "it is off"),
        Debug::Unheard => Check::ok(DEBUG, "no log takes what it would show"),
        Debug::On(log) => {
            let what =
                format!("it is on: what callers type, PINs too, is written to {}", log.display());
            Check::fail(DEBUG, what, off())
        }
        Debug::Unknown => Check::skip(
            DEBUG,
            "Asterisk tells whether it is on only by what a call writes to a file",
            off(),
        ),
    }
}

fn open(log: &Path) -> Option<File> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblocking).open(log).ok()?;
    file.metadata().ok()?.is_file().then_some(file)
}

fn length(log: &Path) -> u64 {
    open(log).and_then(|file| file.metadata().ok()).map_or(0, |found| found.len())
}

/// What has been written since it had this length; all of it when it was begun anew.
fn grown(log: &Path, from: u64) -> String {
    let mut bytes = Vec::new();
    if let Some(mut file) = open(log) {
        let from = if length(log) < from { 0 } else { from };
        // What cannot be read shows nothing.
        let _ = file
            .seek(SeekFrom::Start(from))
            .and_then(|_| file.take(LONGEST).read_to_end(&mut bytes));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "an adapter: patience is counted by the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_served_once_the_server_has_answered_it() {
        let first = "Local/s@dialgate-00000003;1!dialgate!s!1!Up!Wait!2!!!!3!0!!1795192522.0\n";
        for (state, application, expected) in [
            ("Up", "AGI", Some(Went::Answered)),
            ("Ring", "AGI", None),
            ("Ring", "Set", None),
            ("Up", "Playback", Some(Went::NotServed)),
        ] {
            let second = format!(
                "Local/s@dialgate-00000003;2!dialgate!s!11!{state}!{application}!x!!!!3!0!!1795192522.1\n"
            );
            let said = format!("PJSIP/x-1!c!s!1!Up!AGI!x!!!!3!0!!1.1\n{first}{second}");
            assert_eq!(went(&channels(&said)), expected, "{state} {application}");
        }
        assert_eq!(went(&channels(first)), None);
        assert_eq!(channels("nonsense\n!!\n"), []);
    }

    #[test]
    fn what_a_log_has_grown_by_is_read_and_a_pipe_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("full");
        std::fs::write(&log, "AGI Rx << old\n").unwrap();
        let before = length(&log);
        std::fs::write(&log, "AGI Rx << old\nnew\n").unwrap();
        assert_eq!(grown(&log, before), "new\n");
        assert_eq!(grown(&log, 1_000), "AGI Rx << old\nnew\n");
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        assert_eq!((length(&pipe), grown(&pipe, 0)), (0, String::new()));
    }
}
