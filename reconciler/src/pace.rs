//! When what may be done again: a bound on what a failure, a full disk or a hostile queue can make root do. None of it
//! keeps a change of the ledger waiting.

use std::time::{Duration, Instant};

/// How long the firewall goes unread when nobody asks for anything.
const TICK: Duration = Duration::from_secs(10);
/// The first time it is shorter: a tool that the reconciler before this one had started may still be at work.
const FIRST_TICK: Duration = Duration::from_secs(1);
/// How long a full batch keeps the next requests waiting, and the first failure the next try.
const PAUSE: Duration = Duration::from_secs(1);
/// How long requests that were dropped, because there were too many, are left alone.
const FLOODED: Duration = Duration::from_secs(600);

/// The times before which something is not done.
#[derive(Debug)]
pub(crate) struct Pace {
    tick: Instant,
    requests: Instant,
    letters: Instant,
    hosts: Instant,
    retry: Option<Instant>,
    pause: Duration,
    again: Option<Instant>,
}

impl Pace {
    /// Everything may be done at once.
    #[must_use]
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            tick: now + FIRST_TICK,
            requests: now,
            letters: now,
            hosts: now,
            retry: None,
            pause: PAUSE,
            again: None,
        }
    }

    /// Whether a pass that failed is to be tried again.
    #[must_use]
    pub(crate) fn wants_retry(&self, now: Instant) -> bool {
        self.retry.is_some_and(|retry| now >= retry)
    }

    /// Whether it is time for the regular one.
    #[must_use]
    pub(crate) fn is_tick(&self, now: Instant) -> bool {
        now >= self.tick
    }

    /// Whether the last pass failed.
    #[must_use]
    pub(crate) const fn is_failing(&self) -> bool {
        self.retry.is_some()
    }

    /// Whether requests may be read.
    #[must_use]
    pub(crate) fn takes_requests(&self, now: Instant) -> bool {
        now >= self.requests
    }

    /// Whether letters may be sent.
    #[must_use]
    pub(crate) fn takes_letters(&self, now: Instant) -> bool {
        now >= self.letters
    }

    /// Whether hosts may be asked for.
    #[must_use]
    pub(crate) fn takes_hosts(&self, now: Instant) -> bool {
        now >= self.hosts
    }

    /// Whether dropped requests may be asked for again; only once for each time they were dropped.
    pub(crate) fn takes_dropped(&mut self, now: Instant) -> bool {
        self.again.take_if(|again| now >= *again).is_some()
    }

    /// The regular pass was made.
    pub(crate) fn ticked(&mut self, now: Instant) {
        self.tick = now + TICK;
    }

    /// As many requests came as one pass decides.
    pub(crate) fn full(&mut self, now: Instant) {
        self.requests = now + PAUSE;
    }

    /// Requests were dropped.
    pub(crate) fn flooded(&mut self, now: Instant) {
        self.again.get_or_insert(now + FLOODED);
    }

    /// A pass came to its end.
    pub(crate) const fn passed(&mut self) {
        self.retry = None;
        self.pause = PAUSE;
    }

    /// A pass failed; the more of them, the longer until the next try.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.retry = Some(now + self.pause);
        self.pause = (self.pause * 2).min(TICK);
    }

    /// The outbox failed.
    pub(crate) fn outbox_failed(&mut self, now: Instant) {
        self.letters = now + TICK;
    }

    /// What was answered of hosts could not be written down.
    pub(crate) fn hosts_failed(&mut self, now: Instant) {
        self.hosts = now + TICK;
    }

    /// When a host that is due is asked for.
    #[must_use]
    pub(crate) fn host(&self, due: Instant) -> Instant {
        due.max(self.hosts)
    }

    /// When to look again, given when the reader, the outbox and a lease want it.
    #[must_use]
    pub(crate) fn deadline(
        &self,
        now: Instant,
        requests: Option<Instant>,
        letters: Option<Instant>,
        lease: Option<Instant>,
    ) -> Instant {
        let requests = if self.takes_requests(now) { requests } else { Some(self.requests) };
        let letters = letters.map(|due| due.max(self.letters));
        // What a pass that failed did not end is still over: the retry sees to it.
        let lease = lease.filter(|_| !self.is_failing());
        let all = [requests, letters, lease, self.retry, self.again];
        all.into_iter().flatten().fold(self.tick, Instant::min)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "some instant to count from")]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn failures_are_tried_again_ever_more_rarely_until_one_succeeds() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.ticked(start + seconds(1000));
        for pause in [1, 2, 4, 8, 10, 10] {
            pace.failed(start);
            assert!(!pace.wants_retry(start + seconds(pause) - Duration::from_millis(1)));
            assert!(pace.wants_retry(start + seconds(pause)), "{pause}");
        }
        pace.passed();
        assert!(!pace.wants_retry(start + seconds(500)) && !pace.is_failing());
        pace.failed(start);
        assert!(pace.wants_retry(start + seconds(1)));
    }

    #[test]
    fn a_full_batch_and_a_failed_outbox_hold_up_nothing_but_themselves() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.full(start);
        pace.outbox_failed(start);
        assert!(!pace.takes_requests(start) && !pace.takes_letters(start));
        let lease = start + Duration::from_millis(5);
        assert_eq!(pace.deadline(start, Some(start), Some(start), Some(lease)), lease);
        assert_eq!(pace.deadline(start, Some(start), Some(start), None), start + PAUSE);
        assert!(pace.takes_requests(start + PAUSE) && pace.takes_letters(start + TICK));
    }

    #[test]
    fn nothing_that_is_overdue_makes_the_loop_spin_while_passes_fail() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.failed(start);
        pace.outbox_failed(start);
        pace.hosts_failed(start);
        assert_eq!(pace.deadline(start, None, Some(start), Some(start)), start + PAUSE);
        assert!(!pace.takes_hosts(start) && pace.takes_hosts(pace.host(start)));
    }

    #[test]
    fn dropped_requests_are_asked_for_once_and_later() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.flooded(start);
        pace.flooded(start + seconds(60));
        assert!(!pace.takes_dropped(start + seconds(599)));
        assert!(pace.takes_dropped(start + seconds(600)));
        assert!(!pace.takes_dropped(start + seconds(6000)));
    }
}
