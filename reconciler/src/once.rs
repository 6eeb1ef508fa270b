//! `--once`: everything that is due, and then an end. For cron.

use std::time::{Duration, Instant};

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Ledger, pass};
use dialgate_contract::queue::{Matter, Request};
use jiff::{SignedDuration, Timestamp};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::BorrowedFd;

use crate::clock;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::pass::{PassError, Reconciler};
use crate::reader::Reader;
use crate::resolver::Resolver;

/// How long the queue's reader may take in all. It is the bound on what a crafted queue can cost.
const READING: Duration = Duration::from_secs(5);
/// Requests of travellers, and as many notices, that one pass decides at most: while it does, nobody else can write the ledger.
const MOST: usize = 1000;
/// What is told of somebody who undoes what runs before have put right.
const FIGHT: &str =
    "somebody else keeps changing the firewall back: see `dialgate audit` for what, and end that";
/// How long hosts may take in all; those that are late are asked for the next time.
const RESOLVING: Duration = Duration::from_secs(20);
/// A host is asked for once a minute, however cron counts.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(50);
/// How long letters may take in all; what is left waits for the next time.
const SENDING: Duration = Duration::from_secs(45);

/// The requests that wait in the queue, the longest waiting first; what is too many waits for the next time.
#[must_use]
pub(crate) fn requests(mut reader: Reader, reconciler: &Reconciler) -> Vec<Request> {
    let end = clock::steady() + READING;
    let (mut requests, mut notices) = (Vec::new(), Vec::new());
    loop {
        let clock = clock::steady();
        let undecided = reconciler.undecided(reader.requests(clock)).into_iter();
        let (wishes, others): (Vec<_>, Vec<_>) =
            undecided.partition(|request| matches!(request.matter, Matter::Access { .. }));
        requests.extend(wishes);
        // Strangers bring notices about: they take nobody's place.
        notices.extend(others);
        notices.truncate(MOST);
        let late = clock >= end;
        if late {
            let seconds = READING.as_secs();
            tracing::error!("the queue's reader took longer than {seconds} s and is ended");
        }
        if late || reader.is_finished() || requests.len() >= MOST {
            requests.truncate(MOST);
            requests.append(&mut notices);
            return requests;
        }
        wait(reader.fd(), reader.deadline().map_or(end, |deadline| deadline.min(end)));
    }
}

/// One pass for all of them, and then the hosts and the letters that are due.
///
/// # Errors
/// When the pass failed. Letters are sent all the same.
pub(crate) fn run(
    reconciler: &mut Reconciler,
    requests: &[Request],
    outbox: &mut Outbox,
    resolver: &mut Resolver,
    metrics: &mut Metrics,
) -> Result<(), PassError> {
    let now = clock::calendar();
    keep_time(reconciler);
    if let Err(error) = reconciler.take_over_exempt(now) {
        tracing::error!("[base-policy] lan and open: {error}");
    }
    let mut done = Ok(());
    if !requests.is_empty() || !reconciler.is_settled(now) {
        done = make_pass(reconciler, requests, metrics, now);
    }
    // What is there is closed and opened before anybody waits for the DNS.
    if done.is_ok() && resolve(reconciler, resolver) {
        done = make_pass(reconciler, &[], metrics, clock::calendar());
    }
    let obstacle = reconciler.in_the_way();
    // Once: cron sends a letter for every line.
    let told = pass::last(reconciler.ledger().connection()).ok().flatten();
    if let Some(obstacle) = &obstacle
        && told.and_then(|pass| pass.problem).as_ref() != Some(obstacle)
    {
        tracing::warn!("{obstacle}");
    }
    let problem = done.as_ref().err().map(ToString::to_string).or(obstacle);
    if let Err(error) = reconciler.record(now, problem) {
        tracing::error!("writing down the pass: {error}");
    }
    if let Err(error) = send(reconciler.ledger_mut(), outbox) {
        tracing::error!("the outbox: {error}");
    }
    metrics.write(reconciler, false, clock::calendar());
    done
}

fn make_pass(
    reconciler: &mut Reconciler,
    requests: &[Request],
    metrics: &mut Metrics,
    now: Timestamp,
) -> Result<(), PassError> {
    let (before, begun) = (reconciler.before(now, requests.is_empty()), clock::steady());
    let passed = reconciler.pass(requests, now);
    metrics.passed(clock::steady().duration_since(begun), passed.is_ok());
    let passed = passed?;
    if passed.dropped > 0 {
        tracing::error!(
            "requests are left undecided for now: the queue is flooded; is dialgate-agi what it should be?"
        );
    }
    if let Some(detail) = reconciler.verify(&before, now)? {
        tracing::warn!("firewall-healed: {detail}");
        let fight = reconciler.is_fight(now)?;
        if fight {
            tracing::error!("{FIGHT}");
        }
        reconciler.record_heal(now, &detail, fight)?;
    }
    Ok(())
}

/// Asks for the hosts that are due; whether anything was answered.
fn resolve(reconciler: &mut Reconciler, resolver: &mut Resolver) -> bool {
    let end = clock::steady() + RESOLVING;
    match reconciler.hosts_due(ASKED_AGAIN, clock::calendar()) {
        Ok(due) => resolver.ask(due),
        Err(error) => tracing::error!("hosts of the allow list: {error}"),
    }
    let mut answered = false;
    while !resolver.is_idle() && clock::steady() < end {
        let answers = resolver.answers(clock::steady());
        if let Err(error) = reconciler.heard(&answers, clock::calendar()) {
            tracing::error!("hosts of the allow list: {error}");
            return answered;
        }
        answered |= !answers.is_empty();
        if !resolver.is_idle() {
            let until = resolver.deadline(clock::steady()).map_or(end, |due| due.min(end));
            wait(resolver.fds(), until);
        }
    }
    answered
}

/// Whoever cannot tell whether the calendar was set back goes by it.
fn keep_time(reconciler: &mut Reconciler) {
    let kept = clock::clocks().map_err(PassError::Clock);
    if let Err(error) = kept.and_then(|clocks| Ok(reconciler.keep_time(clocks)?)) {
        tracing::error!("{error}");
    }
}

fn send(ledger: &mut Ledger, outbox: &mut Outbox) -> Result<(), DatabaseError> {
    let end = clock::steady() + SENDING;
    loop {
        outbox.turn(ledger, clock::calendar(), clock::steady())?;
        if !outbox.is_busy() {
            return Ok(());
        }
        if clock::steady() >= end {
            return outbox.put_off(ledger, clock::calendar());
        }
        wait(outbox.fd(), outbox.deadline().map_or(end, |deadline| deadline.min(end)));
    }
}

fn wait<'a>(pipes: impl IntoIterator<Item = BorrowedFd<'a>>, until: Instant) {
    let timeout = until.saturating_duration_since(clock::steady());
    let mut wanted: Vec<PollFd<'_>> =
        pipes.into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    // Woken early or not at all: the caller looks again and counts the time.
    let _ = rustix::event::poll(&mut wanted, Timespec::try_from(timeout).ok().as_ref());
}
