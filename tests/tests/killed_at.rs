//! The reconciler is killed at every point of a pass, each of its system calls of a kind that matters, and so are its
//! tools and children: nothing is lost, nothing happens twice, and at no moment anything is open that nobody has.
//!
//! `DIALGATE_KILLS` says how often at each point, and `DIALGATE_POINTS` at how many of them; without either, some of them
//! are visited once.

#![expect(clippy::unwrap_used, reason = "what cannot be set up or looked at fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

use dialgate_tests::fault::{Effect, Point, Whose};
use dialgate_tests::real::{self, Need};
use dialgate_tests::round::Rounds;

const NEEDS: [Need; 2] = [Need::Site, Need::Tool("strace")];
/// What changes a file, and what starts, feeds, hears, ends and awaits a tool or a child. Before and after each of
/// them something else is true.
const ITS: [&str; 14] = [
    "clone3",
    "fallocate",
    "fdatasync",
    "flock",
    "fsync",
    "ftruncate",
    "kill",
    "memfd_create",
    "pidfd_open",
    "pipe2",
    "pwrite64",
    "utimensat",
    "wait4",
    "write",
];
/// How tools speak to the kernel, and children to their parent and to the world; and how often each at most.
const THEIRS: [(&str, u32); 5] =
    [("connect", 2), ("mmap", 40), ("sendmsg", 4), ("sendto", 6), ("write", 4)];
/// Rounds in one place: addresses are not used twice.
const ROUNDS: usize = 200;
/// Points that are visited when nobody says how often.
const SOME: usize = 50;

/// What became of many rounds.
#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    killed_at: BTreeSet<Point>,
    kills: usize,
    failures: usize,
    letters: usize,
    letters_again: usize,
}

/// How often each point is visited, if somebody says so.
fn visits() -> Option<usize> {
    number("DIALGATE_KILLS")
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// As many points as somebody says, as often as somebody says: all of them where only that is said, and some of them once
/// where nothing is.
fn plan(points: &[Point]) -> Vec<Point> {
    let all = visits().map_or(SOME, |_| points.len());
    let count = number("DIALGATE_POINTS").unwrap_or(all).clamp(1, points.len().max(1));
    let points = points.iter().step_by(points.len().div_ceil(count).max(1));
    std::iter::repeat_n(points, visits().unwrap_or(1)).flatten().cloned().collect()
}

/// A round for each of them, at two places at a time.
fn kill_at(points: &[Point], whose: Whose) -> Tally {
    let each = ROUNDS.min(points.len().div_ceil(2)).max(1);
    let work = Mutex::new(points.chunks(each));
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(points) = next(&work) {
                    let mut rounds = Rounds::start("").unwrap();
                    for point in points {
                        let befallen = rounds.befall(point, Effect::Kill, whose);
                        let befallen =
                            befallen.map_err(|error| format!("{point}: {error}")).unwrap();
                        let mut tally = tally.lock().unwrap();
                        tally.rounds += 1;
                        tally.failures += usize::from(!befallen.status.success());
                        tally.kills += usize::from(befallen.is_killed());
                        tally.killed_at.extend(befallen.is_killed().then(|| point.clone()));
                    }
                    let (letters, again) = rounds.letters();
                    let mut tally = tally.lock().unwrap();
                    tally.letters += letters;
                    tally.letters_again += again;
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

fn next<T: Iterator>(work: &Mutex<T>) -> Option<T::Item> {
    work.lock().unwrap().next()
}

fn count(points: &[Point]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for point in points {
        *counts.entry(point.syscall.as_str()).or_default() += 1;
    }
    counts
}

#[test]
fn killed_at_any_point_of_a_pass_it_loses_nothing_and_does_nothing_twice() {
    let test = "killed_at_any_point_of_a_pass_it_loses_nothing_and_does_nothing_twice";
    if real::skipped(test, &NEEDS) {
        return;
    }
    let points = Rounds::start("").unwrap().points(&ITS).unwrap();
    println!("{} points: {:?}", points.len(), count(&points));
    let Tally { rounds, killed_at, kills, letters, letters_again, .. } =
        kill_at(&plan(&points), Whose::Its);
    println!(
        "{rounds} rounds, {kills} kills at {} points; {letters} letters came, {letters_again} of them again",
        killed_at.len()
    );
    let least = number("DIALGATE_POINTS").map_or(30, |count| count.min(30) / 2);
    assert!(killed_at.len() >= least, "{killed_at:?}");
}

#[test]
fn when_its_tools_and_children_are_killed_nothing_is_lost_and_nothing_happens_twice() {
    let test = "when_its_tools_and_children_are_killed_nothing_is_lost_and_nothing_happens_twice";
    if real::skipped(test, &NEEDS) {
        return;
    }
    let each = |(syscall, most): (&str, u32)| {
        let syscall = syscall.to_owned();
        (1..=most)
            .step_by(1 + most as usize / 10)
            .map(move |n| Point { syscall: syscall.clone(), n })
    };
    let points: Vec<Point> = THEIRS.into_iter().flat_map(each).collect();
    let points = std::iter::repeat_n(points, visits().unwrap_or(1)).flatten().collect::<Vec<_>>();
    let tally = kill_at(&points, Whose::Everybodys);
    println!("{} rounds, in {} of them the pass failed", tally.rounds, tally.failures);
    assert!(tally.failures > 0, "{tally:?}");
}

#[test]
fn killed_while_it_watches_it_loses_nothing_and_does_nothing_twice() {
    let test = "killed_while_it_watches_it_loses_nothing_and_does_nothing_twice";
    if real::skipped(test, &NEEDS) {
        return;
    }
    let mut rounds = Rounds::start("").unwrap();
    let points = plan(&rounds.points(&ITS).unwrap());
    for point in points.iter().step_by(4).take(ROUNDS) {
        rounds.kill_watching(point).map_err(|error| format!("{point}: {error}")).unwrap();
    }
}
