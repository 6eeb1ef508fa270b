use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// In how long so many are written.
const PERIOD: Duration = Duration::from_secs(60);

/// Lines of the log that whoever reaches the port can cause, or the want of file descriptors. Whoever opens thousands of
/// connections in a second must not fill the disk with them: beyond some in a minute they are only counted.
pub(super) struct Complaints {
    /// Of connections that are no calls.
    pub(super) strangers: Few,
    /// Of calls in which nobody is let in.
    pub(super) calls: Few,
    /// Of connections that cannot be accepted.
    pub(super) unaccepted: Few,
}

/// Lines of one kind.
pub(super) struct Few {
    in_a_period: usize,
    count: AtomicUsize,
}

impl Complaints {
    pub(super) const fn new() -> Self {
        Self { strangers: Few::of(100), calls: Few::of(1_000), unaccepted: Few::of(3) }
    }

    /// Writes every minute how many were only counted.
    pub(super) async fn sum_up(&self) {
        let mut due = tokio::time::interval(PERIOD);
        loop {
            due.tick().await;
            if let Some(connections) = self.strangers.unwritten() {
                tracing::warn!(connections, "more connections were dropped before any call");
            }
            if let Some(lines) = self.calls.unwritten() {
                tracing::warn!(lines, "more was to be said of calls in which nobody was let in");
            }
            if let Some(times) = self.unaccepted.unwritten() {
                tracing::error!(times, "more connections could not be accepted");
            }
        }
    }
}

impl Few {
    const fn of(in_a_period: usize) -> Self {
        Self { in_a_period, count: AtomicUsize::new(0) }
    }

    /// Whether one more is written down.
    pub(super) fn one(&self) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed) < self.in_a_period
    }

    fn unwritten(&self) -> Option<usize> {
        let count = self.count.swap(0, Ordering::Relaxed);
        count.checked_sub(self.in_a_period).filter(|more| *more > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_written_and_the_rest_is_counted() {
        let few = Few::of(100);
        assert_eq!((0..250).filter(|_| few.one()).count(), 100);
        assert_eq!(few.unwritten(), Some(150));
        assert!(few.one());
        assert_eq!(few.unwritten(), None);
    }
}
