//! Words that arrive, and when the last one did.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The time of the last word, in milliseconds since the beginning; 0 before the first.
#[derive(Clone)]
pub(crate) struct Heard {
    began: Instant,
    last: Arc<AtomicU64>,
}

impl Heard {
    pub(crate) fn nothing() -> Self {
        Self { began: now(), last: Arc::new(AtomicU64::new(0)) }
    }

    pub(crate) fn word(&self) {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        self.last.store(since.max(1), Ordering::Relaxed);
    }

    /// Another word comes.
    pub(crate) fn goes_on(&self) {
        let (since, began) = (self.last(), now());
        while self.last() == since {
            assert!(began.elapsed() < Duration::from_secs(5), "nothing is heard");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }
}

/// The last word comes within a second, and none for three.
pub(crate) fn fall_silent<'a>(all: impl IntoIterator<Item = (&'a str, &'a Heard)>) {
    let closed = now();
    thread::sleep(Duration::from_secs(4));
    for (what, heard) in all {
        let last = heard.began + Duration::from_millis(heard.last());
        let last = last.saturating_duration_since(closed);
        println!("measured: last {what} {} ms after the end", last.as_millis());
        assert!(last < Duration::from_secs(1), "{what}: {last:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the time until the kernel acts")]
fn now() -> Instant {
    Instant::now()
}
