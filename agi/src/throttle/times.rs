/// When something happened, in seconds since 1970, the oldest first. Counts within a span of time are exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times(Vec<i64>);

impl Times {
    /// Reads what [`Self::to_bytes`] wrote. Bytes at the end that make no number are left out.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (numbers, _) = bytes.as_chunks();
        let mut times: Vec<i64> = numbers.iter().copied().map(i64::from_be_bytes).collect();
        times.sort_unstable();
        Self(times)
    }

    /// For one column: eight bytes for each, big end first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|time| time.to_be_bytes()).collect()
    }

    /// The latest.
    #[must_use]
    pub fn newest(&self) -> Option<i64> {
        self.0.last().copied()
    }

    /// How many are less than `span` seconds old.
    pub(super) fn within(&self, span: i64, now: i64) -> usize {
        let old = self.0.partition_point(|&time| time <= now.saturating_sub(span));
        self.0.len().saturating_sub(old)
    }

    /// Adds the present, and forgets what is `span` seconds old. Call [`Self::settle`] first.
    pub(super) fn add(&mut self, now: i64, span: i64) {
        self.0.retain(|&time| time > now.saturating_sub(span));
        self.0.push(now);
    }

    /// Takes one back that was added at `at`. Where the clock was set back meanwhile it has become earlier. Whether
    /// there was one.
    pub(super) fn take_back(&mut self, at: i64) -> bool {
        let Some(index) = self.0.partition_point(|&time| time <= at).checked_sub(1) else {
            return false;
        };
        self.0.remove(index);
        true
    }

    /// Makes what lies in the future the present: a clock that was set back neither frees anything nor holds it
    /// longer than from now on.
    pub(super) fn settle(&mut self, now: i64) {
        for time in &mut self.0 {
            *time = now.min(*time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Times;

    fn times(all: &[i64]) -> Times {
        Times(all.to_vec())
    }

    #[test]
    fn what_is_stored_reads_back_and_anything_else_does_no_harm() {
        let some = times(&[i64::MIN, -1, 0, 1_800_000_000, i64::MAX]);
        assert_eq!(Times::from_bytes(&some.to_bytes()), some);
        assert_eq!(Times::from_bytes(&[]), Times::default());
        assert_eq!(Times::from_bytes(&[0, 0, 0, 0, 0, 0, 0, 7, 1]), times(&[7]));
        let mixed_up = [7_i64.to_be_bytes(), 3_i64.to_be_bytes()].concat();
        assert_eq!(Times::from_bytes(&mixed_up), times(&[3, 7]));
    }

    #[test]
    fn what_is_as_old_as_the_span_is_not_within_it() {
        let some = times(&[100, 159, 160, 160]);
        assert_eq!(some.within(60, 160), 3);
        assert_eq!(some.within(60, 159), 4);
        assert_eq!(some.within(60, 220), 0);
    }

    #[test]
    fn adding_forgets_what_is_out_of_the_span() {
        let mut some = times(&[100, 159, 160]);
        some.add(160, 60);
        assert_eq!(some, times(&[159, 160, 160]));
    }

    #[test]
    fn what_is_taken_back_is_gone_once_and_never_a_later_one() {
        let mut some = times(&[100, 100, 200]);
        assert!(some.take_back(100));
        assert_eq!(some, times(&[100, 200]));
        assert!(some.take_back(150));
        assert!(!some.take_back(150));
        assert_eq!(some, times(&[200]));
    }

    #[test]
    fn the_future_becomes_the_present() {
        let mut some = times(&[100, 200, 300]);
        some.settle(150);
        assert_eq!(some, times(&[100, 150, 150]));
    }
}
