//! Changes that come in bursts: who rebuilds a firewall changes it many times in a row, and is let finish, within
//! bounds, before it is looked at.

use std::time::{Duration, Instant};

/// A burst is over when nothing has come for so long.
const QUIET: Duration = Duration::from_millis(50);
/// One that goes on is looked at all the same.
const LONGEST: Duration = Duration::from_millis(400);

/// Who changes something all the time makes us look for a fifth of the time at most, though never more rarely than this.
const SHARE: u32 = 4;
const RAREST: Duration = Duration::from_secs(2);

/// The changes since the firewall was last looked at.
#[derive(Debug, Default)]
pub(crate) struct Burst {
    changes: Option<Changes>,
    rest: Option<Instant>,
}

#[derive(Debug)]
struct Changes {
    first: Instant,
    last: Instant,
    programs: Vec<String>,
}

impl Burst {
    /// These programs have changed something.
    pub(crate) fn add(&mut self, programs: Vec<String>, now: Instant) {
        let changes =
            self.changes.get_or_insert(Changes { first: now, last: now, programs: Vec::new() });
        changes.last = now;
        for program in programs {
            if !changes.programs.contains(&program) {
                changes.programs.push(program);
            }
        }
    }

    /// When to look; `None` while nothing has changed.
    #[must_use]
    pub(crate) fn due(&self) -> Option<Instant> {
        let changes = self.changes.as_ref()?;
        let due = (changes.last + QUIET).min(changes.first + LONGEST);
        Some(self.rest.map_or(due, |rest| due.max(rest)))
    }

    /// The whole firewall was looked at, for so long.
    pub(crate) fn looked(&mut self, begun: Instant, ended: Instant) {
        self.rest = Some(ended + (ended.duration_since(begun) * SHARE).min(RAREST));
    }

    /// Whether it is time to look.
    #[must_use]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| now >= due)
    }

    /// The programs that have changed something, and begins anew.
    pub(crate) fn take(&mut self) -> Vec<String> {
        self.changes.take().map(|changes| changes.programs).unwrap_or_default()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "some instant to count from")]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_finish_within_bounds() {
        let start = Instant::now();
        let mut burst = Burst::default();
        assert_eq!(burst.due(), None);
        burst.add(vec!["iptables".to_owned()], start);
        burst.add(vec!["iptables".to_owned(), "ipset".to_owned()], start + QUIET / 2);
        assert!(!burst.is_due(start + QUIET) && burst.is_due(start + QUIET / 2 + QUIET));
        for after in 1..20 {
            burst.add(Vec::new(), start + QUIET / 2 * after);
        }
        assert!(burst.is_due(start + LONGEST));
        assert_eq!(burst.take(), ["iptables", "ipset"]);
        assert_eq!(burst.due(), None);
    }

    #[test]
    fn looking_takes_a_fifth_of_the_time_at_most() {
        let start = Instant::now();
        let mut burst = Burst::default();
        for (took, rest) in [(10, 50), (100, 400), (300, 1200), (5000, 2000)] {
            let ended = start + Duration::from_millis(took);
            burst.looked(start, ended);
            burst.add(Vec::new(), ended);
            assert_eq!(burst.due(), Some(ended + Duration::from_millis(rest)));
            burst.take();
        }
    }
}
