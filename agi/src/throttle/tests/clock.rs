//! A clock that is set back: what it was counts from then on.

use super::*;

const YEAR: i64 = 365 * DAY;
const BACK: i64 = START - 10 * YEAR;

#[test]
fn a_known_callers_wait_begins_anew() {
    let mut store = Store::default();
    let owner = attempt(1, phone(1));
    store.right(&owner, START).unwrap();
    for _ in 0..4 {
        store.wrong(&owner, START).unwrap();
    }
    assert_eq!(store.wrong(&owner, BACK), Err(Withheld::Waiting));
    assert_eq!(store.would(&owner, BACK + 29), Some(Withheld::Waiting));
    assert_eq!(store.would(&owner, BACK + 30), None);
}

#[test]
fn a_strangers_hour_begins_anew() {
    let mut store = Store::default();
    for number in 0..10 {
        store.wrong(&attempt(number, phone(1)), START).unwrap();
    }
    let guess = attempt(10, phone(1));
    assert_eq!(store.wrong(&guess, BACK), Err(Withheld::Caller));
    assert_eq!(store.would(&guess, BACK + HOUR - 1), Some(Withheld::Caller));
    assert_eq!(store.would(&guess, BACK + HOUR), None);
}

#[test]
fn the_hour_of_all_strangers_begins_anew_and_so_does_that_of_the_alarm() {
    let mut store = Store::default();
    let mut told = 0;
    for number in 0..60 {
        told += store.wrong(&attempt(number, phone(number)), START).unwrap().len();
    }
    assert_eq!(told, 1);
    let guess = |number| attempt(number, phone(number));
    assert_eq!(store.wrong(&guess(60), BACK), Err(Withheld::Everyone));
    assert_eq!(store.would(&guess(60), BACK + HOUR - 1), Some(Withheld::Everyone));
    for number in 60..120 {
        told += store.wrong(&guess(number), BACK + HOUR).unwrap().len();
    }
    assert_eq!(told, 2);
}

#[test]
fn failures_of_before_raise_no_alarm_long_after() {
    let mut store = Store::default();
    let guess = |number| attempt(number, phone(number));
    for number in 0..20 {
        store.wrong(&guess(number), START).unwrap();
    }
    store.wrong(&guess(20), BACK).unwrap();
    for number in 21..31 {
        assert_eq!(store.wrong(&guess(number), BACK + 10 * MINUTE), Ok(vec![]));
    }
}

#[test]
fn an_account_at_rest_is_reopened_a_day_later() {
    let mut store = Store::default();
    let owner = attempt(1, phone(1));
    store.right(&owner, START).unwrap();
    store.stop_strangers(1, START);
    store.right(&owner, BACK).unwrap();
    assert_eq!(store.would(&attempt(1, phone(2)), BACK), Some(Withheld::Stopped));
    store.right(&owner, BACK + DAY).unwrap();
    assert_eq!(store.would(&attempt(1, phone(2)), BACK + DAY), None);
}

#[test]
fn a_caller_is_known_for_180_days_and_not_for_ten_years() {
    let mut store = Store::default();
    let owner = attempt(1, phone(1));
    store.right(&owner, START).unwrap();
    store.wrong(&owner, BACK).unwrap();
    assert_eq!(store.clone().right(&owner, BACK + 180 * DAY - 1), Ok(Door::Known));
    assert_eq!(store.right(&owner, BACK + 180 * DAY), Ok(Door::Stranger));
}
