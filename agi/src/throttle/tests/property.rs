use proptest::prelude::*;

use super::*;

/// The one who is known at account 0, and whose number nobody else has.
const OWNER: u32 = 99;

#[derive(Debug, Clone)]
struct Call {
    account: u32,
    caller: Option<u32>,
    right: bool,
    /// Seconds since the call before.
    after: i64,
    /// How long its PIN is looked at, in calls.
    looks: usize,
    unlocks: bool,
}

fn any_call() -> impl Strategy<Value = Call> {
    let after = prop_oneof![
        4 => Just(0),
        4 => 0..90_i64,
        2 => 0..2 * HOUR,
        1 => 0..2 * DAY,
    ];
    let caller = prop_oneof![1 => Just(None), 6 => (0..12_u32).prop_map(Some)];
    let (right, unlocks) = (proptest::bool::weighted(0.05), proptest::bool::weighted(0.01));
    (0..4_u32, caller, right, after, 0..8_usize, unlocks).prop_map(
        |(account, caller, right, after, looks, unlocks)| Call {
            account,
            caller,
            right,
            after,
            looks,
            unlocks,
        },
    )
}

/// What the test itself knows of an attempt that was looked at and was wrong.
#[derive(Debug)]
struct Failure {
    account: u32,
    caller: Option<u32>,
    door: Door,
    at: i64,
    /// How often the account had been unlocked.
    epoch: usize,
}

#[derive(Default)]
struct World {
    store: Store,
    now: i64,
    unlocked: [Option<Timestamp>; 4],
    epochs: [usize; 4],
    pending: Vec<(usize, Reservation, bool)>,
    failures: Vec<Failure>,
}

impl World {
    fn new() -> Self {
        let mut world = Self { now: START, ..Self::default() };
        world.store.right(&attempt(0, phone(OWNER)), START).unwrap();
        world
    }

    fn call(&mut self, call: &Call) {
        self.now += call.after;
        let index = usize::try_from(call.account).unwrap();
        if call.unlocks {
            self.epochs[index] += 1;
            self.unlocked[index] = Some(at(self.now + i64::try_from(self.epochs[index]).unwrap()));
        }
        let attempt = Attempt {
            unlocked_at: self.unlocked[index],
            ..attempt(call.account, call.caller.map_or(Caller::Unknown, phone))
        };
        if let Judgement::Evaluate(reservation) = self.store.judge(&attempt, self.now) {
            if !call.right {
                self.failures.push(Failure {
                    account: call.account,
                    caller: call.caller,
                    door: reservation.door(),
                    at: self.now,
                    epoch: self.epochs[index],
                });
            }
            self.pending.push((call.looks, reservation, call.right));
        }
        self.finish();
    }

    /// Records those whose PIN has been looked at for long enough.
    fn finish(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for (looks, reservation, right) in pending {
            let Some(left) = looks.checked_sub(1) else {
                let outcome = if right { Outcome::Right { slips: &[] } } else { Outcome::Wrong };
                self.store.record(&reservation, outcome, self.now);
                continue;
            };
            self.pending.push((left, reservation, right));
        }
    }

    /// The most failures within any `span` seconds, of those that `which` selects.
    fn most(&self, span: i64, which: impl Fn(&Failure) -> bool) -> usize {
        let times: Vec<i64> =
            self.failures.iter().filter(|one| which(one)).map(|one| one.at).collect();
        let within =
            |from: i64| times.iter().filter(|&&at| (from..from + span).contains(&at)).count();
        times.iter().map(|&from| within(from)).max().unwrap_or(0)
    }
}

fn stranger(failure: &Failure) -> bool {
    failure.door == Door::Stranger
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_span_of_time_sees_more_than_its_bound(
        calls in proptest::collection::vec(any_call(), 1..400)
    ) {
        let mut world = World::new();
        calls.iter().for_each(|call| world.call(call));
        prop_assert!(world.most(HOUR, stranger) <= 60);
        for caller in (0..12).map(Some).chain([None]) {
            let of = |one: &Failure| stranger(one) && one.caller == caller;
            prop_assert!(world.most(HOUR, of) <= 10);
            prop_assert!(world.most(DAY, of) <= 20);
        }
        for account in 0..4 {
            for epoch in 0..=world.epochs[usize::try_from(account).unwrap()] {
                let here = |one: &Failure| (one.account, one.epoch) == (account, epoch);
                prop_assert!(world.most(DAY, |one| here(one) && stranger(one)) <= 30);
                prop_assert!(world.most(30, |one| here(one) && stranger(one)) <= 4);
                for caller in (0..12).map(Some) {
                    let known = |one: &Failure| !stranger(one) && one.caller == caller;
                    prop_assert!(world.most(DAY, |one| here(one) && known(one)) <= 30);
                }
            }
        }
    }

    #[test]
    fn strangers_never_keep_a_known_caller_out(
        calls in proptest::collection::vec(any_call(), 1..400)
    ) {
        let mut world = World::new();
        let owner = attempt(0, phone(OWNER));
        for call in &calls {
            world.call(&Call { right: false, ..call.clone() });
            let owner = Attempt { unlocked_at: world.unlocked[0], ..owner };
            prop_assert_eq!(world.store.would(&owner, world.now), None);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_frees_nothing_and_holds_nothing_longer_than_from_then_on(
        calls in proptest::collection::vec(any_call(), 1..200), back in 1..400 * DAY
    ) {
        let mut world = World::new();
        calls.iter().for_each(|call| world.call(call));
        for caller in 0..12 {
            let attempt = Attempt { unlocked_at: world.unlocked[1], ..attempt(1, phone(caller)) };
            let Some(withheld) = world.store.would(&attempt, world.now) else { continue };
            let (mut store, earlier) = (world.store.clone(), world.now - back);
            prop_assert!(matches!(store.judge(&attempt, earlier), Judgement::Withhold(_)));
            let later = store.would(&attempt, earlier + DAY);
            prop_assert_eq!(later, (withheld == Withheld::Stopped).then_some(withheld));
        }
    }
}
