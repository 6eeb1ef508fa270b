use std::time::Duration;

/// Measured times.
#[derive(Debug, Default)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time that `percent` of all do not exceed.
    pub(crate) fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        let rank = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// What stands above lines of milliseconds.
    pub(crate) fn heading(name: &str) -> String {
        format!("{name:<44} {:>9} {:>9} {:>9}\n", "median", "p99", "max")
    }

    /// Median, 99th percentile and maximum in milliseconds, behind a name.
    pub(crate) fn line(&mut self, name: &str) -> String {
        let [median, p99, max] =
            [50, 99, 100].map(|percent| self.percentile(percent).as_secs_f64() * 1000.0);
        format!("{name:<44} {median:>9.2} {p99:>9.2} {max:>9.2}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks() {
        let mut sample = Sample::default();
        for milliseconds in (1..=200).rev() {
            sample.push(Duration::from_millis(milliseconds));
        }
        assert_eq!(sample.percentile(50), Duration::from_millis(100));
        assert_eq!(sample.percentile(99), Duration::from_millis(198));
        assert_eq!(sample.percentile(100), Duration::from_millis(200));
    }
}
