//! How often the firewall is put right that somebody else changes: at once, but not for ever. Who undoes us three times
//! in a minute will do so again; then he is told of instead, and healing waits ever longer. Closing never waits.

use std::time::{Duration, Instant};

use jiff::SignedDuration;

/// So many heals within [`WINDOW`] are a fight.
pub(crate) const FIGHT: u32 = 3;
const WINDOW: Duration = Duration::from_secs(60);
/// The same where cron makes the passes, once a minute at most.
pub(crate) const WINDOW_OF_RUNS: SignedDuration = SignedDuration::from_mins(5);
/// How long healing waits after each heal in a fight; the last for all that follow.
const WAITS: [Duration; 4] = [minutes(1), minutes(2), minutes(5), minutes(10)];
/// A fight is over when nothing had to be healed for so long.
const QUIET: Duration = minutes(10);

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// What has been healed of late.
#[derive(Debug, Default)]
pub(crate) struct Heals {
    recent: Vec<Instant>,
    fight: Option<Fight>,
}

#[derive(Debug)]
struct Fight {
    last: Instant,
    waits: usize,
}

impl Fight {
    fn wait(&self) -> Duration {
        let [.., longest] = WAITS;
        WAITS.get(self.waits).copied().unwrap_or(longest)
    }
}

impl Heals {
    /// Whether the firewall may be put right now.
    #[must_use]
    pub(crate) fn may_heal(&self, now: Instant) -> bool {
        self.fight.as_ref().is_none_or(|fight| now >= fight.last + fight.wait())
    }

    /// The firewall had to be put right; whether that begins a fight.
    pub(crate) fn healed(&mut self, now: Instant) -> bool {
        if let Some(fight) = &mut self.fight {
            fight.last = now;
            fight.waits = fight.waits.saturating_add(1);
            return false;
        }
        self.recent.retain(|heal| now.duration_since(*heal) < WINDOW);
        self.recent.push(now);
        if self.recent.len() < FIGHT as usize {
            return false;
        }
        self.recent.clear();
        self.fight = Some(Fight { last: now, waits: 0 });
        true
    }

    /// The firewall was as it should be; whether that ends a fight.
    pub(crate) fn unharmed(&mut self, now: Instant) -> bool {
        self.fight.take_if(|fight| now >= fight.last + QUIET).is_some()
    }

    /// Whether there is a fight.
    #[must_use]
    pub(crate) const fn is_fight(&self) -> bool {
        self.fight.is_some()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "some instant to count from")]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn fighting(start: Instant) -> Heals {
        let mut heals = Heals::default();
        assert!(!heals.healed(start));
        assert!(!heals.healed(start + SECOND));
        assert!(heals.healed(start + SECOND * 59));
        heals
    }

    #[test]
    fn two_heals_in_a_minute_are_no_fight_and_neither_are_many_in_an_hour() {
        let start = Instant::now();
        let mut heals = Heals::default();
        for heal in 0..100 {
            let now = start + SECOND * 31 * heal;
            assert!(heals.may_heal(now) && !heals.healed(now), "{heal}");
        }
    }

    #[test]
    fn in_a_fight_healing_waits_ever_longer() {
        let start = Instant::now();
        let mut heals = fighting(start);
        let mut now = start + SECOND * 59;
        for wait in [1, 2, 5, 10, 10] {
            assert!(!heals.may_heal(now + minutes(wait) - SECOND), "{wait}");
            now += minutes(wait);
            assert!(heals.may_heal(now), "{wait}");
            assert!(!heals.healed(now));
        }
    }

    #[test]
    fn ten_quiet_minutes_end_a_fight() {
        let start = Instant::now();
        let mut heals = fighting(start);
        let last = start + SECOND * 59;
        assert!(!heals.unharmed(last + minutes(9)) && heals.is_fight());
        assert!(heals.unharmed(last + minutes(10)) && !heals.is_fight());
        assert!(!heals.unharmed(last + minutes(11)));
        assert!(!heals.healed(last + minutes(11)) && heals.may_heal(last + minutes(11)));
    }
}
