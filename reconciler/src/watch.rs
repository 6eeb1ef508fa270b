//! `--watch`: a pass whenever something happens, and every few seconds even if nothing does.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use dialgate_contract::queue::Request;
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec};
use sd_notify::NotifyState;

use crate::burst::Burst;
use crate::clock;
use crate::complaint::Complaint;
use crate::heal::Heals;
use crate::ledger_watch::LedgerWatch;
use crate::nftables::Events;
use crate::order::closing_first;
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::pass::{ASKED_EVERY, Before, PassError, Reconciler, next_due};
use crate::reader::Reader;
use crate::reload::Reload;
use crate::resolver::Resolver;

/// Requests that one pass decides at most.
const BATCH: usize = 64;

/// What the loop waits for and works on.
pub(crate) struct Watch {
    reconciler: Reconciler,
    reader: Reader,
    outbox: Outbox,
    resolver: Resolver,
    reload: Reload,
    changes: LedgerWatch,
    events: Option<Events>,
    burst: Burst,
    heals: Heals,
    in_the_way: Option<String>,
    pace: Pace,
    complaints: Complaints,
}

#[derive(Default)]
struct Complaints {
    pass: Complaint,
    record: Complaint,
    outbox: Complaint,
    flood: Complaint,
    clock: Complaint,
    hosts: Complaint,
    neighbours: Complaint,
}

/// What is told as long as somebody undoes what dialgate does.
const FIGHT: &str = "somebody else keeps changing the firewall back, so it is put right ever more rarely; access that ends \
                     is still closed: see `dialgate audit` for who it is, and end that";

/// Why watching ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    /// The system refused something.
    #[error("watching the ledger: {0}")]
    System(#[from] rustix::io::Errno),
    /// What is open is not the ledger any more.
    #[error(
        "{} was replaced or removed while it was open; restore a backup while nothing of dialgate runs, and \
         without the -wal and -shm files of the old one beside it", .0.display()
    )]
    Replaced(PathBuf),
}

impl Watch {
    /// Watches the file `ledger`, which `reconciler` has open, the queue and the outbox.
    ///
    /// # Errors
    /// When the kernel does not let the ledger's folder be watched.
    pub(crate) fn new(
        reconciler: Reconciler,
        reader: Reader,
        outbox: Outbox,
        resolver: Resolver,
        reload: Reload,
        ledger: PathBuf,
    ) -> Result<Self, WatchError> {
        let events = Events::open().inspect_err(|error| {
            tracing::info!("changes of the firewall are seen within seconds, not at once: {error}");
        });
        let changes = LedgerWatch::new(ledger, reconciler.ledger())?;
        Ok(Self {
            reconciler,
            reader,
            outbox,
            resolver,
            reload,
            changes,
            events: events.ok(),
            burst: Burst::default(),
            heals: Heals::default(),
            in_the_way: None,
            pace: Pace::new(clock::steady()),
            complaints: Complaints::default(),
        })
    }

    /// Goes on until the process is ended. It may be ended at any moment: the next one finds all in order.
    ///
    /// # Errors
    /// When waiting itself fails, or when the ledger is another file by now.
    pub(crate) fn run(mut self) -> Result<std::convert::Infallible, WatchError> {
        self.pass(&[]);
        // It fails when nobody asked to be notified.
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        loop {
            self.turn()?;
            self.wait()?;
        }
    }

    fn turn(&mut self) -> Result<(), WatchError> {
        if !self.changes.is_in_place() {
            return Err(WatchError::Replaced(self.changes.path().to_owned()));
        }
        let reloaded = self.reload();
        let clock = clock::steady();
        let requests = self.requests(clock);
        let changed = self.changes.is_changed(self.reconciler.ledger());
        let answered = self.hosts(clock);
        if let Some(programs) = self.events.as_mut().and_then(Events::take) {
            self.burst.add(programs, clock);
        }
        if changed
            || reloaded
            || answered
            || !requests.is_empty()
            || self.pace.wants_retry(clock)
            || self.something_over()
        {
            self.pass(&requests);
        } else if self.pace.is_tick(clock) || self.burst.is_due(clock) {
            self.look(clock);
        }
        self.letters();
        Ok(())
    }

    fn letters(&mut self) {
        let (now, clock) = (clock::calendar(), clock::steady());
        if self.pace.takes_letters(clock) {
            match self.outbox.turn(self.reconciler.ledger_mut(), now, clock) {
                Ok(()) => {
                    self.complaints.outbox.settle();
                }
                Err(error) => {
                    self.pace.outbox_failed(clock);
                    if self.complaints.outbox.is_due(&error.to_string(), clock) {
                        tracing::error!("letters wait: {error}");
                    }
                }
            }
        }
    }

