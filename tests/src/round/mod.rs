//! Rounds of work for the root side, each with something to open, replace, extend, close, end and refuse. In each, the
//! reconciler meets with something; then it is left alone, and it is looked whether all is as it should be.

mod asked;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use dialgate_contract::ledger::Ledger;
use serde_json::Value;

use crate::fault::{self, Effect, Point, Whose};
use crate::root_side::{RootSide, now};
use crate::wait;
use asked::{Asked, check, check_kernel, column};

/// The rounds of one root side.
#[derive(Debug)]
pub struct Rounds {
    side: RootSide,
    round: u8,
    /// How often the reconciler was disturbed.
    disturbed: usize,
    /// Letters that arrived, by their Message-ID.
    delivered: BTreeMap<String, usize>,
}

/// What a pass came to that something befell.
#[derive(Debug, Clone, Copy)]
pub struct Befallen {
    /// How the reconciler ended.
    pub status: ExitStatus,
    /// Whether what the ledger had ended, before it was called, was closed.
    pub closed: bool,
}

impl Befallen {
    /// Whether it was killed.
    #[must_use]
    pub fn is_killed(self) -> bool {
        self.status.signal() == Some(9)
    }
}

impl Rounds {
    /// Sets up a root side and makes the first rounds undisturbed. `extra` is added to the configuration.
    ///
    /// # Errors
    /// When something does not start, or is not as it should be.
    pub fn start(extra: &str) -> io::Result<Self> {
        let side = RootSide::start(&work::accounts(), extra)?;
        let mut rounds = Self { side, round: 0, disturbed: 0, delivered: BTreeMap::new() };
        rounds.undisturbed()?;
        rounds.undisturbed()?;
        Ok(rounds)
    }

    /// Where they are made.
    #[must_use]
    pub const fn side(&self) -> &RootSide {
        &self.side
    }

    /// How many letters arrived, and how many of them more than once.
    #[must_use]
    pub fn letters(&self) -> (usize, usize) {
        let all: usize = self.delivered.values().sum();
        (all, all - self.delivered.len())
    }

    /// A round in which nothing happens.
    ///
    /// # Errors
    /// When something is not as it should be.
    pub fn undisturbed(&mut self) -> io::Result<()> {
        let asked = self.ask()?;
        self.heal(&asked)
    }

    /// A round in which nothing happens: the points that a pass goes by, of these system calls.
    ///
    /// # Errors
    /// When something is not as it should be.
    pub fn points(&mut self, syscalls: &[&str]) -> io::Result<Vec<Point>> {
        let asked = self.ask()?;
        let log = self.side.folder().join("strace.log");
        self.side.once_behind(&fault::tracing(syscalls, Whose::Its, &log))?;
        self.heal(&asked)?;
        Ok(fault::points(&std::fs::read_to_string(log)?))
    }

    /// A round in which something happens at a point.
    ///
    /// # Errors
    /// When something is not as it should be, then or afterwards.
    pub fn befall(&mut self, point: &Point, effect: Effect, whose: Whose) -> io::Result<Befallen> {
        let words = point.strace(effect, whose, &self.side.folder().join("strace.log"));
        self.disturb(&words)
    }

    /// A round in which the first pass is made behind other words.
    ///
    /// # Errors
    /// When something is not as it should be, then or afterwards.
    pub fn disturb(&mut self, words: &[String]) -> io::Result<Befallen> {
        let asked = self.ask()?;
        self.disturbed += 1;
        let status = self.side.once_behind(words)?;
        asked.check_meanwhile(&self.side)?;
        self.side.await_orphans()?;
        asked.check_meanwhile(&self.side)?;
        let closed = asked.is_closed(&self.side)?;
        self.heal(&asked)?;
        Ok(Befallen { status, closed })
    }

    /// A round in which the first pass is made by one that stays, until it gets to a point and is killed there, or is
    /// killed while it rests because it never gets there.
    ///
    /// # Errors
    /// When something is not as it should be, then or afterwards.
    pub fn kill_watching(&mut self, point: &Point) -> io::Result<()> {
        let mut words =
            point.strace(Effect::Kill, Whose::Its, &self.side.folder().join("strace.log"));
        // The tracer is nobody's parent then: what is started is the reconciler.
        words.insert(1, "--daemonize".to_owned());
        let asked = self.ask()?;
        self.disturbed += 1;
        let mut child = self.side.watch_behind(&words)?;
        if wait::until("the point", Duration::from_secs(2), || child.try_wait()).is_err() {
            child.kill()?;
            child.wait()?;
        }
        asked.check_meanwhile(&self.side)?;
        self.side.await_orphans()?;
        asked.check_meanwhile(&self.side)?;
        self.heal(&asked)
    }

    /// The reconciler is left alone; then everything is as it should be.
    fn heal(&mut self, asked: &Asked) -> io::Result<()> {
        // Two minutes pass, after which a letter that was on its way is due again.
        let ledger = self.side.ledger()?;
        let due = "UPDATE letter SET due_at = created_at WHERE sent_at IS NULL";
        ledger.connection().execute(due, []).map_err(io::Error::other)?;
        drop(ledger);
        let begun = now();
        let status = self.side.once_behind(&[])?;
        let took = now().as_second() - begun.as_second();
        check(status.success(), || {
            let log = self.side.log().unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            format!("left alone, it ends with {status}; its log from the end: {last:#?}")
        })?;
        let ledger = self.side.ledger()?;
        asked.check_decided(&ledger)?;
        check_kernel(&self.side.kernel()?, &ledger, took)?;
        self.check_letters(&ledger)
    }

    /// Every letter arrived, under its own name, and no more often than it was disturbed on the way.
    fn check_letters(&mut self, ledger: &Ledger) -> io::Result<()> {
        let rows = "SELECT '<dialgate.' || id || '.' || created_at || '@localhost>' FROM letter";
        let letters: BTreeSet<String> = column(ledger, rows)?.into_iter().collect();
        // The mail server says what it was given only after it has taken it.
        let all = wait::until("every letter", Duration::from_secs(5), || {
            for message in self.side.mail().messages()? {
                let id = message.pointer("/letter/headers/Message-ID").and_then(Value::as_str);
                *self.delivered.entry(id.unwrap_or("none").to_owned()).or_default() += 1;
            }
            Ok(letters.iter().eq(self.delivered.keys()).then_some(()))
        });
        all.map_err(|error| {
            let delivered: BTreeSet<String> = self.delivered.keys().cloned().collect();
            let difference: Vec<&String> = letters.symmetric_difference(&delivered).collect();
            io::Error::other(format!("{error}: not delivered or not written: {difference:?}"))
        })?;
        let (_, twice) = self.letters();
        check(twice <= self.disturbed, || format!("{twice} letters came again"))
    }
}
