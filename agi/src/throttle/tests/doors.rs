use super::*;

const OWNER: u32 = 1;
const STRANGER: u32 = 2;

fn known(store: &mut Store, now: i64) -> Attempt {
    let owner = attempt(1, phone(OWNER));
    assert_eq!(store.right(&owner, now), Ok(Door::Stranger));
    owner
}

#[test]
fn who_was_let_in_is_known_for_180_days() {
    let mut store = Store::default();
    let owner = known(&mut store, START);
    assert_eq!(store.right(&owner, START + 180 * DAY - 1), Ok(Door::Known));
    assert_eq!(store.right(&owner, START + 360 * DAY - 1), Ok(Door::Stranger));
}

#[test]
fn a_number_that_is_not_told_never_becomes_known() {
    let mut store = Store::default();
    let unknown = attempt(1, Caller::Unknown);
    for second in 0..3 {
        assert_eq!(store.right(&unknown, START + second), Ok(Door::Stranger));
    }
    assert!(store.known.is_empty());
}

#[test]
fn a_sixth_known_caller_takes_the_place_of_the_one_away_longest() {
    let mut store = Store::default();
    for caller in 0..5 {
        store.right(&attempt(1, phone(caller)), START + i64::from(caller)).unwrap();
    }
    store.right(&attempt(1, phone(0)), START + 10).unwrap();
    store.right(&attempt(1, phone(5)), START + 11).unwrap();
    let known = |caller| {
        let attempt = attempt(1, phone(caller));
        store.clone().right(&attempt, START + 12).unwrap() == Door::Known
    };
    assert_eq!([0, 1, 2, 3, 4, 5].map(known), [true, false, true, true, true, true]);
}

#[test]
fn a_known_caller_is_a_stranger_to_other_accounts() {
    let mut store = Store::default();
    known(&mut store, START);
    assert_eq!(store.right(&attempt(2, phone(OWNER)), START + 1), Ok(Door::Stranger));
}

#[test]
fn a_success_takes_back_its_own_slips_and_nobody_elses() {
    let mut store = Store::default();
    store.wrong(&attempt(1, phone(STRANGER)), START).unwrap();
    let owner = attempt(1, phone(OWNER));
    let elsewhere = attempt(2, phone(OWNER));
    let mut slips = Vec::new();
    for slip in [owner, elsewhere, owner] {
        let Judgement::Evaluate(reservation) = store.judge(&slip, START) else { panic!() };
        store.record(&reservation, Outcome::Wrong, START);
        slips.push(reservation);
    }
    let Judgement::Evaluate(reservation) = store.judge(&owner, START) else { panic!() };
    store.record(&reservation, Outcome::Right { slips: &slips }, START);
    let rows = store.load(owner.account, owner.caller);
    assert_eq!(rows.account.tally.failures, 1, "the other stranger's");
    assert_eq!(store.load(elsewhere.account, elsewhere.caller).account.tally.failures, 1);
    assert_eq!(rows.caller.recent.within(DAY, START), 1, "the one elsewhere");
    assert_eq!(rows.everyone.recent.within(HOUR, START), 2);
}

#[test]
fn strangers_are_stopped_after_100_and_a_known_caller_is_not() {
    let mut store = Store::default();
    let owner = known(&mut store, START);
    let stopped = store.stop_strangers(1, START);
    assert_eq!(store.accounts[&owner.account].tally.failures, 100);
    let stranger = attempt(1, phone(STRANGER));
    assert_eq!(store.right(&stranger, stopped + 10 * DAY), Err(Withheld::Stopped));
    assert_eq!(store.right(&owner, stopped), Ok(Door::Known));
    assert_eq!(store.right(&attempt(2, phone(STRANGER)), stopped), Ok(Door::Stranger));
}

#[test]
fn a_known_callers_success_reopens_an_account_that_strangers_let_rest_for_a_day() {
    let mut store = Store::default();
    let owner = known(&mut store, START);
    let stopped = store.stop_strangers(1, START);
    let stranger = attempt(1, phone(STRANGER));
    assert_eq!(store.wrong(&stranger, stopped + 2 * HOUR), Err(Withheld::Stopped));
    store.right(&owner, stopped + DAY).unwrap();
    assert_eq!(store.would(&stranger, stopped + DAY), Some(Withheld::Stopped));
    store.right(&owner, stopped + 2 * HOUR + DAY).unwrap();
    assert_eq!(store.right(&stranger, stopped + 2 * HOUR + DAY), Ok(Door::Stranger));
}

#[test]
fn the_operator_reopens_every_door_of_an_account_once() {
    let mut store = Store::default();
    let owner = known(&mut store, START);
    let mut now = store.stop_strangers(1, START);
    while store.would(&owner, now) != Some(Withheld::Stopped) {
        let _ = store.wrong(&owner, now);
        now += 600;
    }
    assert_eq!(store.known.values().next().unwrap().tally.failures, 50);
    let unlocked_at = Some(at(now));
    let stranger = Attempt { unlocked_at, ..attempt(1, phone(STRANGER)) };
    let owner = Attempt { unlocked_at, ..owner };
    for _ in 0..4 {
        store.wrong(&stranger, now).unwrap();
        store.wrong(&owner, now).unwrap();
    }
    assert_eq!(store.wrong(&stranger, now), Err(Withheld::Waiting));
    assert_eq!(store.wrong(&owner, now), Err(Withheld::Waiting));
}

#[test]
fn one_stranger_has_10_failures_an_hour_and_20_a_day_at_all_accounts() {
    for caller in [phone(STRANGER), Caller::Unknown] {
        let mut store = Store::default();
        let mut evaluated = Vec::new();
        for minute in 0..30 * 60 {
            let now = START + minute * MINUTE;
            let guess = attempt(u32::try_from(minute).unwrap(), caller);
            match store.wrong(&guess, now) {
                Ok(_) => evaluated.push(minute),
                Err(withheld) => assert_eq!(withheld, Withheld::Caller),
            }
        }
        let expected: Vec<i64> =
            (0..10).chain(60..70).chain(1440..1450).chain(1500..1510).collect();
        assert_eq!(evaluated, expected);
    }
}

#[test]
fn a_known_callers_success_ends_its_run_of_failures_and_counts_for_no_day() {
    let mut store = Store::default();
    let owner = known(&mut store, START);
    for login in 0..40 {
        let now = START + login * MINUTE;
        for _ in 0..usize::from(login % 10 == 0) * 3 {
            store.wrong(&owner, now).unwrap();
        }
        assert_eq!(store.right(&owner, now), Ok(Door::Known), "login {login}");
    }
}

#[test]
fn an_account_where_nobody_failed_has_no_row_when_its_strangers_are_withheld() {
    let mut store = Store::default();
    for number in 0..60 {
        store.wrong(&attempt(number, phone(number)), START).unwrap();
    }
    let before = store.writes;
    assert_eq!(store.wrong(&attempt(60, phone(60)), START), Err(Withheld::Everyone));
    assert_eq!(store.writes, before);
}

#[test]
fn what_is_withheld_changes_nothing_but_the_hour_of_the_last_attempt() {
    let mut store = Store::default();
    let guess = attempt(1, phone(STRANGER));
    for _ in 0..4 {
        store.wrong(&guess, START).unwrap();
    }
    let before = store.writes;
    for second in 1..30 {
        assert_eq!(store.wrong(&guess, START + second), Err(Withheld::Waiting));
    }
    assert_eq!(store.writes, before);
    assert_eq!(
        store.wrong(&guess, START + 30),
        Ok(vec![Notice::Owner { failures: 5, door: Door::Stranger, stopped: false }])
    );
}