    /// The regular look at a firewall that nobody asked to change, and the one after somebody else has changed it.
    fn look(&mut self, clock: Instant) {
        self.keep_time(clock);
        let now = clock::calendar();
        if self.reconciler.is_settled(now) {
            self.burst.take();
            self.unharmed(clock);
        } else if self.heals.may_heal(clock) {
            return self.pass(&[]);
        } else {
            self.burst.take();
            if let Err(error) = self.reconciler.close_only(now)
                && self.complaints.pass.is_due(&error.to_string(), clock)
            {
                tracing::error!("closing failed: {error}");
            }
        }
        if self.pace.is_tick(clock) {
            self.pace.ticked(clock);
            self.record(now, None, clock);
        }
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
    }

    fn unharmed(&mut self, clock: Instant) {
        if self.heals.unharmed(clock) {
            tracing::info!("nobody changes the firewall back any more");
        }
    }

    /// Asks for hosts that are due, and writes down what was answered; whether anything was.
    fn hosts(&mut self, clock: Instant) -> bool {
        let now = clock::calendar();
        let answers = self.resolver.answers(clock);
        let kept = self.reconciler.heard(&answers, now);
        let due = kept.and_then(|()| self.reconciler.hosts_due(ASKED_EVERY, now));
        match due {
            Ok(due) => self.resolver.ask(due),
            Err(error) => {
                if self.complaints.hosts.is_due(&error.to_string(), clock) {
                    tracing::error!("hosts of the allow list: {error}");
                }
            }
        }
        !answers.is_empty()
    }

    /// Reads the configuration again when somebody asks for it; whether there is another one now.
    fn reload(&mut self) -> bool {
        if !self.reload.is_asked() {
            return false;
        }
        let started = NotifyState::monotonic_usec_now().ok();
        let _ = sd_notify::notify(
            &[Some(NotifyState::Reloading), started].into_iter().flatten().collect::<Vec<_>>(),
        );
        let read = self.reload.read();
        let adopted = read.is_ok();
        match read {
            Ok(config) => {
                tracing::info!("the configuration is read again");
                self.outbox.change(&config.mail);
                self.resolver.believe_private(config.firewall.allow_private);
                self.reconciler.change(config.clone());
            }
            Err(error) => tracing::error!("the configuration stays as it was: {error}"),
        }
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        adopted
    }

    fn requests(&mut self, clock: Instant) -> Vec<Request> {
        if self.pace.takes_dropped(clock) {
            self.reader.restart(clock);
        }
        if !self.pace.takes_requests(clock) {
            return Vec::new();
        }
        let requests = self.reconciler.undecided(self.reader.requests(clock));
        if requests.len() >= BATCH {
            self.pace.full(clock);
        }
        requests
    }

    fn pass(&mut self, requests: &[Request]) {
        let (now, begun) = (clock::calendar(), clock::steady());
        self.keep_time(begun);
        let programs = self.burst.take();
        let before = self.reconciler.before(now, requests.is_empty());
        // Of all batches, not only of each: closing does not wait for what cannot be opened.
        let (closing, opening) = closing_first(requests);
        let ordered: Vec<Request> = closing.into_iter().chain(opening).cloned().collect();
        let batches = ordered.chunks(BATCH).chain(requests.is_empty().then_some(requests));
        let passed = batches
            .map(|batch| self.reconciler.pass(batch, now))
            .try_fold(0, |dropped, passed| passed.map(|passed| dropped + passed.dropped));
        let clock = clock::steady();
        let problem = passed.as_ref().err().map(ToString::to_string);
        match passed {
            Ok(dropped) => {
                self.passed(requests, dropped, clock);
                self.verify(&before, &programs, now, clock);
            }
            Err(_) => self.pace.failed(clock),
        }
        if let Some(problem) = &problem {
            if self.complaints.pass.is_due(problem, clock) {
                tracing::error!("pass failed: {problem}");
            }
            if !requests.is_empty() {
                self.reader.restart(clock);
            }
        }
        self.burst.looked(begun, clock);
        if self.pace.is_tick(begun) || problem.is_some() {
            self.pace.ticked(clock);
            self.record(now, problem, clock);
        }
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
    }

