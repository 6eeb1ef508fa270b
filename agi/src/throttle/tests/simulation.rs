//! Attacks of 100,000 guesses, by a clock of the tests' own.

use super::*;

const GUESSES: i64 = 100_000;

/// How long, in seconds, each reason kept a stranger with a telephone of its own out, at most.
#[derive(Debug, Default)]
struct Kept {
    since: Option<(Withheld, i64)>,
    longest: BTreeMap<Withheld, i64>,
}

impl Kept {
    fn probe(&mut self, withheld: Option<Withheld>, now: i64) {
        let Some(withheld) = withheld else {
            self.since = None;
            return;
        };
        let (reason, since) = self.since.unwrap_or((withheld, now));
        let since = if reason == withheld { since } else { now };
        self.since = Some((withheld, since));
        let longest = self.longest.entry(withheld).or_default();
        *longest = (*longest).max(now - since);
    }
}

#[derive(Debug, Default)]
struct Siege {
    evaluated: usize,
    owner_denied: usize,
    owner_calls: usize,
    kept: Kept,
    writes_in_vain: usize,
}

/// Guesses at one account, spread over so many seconds, each from a telephone of its own, while the owner calls twice a
/// day from a known one.
fn siege(seconds: i64) -> (Store, Siege) {
    let (mut store, mut siege) = (Store::default(), Siege::default());
    let owner = attempt(1, phone(0));
    store.right(&owner, START).unwrap();
    let mut owner_calls_at = START + DAY / 2;
    for guess in 1..=GUESSES {
        let now = START + guess * seconds / GUESSES;
        while owner_calls_at <= now {
            siege.owner_calls += 1;
            siege.owner_denied += usize::from(store.right(&owner, owner_calls_at).is_err());
            owner_calls_at += DAY / 2;
        }
        siege.kept.probe(store.would(&attempt(1, phone(u32::MAX)), now), now);
        let (caller, writes) = (phone(u32::try_from(guess).unwrap()), store.writes);
        match store.wrong(&attempt(1, caller), now) {
            Ok(_) => siege.evaluated += 1,
            Err(_) => siege.writes_in_vain += store.writes - writes,
        }
    }
    (store, siege)
}

#[test]
fn of_100_000_guesses_in_30_days_at_most_100_are_looked_at_and_the_owner_is_never_denied() {
    let (store, siege) = siege(30 * DAY);
    assert_eq!(siege.evaluated, 100, "{siege:?}");
    assert_eq!((siege.owner_denied, siege.owner_calls), (0, 60), "{siege:?}");
    assert!(siege.kept.longest[&Withheld::Waiting] <= HOUR, "{siege:?}");
    // Once, on the first day: what was looked at in its first minutes counts until they are a day ago.
    assert!(siege.kept.longest[&Withheld::Day] <= 3 * HOUR, "{siege:?}");
    assert!(siege.writes_in_vain <= 30 * 24, "{siege:?}");
    assert_eq!(store.accounts.len() + store.callers.len() + store.known.len(), 103, "{siege:?}");
}

#[test]
fn of_100_000_guesses_in_two_days_and_a_half_at_most_64_are_looked_at() {
    let (_, siege) = siege(24 * DAY / 10);
    assert!(siege.evaluated <= 64, "{siege:?}");
    assert_eq!(siege.owner_denied, 0, "{siege:?}");
}

#[test]
fn an_account_is_open_to_strangers_again_the_day_after_a_siege() {
    let (mut store, _) = siege(30 * DAY);
    let over = START + 31 * DAY + HOUR;
    let stranger = attempt(1, phone(u32::MAX));
    assert_eq!(store.would(&stranger, over), Some(Withheld::Stopped));
    store.right(&attempt(1, phone(0)), over).unwrap();
    assert_eq!(store.right(&stranger, over), Ok(Door::Stranger));
}

#[test]
fn of_100_000_guesses_over_1_000_accounts_60_an_hour_are_looked_at_and_the_alarm_comes_in_time() {
    let mut store = Store::default();
    for number in 0..100 {
        store.right(&attempt(number, phone(u32::MAX - number)), START - DAY).unwrap();
    }
    let (mut evaluated, mut alarms, mut owner_denied) = (Vec::new(), Vec::new(), 0);
    for guess in 0..GUESSES {
        let now = START + guess * DAY / GUESSES;
        let number = u32::try_from(guess).unwrap();
        match store.wrong(&attempt(number % 1_000, phone(number)), now) {
            Ok(notices) => {
                evaluated.push(now);
                let alarm = |notice: &Notice| matches!(notice, Notice::Operator { .. });
                alarms.extend(notices.iter().any(alarm).then_some(now - START));
            }
            Err(withheld) => assert!(matches!(withheld, Withheld::Everyone | Withheld::Waiting)),
        }
        if guess % 1_000 == 0 {
            let owner = attempt(number / 1_000, phone(u32::MAX - number / 1_000));
            owner_denied += usize::from(store.right(&owner, now).is_err());
        }
    }
    let worst = evaluated.windows(61).map(|some| some[60] - some[0]).min();
    assert!(worst.is_none_or(|span| span >= HOUR), "61 in {worst:?} s");
    assert_eq!(evaluated.len(), 24 * 60, "{alarms:?}");
    assert!(alarms[0] <= 10 * MINUTE, "{alarms:?}");
    assert!(alarms.windows(2).all(|two| two[1] - two[0] >= HOUR), "{alarms:?}");
    assert_eq!(owner_denied, 0);
}

#[test]
fn of_100_000_guesses_without_a_number_20_a_day_are_looked_at() {
    let mut store = Store::default();
    let evaluated = (0..GUESSES)
        .filter(|guess| {
            let number = u32::try_from(guess % 1_000).unwrap();
            let now = START + guess * 30 * DAY / GUESSES;
            store.wrong(&attempt(number, Caller::Unknown), now).is_ok()
        })
        .count();
    assert_eq!(evaluated, 30 * 20);
}
