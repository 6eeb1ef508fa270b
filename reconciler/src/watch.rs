//! `--watch`: a pass whenever something happens, and every few seconds even if nothing does.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use dialgate_contract::ledger::lease;
use dialgate_contract::queue::Request;
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec};
use sd_notify::NotifyState;

use crate::clock;
use crate::complaint::Complaint;
use crate::ledger_watch::LedgerWatch;
use crate::order::closing_first;
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::pass::{PassError, Reconciler};
use crate::reader::Reader;

/// Requests that one pass decides at most.
const BATCH: usize = 64;

/// What the loop waits for and works on.
pub(crate) struct Watch {
    reconciler: Reconciler,
    reader: Reader,
    outbox: Outbox,
    changes: LedgerWatch,
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
        ledger: PathBuf,
    ) -> Result<Self, WatchError> {
        let changes = LedgerWatch::new(ledger, reconciler.ledger())?;
        Ok(Self {
            reconciler,
            reader,
            outbox,
            changes,
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
        let clock = clock::steady();
        let requests = self.requests(clock);
        if self.changes.is_changed(self.reconciler.ledger())
            || self.pace.wants_pass(clock)
            || !requests.is_empty()
            || self.lease_over()
        {
            self.pass(&requests);
        }
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
            Ok(dropped) => self.passed(requests, dropped, clock),
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

    fn lease_over(&self) -> bool {
        !self.pace.is_failing()
            && self.next_expiry().is_some_and(|expiry| expiry <= clock::calendar())
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        lease::next_expiry(self.reconciler.ledger().connection()).ok().flatten()
    }

    fn wait(&self) -> Result<(), WatchError> {
        let clock = clock::steady();
        let timeout = self.deadline(clock).saturating_duration_since(clock);
        let timeout = Timespec::try_from(timeout).ok();
        let reader = self.reader.fd().filter(|_| self.pace.takes_requests(clock));
        let outbox = self.outbox.fd().filter(|_| self.pace.takes_letters(clock));
        let mut wanted = vec![PollFd::from_borrowed_fd(self.changes.fd(), PollFlags::IN)];
        wanted.extend(
            [reader, outbox]
                .into_iter()
                .flatten()
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)),
        );
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
        self.pace.deadline(clock, self.reader.deadline(), letter, self.next_expiry().map(at))
    }
}
