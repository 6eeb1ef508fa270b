use std::os::unix::fs::symlink;

use dialgate_contract::config::Mail;
use dialgate_reconciler::mail::{Delivery, Mailer};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::support::{deliver, letter, now, reason};

/// A mailer whose child is `false_mail_child`, under a name that tells it what to do.
fn false_child(name: &str) -> (Mailer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(name);
    symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/false_mail_child"), &program).unwrap();
    (Mailer::with_program(Mail::default(), None, program), folder)
}

#[test]
fn a_child_that_says_anything_but_one_answer_is_ended_and_the_letter_kept() {
    for (name, said) in [
        ("dies", "ended before it answered (exit status: 3)"),
        ("is-killed", "ended before it answered (signal: 9"),
        ("repeats-itself", "said more than an answer"),
        ("never-ends-its-line", "said more than an answer"),
        ("speaks-of-another", "did not answer what it was asked"),
        ("is-not-json", "did not answer what it was asked"),
    ] {
        let (mut mailer, _folder) = false_child(name);
        for _ in 0..2 {
            let reason = reason(deliver(&mut mailer, &letter("Ann")));
            assert!(reason.contains(said), "{name}: {reason}");
        }
    }
}

#[test]
fn a_reason_reaches_root_as_one_short_visible_line() {
    let (mut mailer, _folder) = false_child("gives-a-hostile-reason");
    let Delivery::Hopeless(reason) = deliver(&mut mailer, &letter("Ann")) else {
        panic!("not hopeless")
    };
    assert!(reason.starts_with("a\\r\\n\\u{1b}[2Jxxx"), "{reason}");
    assert_eq!(reason.chars().count(), 200);
}

#[test]
fn a_child_that_died_is_replaced_with_the_next_letter() {
    let (mut mailer, _folder) = false_child("dies-the-first-time");
    reason(deliver(&mut mailer, &letter("Ann")));
    assert_eq!(deliver(&mut mailer, &letter("Ann")), Delivery::Sent);
}

#[test]
fn a_child_that_answers_and_dies_has_answered_and_is_replaced_with_the_next_letter() {
    let (mut mailer, _folder) = false_child("answers-then-dies");
    for _ in 0..3 {
        assert_eq!(deliver(&mut mailer, &letter("Ann")), Delivery::Sent);
        await_death_of_children();
    }
}

/// Waits until this thread's children have ended, without reaping them.
fn await_death_of_children() {
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    for child in children.split_whitespace() {
        let pid = Pid::from_raw(child.parse().unwrap()).unwrap();
        let end = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(pid), end).unwrap();
    }
}

#[test]
fn a_child_that_cannot_be_started_keeps_the_letter() {
    let mut mailer = Mailer::with_program(Mail::default(), None, "/nonexistent".into());
    let error = mailer.send(&letter("Ann"), now()).unwrap_err();
    assert!(reason(error.outcome()).contains("/nonexistent"));
    assert!(mailer.is_idle());
}
