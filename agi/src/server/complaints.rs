use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How many are written one by one.
const IN_A_PERIOD: usize = 100;
/// In how long.
const PERIOD: Duration = Duration::from_secs(60);

/// Complaints about connections that are no calls. Whoever opens thousands in a second must not fill the disk with
/// them: beyond some in a minute they are only counted.
#[derive(Default)]
pub(super) struct Complaints(AtomicUsize);

impl Complaints {
    /// Whether one more is written down.
    pub(super) fn one(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) < IN_A_PERIOD
    }

    /// Writes every minute how many were only counted.
    pub(super) async fn sum_up(&self) {
        let mut due = tokio::time::interval(PERIOD);
        loop {
            due.tick().await;
            if let Some(connections) = self.unwritten() {
                tracing::warn!(connections, "more connections were dropped before any call");
            }
        }
    }

    fn unwritten(&self) -> Option<usize> {
        self.0.swap(0, Ordering::Relaxed).checked_sub(IN_A_PERIOD).filter(|count| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_are_written_and_the_rest_is_counted() {
        let complaints = Complaints::default();
        assert_eq!((0..250).filter(|_| complaints.one()).count(), 100);
        assert_eq!(complaints.unwritten(), Some(150));
        assert!(complaints.one());
        assert_eq!(complaints.unwritten(), None);
    }
}
