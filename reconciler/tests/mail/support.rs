use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dialgate_contract::config::{Mail, Transport};
use dialgate_contract::ledger::letter::Waiting;
use dialgate_contract::ledger::{Letter, LetterId};
use dialgate_reconciler::mail::{Delivery, Mailer, Report};
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub(crate) const PYTHON: &str = "/usr/bin/python3";

pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_dialgate-reconciler").into()
}

pub(crate) fn mailer(mail: Mail) -> Mailer {
    Mailer::with_program(mail, None, program())
}

/// Settings for a mail server on this machine.
pub(crate) fn smtp(port: u16) -> Mail {
    Mail { transport: Transport::Smtp, host: "127.0.0.1".to_owned(), port, ..Mail::default() }
}

pub(crate) fn letter(name: &str) -> Waiting {
    Waiting {
        id: LetterId::from_row(7),
        recipient: "ann@example.net".to_owned(),
        letter: Letter::Opened {
            language: None,
            name: name.to_owned(),
            account: "4711".parse().unwrap(),
            address: "12.34.56.78".parse().unwrap(),
            services: ["sip", "rtp"].map(|name| name.parse().unwrap()).into(),
            until: "2026-11-20T17:05:00Z".parse().unwrap(),
            time_zone: Some("Europe/Paris".to_owned()),
            replaced: None,
            extended: false,
            caller: Some("5678".to_owned()),
        },
        created_at: Timestamp::from_second(1_800_000_000).unwrap(),
        attempts: 0,
    }
}

/// Sends a letter and waits for what becomes of it.
pub(crate) fn deliver(mailer: &mut Mailer, letter: &Waiting) -> Delivery {
    mailer.send(letter, now()).unwrap();
    let Report { id, outcome, .. } = report(mailer);
    assert_eq!(id, letter.id);
    assert!(mailer.is_idle() && mailer.fd().is_none() && mailer.deadline().is_none());
    outcome
}

/// Waits for the report as the reconciler's loop does.
pub(crate) fn report(mailer: &mut Mailer) -> Report {
    for _ in 0..100 {
        let fd = mailer.fd().expect("a letter is on its way");
        let limit = Timespec::try_from(Duration::from_secs(40)).unwrap();
        assert_eq!(poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&limit)), Ok(1), "no answer");
        if let Some(report) = mailer.report(now()) {
            return report;
        }
    }
    panic!("readable 100 times and still no report");
}

pub(crate) fn reason(delivery: Delivery) -> String {
    match delivery {
        Delivery::Retry(reason) => reason,
        Delivery::Sent | Delivery::Hopeless(_) => panic!("not a retry: {delivery:?}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "tests meet real deadlines")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "tests start processes")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

/// What Python's email package makes of a message.
pub(crate) fn read_letter(content: &[u8]) -> serde_json::Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_letter.py");
    let mut python = command(PYTHON);
    let mut python =
        python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(content).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether Python has these modules; if not says so, or fails where nothing may be skipped.
pub(crate) fn skipped(test: &str, modules: &str) -> bool {
    let import = command(PYTHON).args(["-c", &format!("import {modules}")]).output();
    let present = import.is_ok_and(|output| output.status.success());
    if !present {
        skip(test, &format!("needs {PYTHON} with {modules}: apt-get install python3-aiosmtpd"));
    }
    !present
}

pub(crate) fn skip(test: &str, why: &str) {
    let required = std::env::var_os("DIALGATE_REQUIRE_REAL").is_some_and(|value| value == "1");
    assert!(!required, "{test} must not be skipped here: {why}");
    // Not eprintln!, which the harness keeps to itself.
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {why}");
}

/// Runs one test of this binary again, in a process with other surroundings, unless that is where it runs already.
pub(crate) fn again(test: &str, launcher: &[&str], environment: &[(&str, &str)]) -> bool {
    const MARK: &str = "DIALGATE_TEST_AGAIN";
    if std::env::var_os(MARK).is_some() {
        return false;
    }
    let this = std::env::current_exe().unwrap();
    let (first, rest) = launcher.split_first().unwrap_or((&"/usr/bin/env", &[]));
    let output = command(first)
        .args(rest)
        .arg(this)
        .args(["--exact", test, "--nocapture"])
        .env(MARK, "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    true
}
