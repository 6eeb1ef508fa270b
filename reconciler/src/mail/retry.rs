//! When a letter that could not be delivered is tried again.

use jiff::{SignedDuration, Timestamp};

/// The wait after the first failure; it doubles with every further one.
const FIRST: SignedDuration = SignedDuration::from_secs(30);
/// The longest wait between two tries.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// How long a letter is worth the trouble; RFC 5321 section 4.5.4.1 asks for four to five days of a relay, but access
/// is over long before.
const LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 24);

/// When to try a letter again that has just failed at `now`; `None` when it is hopeless by now. `attempts` is how often
/// it had failed before.
#[must_use]
pub fn next_attempt(attempts: u32, created_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    if now.duration_since(created_at) >= LIFETIME {
        return None;
    }
    now.checked_add(wait(attempts)).ok()
}

fn wait(attempts: u32) -> SignedDuration {
    let doubled = 1_i32.checked_shl(attempts).filter(|factor| *factor > 0);
    doubled.and_then(|factor| FIRST.checked_mul(factor)).map_or(LONGEST, |wait| wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let waits = [0, 1, 2, 6, 7, 30, 31, 32, u32::MAX].map(|attempts| wait(attempts).as_secs());
        assert_eq!(waits, [30, 60, 120, 1920, 3600, 3600, 3600, 3600, 3600]);
    }

    #[test]
    fn after_three_days_it_is_hopeless() {
        let (written, three_days) = (1_800_000_000, 3 * 86_400);
        let just_before = written + three_days - 1;
        assert_eq!(next_attempt(80, at(written), at(just_before)), Some(at(just_before + 3600)));
        assert_eq!(next_attempt(80, at(written), at(written + three_days)), None);
    }

    #[test]
    fn a_letter_from_the_future_is_tried_again_all_the_same() {
        assert_eq!(next_attempt(0, at(2_000), at(1_000)), Some(at(1_030)));
    }
}
