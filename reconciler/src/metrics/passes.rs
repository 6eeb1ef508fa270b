use std::time::Duration;

/// How long a pass may take to be counted in a bucket, and that in seconds.
pub(super) const BOUNDS: [(Duration, &str); 9] = [
    (Duration::from_millis(10), "0.01"),
    (Duration::from_millis(25), "0.025"),
    (Duration::from_millis(50), "0.05"),
    (Duration::from_millis(100), "0.1"),
    (Duration::from_millis(250), "0.25"),
    (Duration::from_millis(500), "0.5"),
    (Duration::from_secs(1), "1"),
    (Duration::from_millis(2500), "2.5"),
    (Duration::from_secs(10), "10"),
];

/// How long passes took.
#[derive(Debug, Default)]
pub(super) struct Passes {
    /// Of those that came to their end, how many took at most so long as each bound says.
    pub(super) within: [u64; BOUNDS.len()],
    /// All that came to their end.
    pub(super) good: u64,
    /// How long those took together.
    pub(super) sum: Duration,
    /// How long the last one took; `None` when there was none.
    pub(super) last: Option<Duration>,
    /// Those that failed.
    pub(super) failed: u64,
}

impl Passes {
    pub(super) fn add(&mut self, took: Duration, is_good: bool) {
        if !is_good {
            self.failed += 1;
            return;
        }
        for ((bound, _), count) in BOUNDS.iter().zip(&mut self.within) {
            *count += u64::from(took <= *bound);
        }
        self.good += 1;
        self.sum = self.sum.saturating_add(took);
        self.last = Some(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_counted_in_every_bucket_that_it_fits_and_a_failed_one_in_none() {
        let mut passes = Passes::default();
        for millis in [10, 60, 60_000] {
            passes.add(Duration::from_millis(millis), true);
        }
        passes.add(Duration::ZERO, false);
        assert_eq!(passes.within, [1, 1, 1, 2, 2, 2, 2, 2, 2]);
        assert_eq!((passes.good, passes.failed), (3, 1));
        assert_eq!(passes.sum, Duration::from_millis(60_070));
        assert_eq!(passes.last, Some(Duration::from_secs(60)));
    }

    #[test]
    fn bounds_say_in_words_what_they_are() {
        for (bound, word) in BOUNDS {
            assert_eq!(word.parse(), Ok(bound.as_secs_f64()), "{word}");
        }
        assert!(BOUNDS.is_sorted());
    }
}
