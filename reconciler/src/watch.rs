//! `--watch`: a pass whenever something happens, and every few seconds even if nothing does.

use std::path::Path;
use std::time::{Duration, Instant};

use dialgate_contract::ledger::{lease, letter};
use dialgate_contract::queue::Request;
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::OwnedFd;
use rustix::fs::inotify;
use sd_notify::NotifyState;

use crate::clock;
use crate::outbox::Outbox;
use crate::pass::Reconciler;
use crate::reader::Reader;

/// How long the firewall goes unread when nobody asks for anything.
const TICK: Duration = Duration::from_secs(10);
/// Requests that one pass decides at most.
const BATCH: usize = 64;
/// How long a failure, or a full batch, keeps the next work waiting: a bound on what a full disk or a hostile queue
/// can make root do.
const PAUSE: Duration = Duration::from_secs(1);

/// What the loop waits for and works on.
pub(crate) struct Watch {
    reconciler: Reconciler,
    reader: Reader,
    outbox: Outbox,
    changes: OwnedFd,
    data_version: Option<i64>,
    next_tick: Instant,
    not_before: Instant,
}

/// Why watching ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    /// The system refused something.
    #[error("watching the ledger: {0}")]
    System(#[from] rustix::io::Errno),
}

impl Watch {
    /// Watches the ledger in `folder`, the queue and the outbox.
    ///
    /// # Errors
    /// When the kernel does not let the folder be watched.
    pub(crate) fn new(
        reconciler: Reconciler,
        reader: Reader,
        outbox: Outbox,
        folder: &Path,
    ) -> Result<Self, WatchError> {
        let changes =
            inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        // A database announces a commit by its own times, see `database::write`.
        let written = inotify::WatchFlags::ATTRIB;
        inotify::add_watch(&changes, folder, written)?;
        let now = clock::steady();
        Ok(Self {
            reconciler,
            reader,
            outbox,
            changes,
            data_version: None,
            next_tick: now,
            not_before: now,
        })
    }

    /// Goes on until the process is ended. It may be ended at any moment: the next one finds all in order.
    ///
    /// # Errors
    /// When waiting itself fails.
    pub(crate) fn run(mut self) -> Result<std::convert::Infallible, WatchError> {
        self.turn();
        // Not started by systemd: nobody to notify.
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        loop {
            self.wait()?;
            if clock::steady() >= self.not_before {
                self.turn();
            }
        }
    }

    fn turn(&mut self) {
        let clock = clock::steady();
        let requests = self.reader.requests(clock);
        if requests.len() >= BATCH {
            self.not_before = clock + PAUSE;
        }
        let tick = clock >= self.next_tick;
        if self.ledger_changed() || tick || !requests.is_empty() || self.lease_over() {
            self.pass(&requests, tick);
        }
        let (now, clock) = (clock::calendar(), clock::steady());
        if let Err(error) = self.outbox.turn(self.reconciler.ledger_mut(), now, clock) {
            self.not_before = clock + PAUSE;
            tracing::error!("the outbox: {error}");
        }
    }

    fn pass(&mut self, requests: &[Request], tick: bool) {
        let now = clock::calendar();
        let batches = requests.chunks(BATCH).chain(requests.is_empty().then_some(requests));
        let problem = batches.map(|batch| self.reconciler.pass(batch, now)).find_map(Result::err);
        let clock = clock::steady();
        if let Some(problem) = &problem {
            tracing::error!("pass failed: {problem}");
            self.not_before = clock + PAUSE;
            self.data_version = None;
            if !requests.is_empty() {
                self.reader.restart(clock);
            }
        }
        if tick || problem.is_some() {
            self.next_tick = clock + TICK;
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
            if let Err(error) =
                self.reconciler.record(now, problem.map(|problem| problem.to_string()))
            {
                tracing::error!("writing down the pass: {error}");
            }
        }
    }

    /// Whether somebody else, the operator's command, has written the ledger; also after a pass that failed.
    fn ledger_changed(&mut self) -> bool {
        let mut events = [0; 4096];
        while matches!(rustix::io::read(&self.changes, &mut events), Ok(read) if read > 0) {}
        let version = self.reconciler.ledger().data_version().ok();
        let known = std::mem::replace(&mut self.data_version, version);
        version.is_none() || known != version
    }

    fn lease_over(&self) -> bool {
        self.next_expiry().is_some_and(|expiry| expiry <= clock::calendar())
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        lease::next_expiry(self.reconciler.ledger().connection()).ok().flatten()
    }

    fn wait(&self) -> Result<(), WatchError> {
        let clock = clock::steady();
        let timeout = self.deadline(clock).saturating_duration_since(clock);
        let timeout = Timespec::try_from(timeout).ok();
        let mut wanted = Vec::new();
        if clock >= self.not_before {
            wanted.push(PollFd::new(&self.changes, PollFlags::IN));
            let pipes = [self.reader.fd(), self.outbox.fd()];
            wanted.extend(
                pipes.into_iter().flatten().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)),
            );
        }
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
        let letter = if self.outbox.is_busy() {
            self.outbox.deadline()
        } else {
            letter::next_due(self.reconciler.ledger().connection()).ok().flatten().map(at)
        };
        let work =
            [self.reader.deadline(), letter, self.next_expiry().map(at)].into_iter().flatten();
        work.fold(self.next_tick, Instant::min).max(self.not_before)
    }
}
