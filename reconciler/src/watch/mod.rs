//! `--watch`: a pass whenever something happens, and every few seconds even if nothing does.

mod healing;
mod upkeep;
mod waiting;

use std::path::PathBuf;
use std::time::Instant;

use dialgate_contract::queue::Request;
use sd_notify::NotifyState;

use crate::burst::Burst;
use crate::clock;
use crate::complaint::Complaint;
use crate::heal::Heals;
use crate::ledger_watch::LedgerWatch;
use crate::metrics::Metrics;
use crate::nftables::Events;
use crate::order::closing_first;
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::pass::Reconciler;
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
    metrics: Metrics,
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
        metrics: Metrics,
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
            metrics,
            complaints: Complaints::default(),
        })
    }

    /// Goes on until the process is ended. It may be ended at any moment: the next one finds all in order.
    ///
    /// # Errors
    /// When waiting itself fails, or when the ledger is another file by now.
    pub(crate) fn run(mut self) -> Result<std::convert::Infallible, WatchError> {
        self.take_over_exempt();
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
        let (now, clock) = (clock::calendar(), clock::steady());
        self.metrics.turn(&self.reconciler, self.heals.is_fight(), now, clock);
        Ok(())
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
        self.metrics.passed(clock.duration_since(begun), passed.is_ok());
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
        if self.pace.is_tick(begun) || problem.is_some() || self.reconciler.is_on_trial() {
            self.pace.ticked(clock);
            self.record(now, problem, clock);
        }
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
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
}
