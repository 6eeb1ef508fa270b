//! System calls fail, descriptors run out, the disk can only be read, the mail server does not do its part: nothing is
//! lost and nothing happens twice, and what is revoked or over is closed all the same.
//!
//! `DIALGATE_FAULTS=all` visits every call of a pass.

#![expect(clippy::unwrap_used, reason = "what cannot be set up or looked at fails the test")]

use std::sync::Mutex;
use std::thread;

use dialgate_contract::ledger::{LedgerReader, lease};
use dialgate_tests::fault::{Effect, Point, Whose};
use dialgate_tests::real::{self, Need};
use dialgate_tests::round::{Befallen, Rounds};

const NEEDS: [Need; 2] = [Need::Site, Need::Tool("strace")];
/// What fails when a disk is full, broken or read-only.
const DISK: [(&str, &[&str]); 4] = [
    ("pwrite64", &["ENOSPC", "EIO", "EROFS"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("fallocate", &["ENOSPC"]),
    ("ftruncate", &["EIO"]),
];
/// What fails when the kernel has no more of something.
const KERNEL: [(&str, &[&str]); 6] = [
    ("clone3", &["EAGAIN", "ENOMEM"]),
    ("memfd_create", &["EMFILE", "ENOMEM"]),
    ("openat", &["EMFILE", "ENFILE"]),
    ("pidfd_open", &["EMFILE"]),
    ("pipe2", &["EMFILE"]),
    ("write", &["ENOSPC", "EIO"]),
];

/// Every error at some calls of each kind, or at all; once, and from there on.
fn faults(kinds: &[(&'static str, &[&'static str])]) -> Vec<(Point, Effect)> {
    let names: Vec<&str> = kinds.iter().map(|(syscall, _)| *syscall).collect();
    let mut rounds = Rounds::start("").unwrap();
    let _open = held_open(&rounds);
    let points = rounds.points(&names).unwrap();
    let all = std::env::var_os("DIALGATE_FAULTS").is_some_and(|value| value == "all");
    let mut faults = Vec::new();
    for (syscall, errors) in kinds {
        let points: Vec<&Point> = points.iter().filter(|point| point.syscall == *syscall).collect();
        let step = if all { 1 } else { points.len().div_ceil(2).max(1) };
        for (point, name) in points.iter().step_by(step).zip(errors.iter().cycle()) {
            let names = if all { *errors } else { std::slice::from_ref(name) };
            for name in names {
                let effects = [false, true].map(|lasts| Effect::Error { name, lasts });
                faults.extend(effects.map(|effect| ((*point).clone(), effect)));
            }
        }
    }
    faults
}

/// A round for each of them, at two places at a time; what `befallen` says is wrong fails.
fn befall(faults: &[(Point, Effect)], wrong: fn(Befallen) -> bool) {
    let work = Mutex::new(faults.chunks(faults.len().div_ceil(2).clamp(1, 200)));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(faults) = next(&work) {
                    let mut rounds = Rounds::start("").unwrap();
                    let _open = held_open(&rounds);
                    for (point, effect) in faults {
                        let befallen = rounds.befall(point, *effect, Whose::Its);
                        let befallen = befallen
                            .map_err(|error| format!("{point} {effect:?}: {error}"))
                            .unwrap();
                        assert!(!wrong(befallen), "{point} {effect:?}: {befallen:?}");
                    }
                }
            });
        }
    });
}

/// The ledger, open as the telephone side has it. Without that, opening it writes to the disk, and who cannot open it
/// cannot know what to close.
fn held_open(rounds: &Rounds) -> LedgerReader {
    let ledger = LedgerReader::open(&rounds.side().folder().join("data/ledger.db")).unwrap();
    lease::count_not_ended(ledger.connection()).unwrap();
    ledger
}

fn next<T: Iterator>(work: &Mutex<T>) -> Option<T::Item> {
    work.lock().unwrap().next()
}

#[test]
fn whatever_write_to_the_disk_fails_closing_is_done_and_nothing_is_lost() {
    if real::skipped("whatever_write_to_the_disk_fails_closing_is_done_and_nothing_is_lost", &NEEDS)
    {
        return;
    }
    let faults = faults(&DISK);
    println!("{} rounds", faults.len());
    befall(&faults, |befallen| !befallen.closed);
}

#[test]
fn whatever_the_kernel_refuses_nothing_is_lost_and_nothing_happens_twice() {
    if real::skipped(
        "whatever_the_kernel_refuses_nothing_is_lost_and_nothing_happens_twice",
        &NEEDS,
    ) {
        return;
    }
    let faults = faults(&KERNEL);
    println!("{} rounds", faults.len());
    befall(&faults, |_| false);
}

#[test]
fn with_too_few_descriptors_nothing_is_lost_and_with_some_closing_is_done() {
    if real::skipped("with_too_few_descriptors_nothing_is_lost", &NEEDS) {
        return;
    }
    let mut rounds = Rounds::start("").unwrap();
    let mut enough = Vec::new();
    for most in (3..=24).step_by(3) {
        let words = ["prlimit".to_owned(), format!("--nofile={most}:{most}")];
        let befallen = rounds.disturb(&words).map_err(|error| format!("{most}: {error}")).unwrap();
        enough.push((most, befallen.closed, befallen.status.success()));
    }
    println!("descriptors, whether it closed, whether all was done: {enough:?}");
    assert!(enough.iter().any(|(_, _, done)| !done), "{enough:?}");
    assert!(enough.iter().any(|(_, closed, _)| *closed), "{enough:?}");
}

#[test]
fn on_a_disk_that_can_only_be_read_nothing_opens_and_nothing_is_lost() {
    if real::skipped("on_a_disk_that_can_only_be_read_nothing_opens_and_nothing_is_lost", &NEEDS) {
        return;
    }
    let mut rounds = Rounds::start("").unwrap();
    let data = rounds.side().folder().join("data");
    let data = data.to_str().unwrap();
    let read_only =
        format!("mount --bind {data} {data} && mount -o remount,bind,ro {data} && exec \"$@\"");
    let words = ["unshare", "--mount", "sh", "-c", &read_only, "sh"].map(str::to_owned);
    for _ in 0..3 {
        let befallen = rounds.disturb(&words).unwrap();
        println!("{befallen:?}");
        assert!(!befallen.status.success());
    }
}