    fn keep_time(&mut self, clock: Instant) {
        let kept = clock::clocks().map_err(PassError::Clock);
        match kept.and_then(|clocks| Ok(self.reconciler.keep_time(clocks)?)) {
            Ok(()) => {
                self.complaints.clock.settle();
            }
            Err(error) => {
                if self.complaints.clock.is_due(&error.to_string(), clock) {
                    tracing::error!("{error}");
                }
            }
        }
    }

    /// Keeps in mind what the kernel looks like now, and tells of what had to be put right.
    fn verify(&mut self, before: &Before, programs: &[String], now: Timestamp, clock: Instant) {
        self.in_the_way = self.reconciler.in_the_way();
        match &self.in_the_way {
            Some(obstacle) if self.complaints.neighbours.is_due(obstacle, clock) => {
                tracing::warn!("{obstacle}");
            }
            Some(_) => {}
            None => drop(self.complaints.neighbours.settle()),
        }
        let detail = match self.reconciler.verify(before, now) {
            Ok(Some(done)) if programs.is_empty() => done,
            Ok(Some(done)) => format!("{done}; changed by {}", programs.join(", ")),
            Ok(None) => return self.unharmed(clock),
            Err(error) => return tracing::error!("what was verified: {error}"),
        };
        tracing::warn!("firewall-healed: {detail}");
        let begins = self.heals.healed(clock);
        if begins {
            tracing::error!("{FIGHT}");
        }
        if let Err(error) = self.reconciler.record_heal(now, &detail, begins) {
            tracing::error!("writing down what was put right: {error}");
        }
        if begins {
            self.record(now, None, clock);
        }
    }

    fn passed(&mut self, requests: &[Request], dropped: usize, clock: Instant) {
        self.pace.passed();
        if self.complaints.pass.settle() {
            tracing::info!("passes succeed again");
        }
        if !requests.is_empty() {
            self.reader.carried_out();
        }
        if dropped > 0 {
            self.pace.flooded(clock);
            let flood =
                format!("{dropped} requests are left undecided for now: the queue is flooded");
            if self.complaints.flood.is_due(&flood, clock) {
                tracing::error!("{flood}; is dialgate-agi what it should be?");
            }
        }
    }

    fn record(&mut self, now: Timestamp, problem: Option<String>, clock: Instant) {
        let fight = self.heals.is_fight().then(|| FIGHT.to_owned());
        let problem = problem.or(fight).or_else(|| self.in_the_way.clone());
        match self.reconciler.record(now, problem) {
            Ok(()) => {
                self.complaints.record.settle();
            }
            Err(error) => {
                if self.complaints.record.is_due(&error.to_string(), clock) {
                    tracing::error!("writing down the pass: {error}");
                }
            }
        }
    }

    fn something_over(&self) -> bool {
        !self.pace.is_failing() && self.next_end().is_some_and(|end| end <= clock::calendar())
    }

    fn next_end(&self) -> Option<Timestamp> {
        next_due(self.reconciler.ledger().connection()).ok().flatten()
    }

    fn wait(&self) -> Result<(), WatchError> {
        let clock = clock::steady();
        let timeout = self.deadline(clock).saturating_duration_since(clock);
        let timeout = Timespec::try_from(timeout).ok();
        let reader = self.reader.fd().filter(|_| self.pace.takes_requests(clock));
        let outbox = self.outbox.fd().filter(|_| self.pace.takes_letters(clock));
        let events = self.events.as_ref().map(Events::fd);
        let always = [Some(self.changes.fd()), Some(self.reload.fd()), events, reader, outbox];
        let all = always.into_iter().flatten().chain(self.resolver.fds());
        let mut wanted: Vec<PollFd<'_>> =
            all.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        match rustix::event::poll(&mut wanted, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn deadline(&self, clock: Instant) -> Instant {
        let now = clock::calendar();
        let at = |time: Timestamp| {
            clock + Duration::try_from(time.duration_since(now)).unwrap_or(Duration::ZERO)
        };
        let due = self.outbox.next_due(self.reconciler.ledger()).ok().flatten();
        let letter = self.outbox.deadline().or_else(|| due.map(at));
        let host = self.reconciler.next_host_due(ASKED_EVERY).ok().flatten();
        // One that is asked for already is due until it has answered.
        let host = self.resolver.deadline(clock).or_else(|| host.map(at));
        let paced =
            self.pace.deadline(clock, self.reader.deadline(), letter, self.next_end().map(at));
        [host, self.burst.due()].into_iter().flatten().fold(paced, Instant::min)
    }
}
