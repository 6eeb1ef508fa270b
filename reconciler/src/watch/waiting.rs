//! What the loop waits for.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec};

use super::{Watch, WatchError};
use crate::clock;
use crate::nftables::Events;
use crate::pass::ASKED_EVERY;

impl Watch {
    pub(super) fn something_over(&self) -> bool {
        !self.pace.is_failing() && self.next_end().is_some_and(|end| end <= clock::calendar())
    }

    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.reconciler.next_due().ok().flatten()
    }

    pub(super) fn wait(&self) -> Result<(), WatchError> {
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

    pub(super) fn deadline(&self, clock: Instant) -> Instant {
        let now = clock::calendar();
        let at = |time: Timestamp| {
            clock + Duration::try_from(time.duration_since(now)).unwrap_or(Duration::ZERO)
        };
        let due = self.outbox.next_due(self.reconciler.ledger()).ok().flatten();
        let letter = self.outbox.deadline().or_else(|| due.map(at));
        let host = self.reconciler.next_host_due(ASKED_EVERY).ok().flatten();
        // One that is asked for already is due until it has answered.
        let host =
            self.resolver.deadline(clock).or_else(|| host.map(|due| self.pace.host(at(due))));
        let paced =
            self.pace.deadline(clock, self.reader.deadline(), letter, self.next_end().map(at));
        [host, self.burst.due()].into_iter().flatten().fold(paced, Instant::min)
    }
}
