//! A complaint that is made when it is news, and again now and then while it lasts: a log tells more when the same
//! line does not fill it.

use std::time::{Duration, Instant};

/// How long the same complaint is not made again.
const REPEATED: Duration = Duration::from_secs(600);

/// What was complained of last.
#[derive(Debug, Default)]
pub(crate) struct Complaint(Option<(String, Instant)>);

impl Complaint {
    /// Whether `problem` is to be told. Numbers make no other problem of it: they count seconds, or name lines.
    pub(crate) fn is_due(&mut self, problem: &str, now: Instant) -> bool {
        let gist: String = problem.chars().filter(|c| !c.is_ascii_digit()).collect();
        match &self.0 {
            Some((last, told)) if *last == gist && now.duration_since(*told) < REPEATED => false,
            Some(_) | None => {
                self.0 = Some((gist, now));
                true
            }
        }
    }

    /// There is nothing to complain of any more; whether there was.
    pub(crate) fn settle(&mut self) -> bool {
        self.0.take().is_some()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "some instant to count from")]
mod tests {
    use super::*;

    #[test]
    fn the_same_problem_is_told_now_and_then_and_another_one_at_once() {
        let start = Instant::now();
        let mut complaint = Complaint::default();
        assert!(complaint.is_due("line 3 failed", start));
        assert!(!complaint.is_due("line 4 failed", start + REPEATED / 2));
        assert!(complaint.is_due("disk full", start + REPEATED / 2));
        assert!(!complaint.is_due("disk full", start + REPEATED));
        assert!(complaint.is_due("disk full", start + REPEATED * 2));
        assert!(complaint.settle() && !complaint.settle());
        assert!(complaint.is_due("disk full", start + REPEATED * 2));
    }
}
