use super::*;

#[test]
fn the_owner_is_told_of_strangers_at_5_20_and_100_failures() {
    let mut store = Store::default();
    let mut told = Vec::new();
    for hour in 0..30 * 24 {
        let guess = attempt(1, phone(u32::try_from(hour).unwrap()));
        told.extend(store.wrong(&guess, START + hour * HOUR).into_iter().flatten());
    }
    let door = Door::Stranger;
    let expected = [(5, false), (20, false), (100, true)]
        .map(|(failures, stopped)| Notice::Owner { failures, door, stopped });
    assert_eq!(told, expected);
}

#[test]
fn the_owner_is_told_of_a_known_caller_at_5_20_and_50_failures() {
    let mut store = Store::default();
    let owner = attempt(1, phone(1));
    store.right(&owner, START).unwrap();
    let mut told = Vec::new();
    for hour in 0..30 * 24 {
        told.extend(store.wrong(&owner, START + hour * HOUR).into_iter().flatten());
    }
    let door = Door::Known;
    let expected = [(5, false), (20, false), (50, true)].map(|(failures, stopped)| Notice::Owner {
        failures,
        door,
        stopped,
    });
    assert_eq!(told, expected);
    assert!(store.everyone.recent.newest().is_none(), "strangers pay for a known caller");
}

/// Wrong PINs at as many accounts from as many telephones, one in so many seconds.
fn spray(store: &mut Store, seconds: i64, count: u32) -> Vec<(i64, Notice)> {
    let mut told = Vec::new();
    for number in 0..count {
        let since = i64::from(number) * seconds;
        let notices = store.wrong(&attempt(number, phone(number)), START + since);
        told.extend(notices.into_iter().flatten().map(|notice| (since, notice)));
    }
    told
}

#[test]
fn the_operator_is_told_of_30_failures_in_ten_minutes_once_an_hour() {
    let mut store = Store::default();
    let told = spray(&mut store, 20, 3 * 180);
    let expected = [(580, 30), (4180, 60), (7780, 60)]
        .map(|(since, failures)| (since, Notice::Operator { failures }));
    assert_eq!(told, expected);
}

#[test]
fn a_slow_spray_is_told_of_when_it_shuts_strangers_out() {
    let mut store = Store::default();
    assert_eq!(spray(&mut store, 30, 110), [(59 * 30, Notice::Operator { failures: 60 })]);
    let mut store = Store::default();
    assert_eq!(spray(&mut store, 62, 200), [], "59 an hour are not told of");
}

#[test]
fn logins_that_are_still_being_looked_at_raise_no_alarm() {
    let mut store = Store::default();
    for number in 0..50 {
        let guess = attempt(number, phone(number));
        assert!(matches!(store.judge(&guess, START), Judgement::Evaluate(_)));
    }
    assert_eq!(store.wrong(&attempt(50, phone(50)), START), Ok(vec![]));
}
