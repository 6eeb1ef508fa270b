use std::sync::{Barrier, Mutex};

use super::*;

const CALLS: usize = 64;

/// All calls are judged before any of them is recorded.
fn at_once(store: Store, attempt_of: impl Fn(u32) -> Attempt + Sync) -> (Store, usize) {
    let (store, barrier) = (Mutex::new(store), Barrier::new(CALLS));
    let evaluated = std::thread::scope(|scope| {
        let call = |number: usize| {
            let (store, barrier, attempt_of) = (&store, &barrier, &attempt_of);
            scope.spawn(move || {
                let attempt = attempt_of(u32::try_from(number).unwrap());
                let judgement = store.lock().unwrap().judge(&attempt, START);
                barrier.wait();
                let Judgement::Evaluate(reservation) = judgement else { return 0 };
                store.lock().unwrap().record(&reservation, Outcome::Wrong, START);
                1
            })
        };
        let calls: Vec<_> = (0..CALLS).map(call).collect();
        calls.into_iter().map(|call| call.join().unwrap()).sum()
    });
    (store.into_inner().unwrap(), evaluated)
}

#[test]
fn of_64_calls_at_once_at_one_account_the_free_four_are_looked_at() {
    let (store, evaluated) = at_once(Store::default(), |number| attempt(1, phone(number)));
    assert_eq!(evaluated, 4);
    assert_eq!(store.accounts[&account(1)].tally.failures, 4);
}

#[test]
fn of_64_calls_at_once_by_one_stranger_ten_are_looked_at() {
    let (_, evaluated) = at_once(Store::default(), |number| attempt(number, phone(1)));
    assert_eq!(evaluated, 10);
}

#[test]
fn of_64_strangers_at_once_60_are_looked_at() {
    let (_, evaluated) = at_once(Store::default(), |number| attempt(number, phone(number)));
    assert_eq!(evaluated, 60);
}

#[test]
fn of_64_calls_at_once_with_a_known_number_the_free_four_are_looked_at() {
    let mut store = Store::default();
    let owner = attempt(1, phone(1));
    store.right(&owner, START).unwrap();
    let (_, evaluated) = at_once(store, |_| owner);
    assert_eq!(evaluated, 4);
}

#[test]
fn one_caller_let_in_twice_at_once_takes_one_place_among_the_known() {
    let mut store = Store::default();
    for caller in 1..5 {
        store.right(&attempt(1, phone(caller)), START).unwrap();
    }
    let new = attempt(1, phone(0));
    let reservations = [store.judge(&new, START), store.judge(&new, START)];
    for judgement in reservations {
        let Judgement::Evaluate(reservation) = judgement else { panic!() };
        store.record(&reservation, Outcome::Right { slips: &[] }, START);
    }
    assert_eq!(store.known.len(), 5);
}

#[test]
fn a_call_that_ends_while_its_pin_is_looked_at_counts_as_failed() {
    let mut store = Store::default();
    let guess = attempt(1, phone(1));
    for _ in 0..4 {
        assert!(matches!(store.judge(&guess, START), Judgement::Evaluate(_)));
    }
    assert_eq!(store.would(&guess, START), Some(Withheld::Waiting));
}
