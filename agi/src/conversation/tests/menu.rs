use dialgate_contract::ledger::{LeaseId, Verdict};
use dialgate_contract::queue::Wish;
use dialgate_contract::{Language, RequestId};

use super::walk::{Walk, at, hash, let_in};
use crate::conversation::{Action, Ahead, Ending, Event, Lifetimes, Standing};
use crate::protocol::Digits;

fn chooses(key: &str) -> Walk {
    let mut walk = Walk::begin();
    walk.log_in_to(let_in());
    walk.types(key);
    walk
}

#[test]
fn whoever_is_let_in_hears_from_where_and_for_how_much_longer_and_then_the_menu() {
    let mut walk = Walk::begin();
    walk.log_in_to(let_in());
    walk.heard_at_question();
    let told = ["your-access-from", "12.34.56.78", "is-open-for-another", "5 Hours"];
    assert_eq!(walk.last_heard(5), [&told[..], &["menu-open/1"]].concat());
}

#[test]
fn what_is_open_is_closed_when_3_is_pressed() {
    let mut walk = chooses("3");
    assert_eq!(walk.wish(), Some(&Wish::Close));
    walk.gets(Verdict::Closed);
    walk.listen();
    assert_eq!(walk.last_heard(3), ["await one-moment", "closed", "goodbye"]);
    assert_eq!(walk.ending, Some(Ending::Closed));
}

#[test]
fn what_is_open_is_extended_when_2_is_pressed() {
    let mut walk = chooses("2");
    assert_eq!(walk.wish(), Some(&Wish::Extend { lifetime: None }));
    walk.gets(Verdict::Extended(LeaseId::from_row(1), at(1_800_000_000)));
    walk.listen();
    let end = ["extended-until", "2027-01-15T08:00:00Z Europe/Paris", "goodbye"];
    assert_eq!(walk.last_heard(3), end);
    assert_eq!(walk.ending, Some(Ending::Extended));
}

#[test]
fn another_address_is_asked_for_when_1_is_pressed() {
    let mut walk = chooses("1");
    assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address/16");
}

#[test]
fn the_menu_is_repeated_on_0_and_a_menu_that_is_not_answered_ends_the_call() {
    let mut walk = chooses("0");
    walk.heard_at_question();
    assert_eq!(walk.last_heard(5)[0], "your-access-from");
    walk.stays_silent();
    walk.heard_at_question();
    assert_eq!(walk.last_heard(2), ["nothing-entered", "menu-open/1"]);
    walk.stays_silent();
    walk.stays_silent();
    walk.listen();
    assert_eq!(walk.ending, Some(Ending::Refused));
}

#[test]
fn whoever_wants_to_hear_the_menu_again_fails_nothing() {
    let mut walk = chooses("0");
    for _ in 0..4 {
        walk.types("0");
        walk.heard_at_question();
        assert_eq!(walk.last_heard(5)[0], "your-access-from");
    }
    walk.types("8");
    walk.types("3");
    assert_eq!(walk.wish(), Some(&Wish::Close));
}

#[test]
fn a_key_while_it_is_said_what_is_open_is_a_choice() {
    let mut walk = Walk::begin();
    walk.log_in_to(let_in());
    walk.presses('3');
    assert_eq!(walk.wish(), Some(&Wish::Close));
}

#[test]
fn whoever_has_nothing_open_has_a_menu_on_star_without_what_needs_it() {
    let mut walk = Walk::begin();
    walk.log_in();
    walk.types("*");
    assert_eq!(walk.heard_at_question().last().unwrap(), "menu-closed/1");
    for key in ["2", "3"] {
        walk.types(key);
        assert_eq!(walk.wish(), None);
        assert_eq!(walk.heard_at_question().last().unwrap(), "menu-closed/1");
    }
    walk.types("1");
    assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address/16");
}

#[test]
fn a_new_pin_is_typed_twice_and_afterwards_nothing_is_open() {
    let mut walk = chooses("9");
    walk.types("481516");
    walk.types("481516");
    assert!(matches!(walk.action(), Some(Action::HashPin(pin)) if pin.reveal() == "481516"));
    walk.event(Event::PinHashed(Some(hash())));
    assert_eq!(walk.wish(), Some(&Wish::ChangePin { hash: hash() }));
    walk.gets(Verdict::PinChanged);
    walk.heard_at_question();
    assert_eq!(walk.last_heard(2), ["pin-changed", "enter-address/16"]);
    assert!(walk.heard.contains(&"enter-new-pin-again/13".to_owned()));
}

#[test]
fn a_pin_that_is_weak_or_typed_differently_is_asked_for_again() {
    let mut walk = Walk::begin();
    walk.log_in();
    walk.types("9");
    walk.types("123456");
    walk.heard_at_question();
    assert_eq!(walk.last_heard(2), ["pin-too-easy", "enter-new-pin/13"]);
    walk.types("481516");
    walk.types("481517");
    walk.heard_at_question();
    assert_eq!(walk.last_heard(2), ["pins-differ", "enter-new-pin/13"]);
    walk.types("4815");
    walk.listen();
    assert_eq!(walk.ending, Some(Ending::Refused));
}

#[test]
fn a_pin_that_cannot_be_hashed_is_not_asked_for() {
    let mut walk = chooses("9");
    walk.types("481516");
    walk.types("481516");
    walk.event(Event::PinHashed(None));
    walk.listen();
    assert_eq!(walk.last_heard(2), ["try-again-later", "goodbye"]);
    assert_eq!(walk.ending, Some(Ending::Error));
}

#[test]
fn whoever_may_have_longer_is_asked_for_how_long_after_confirming() {
    for (key, seconds) in
        [("1", Some(86_400)), ("3", Some(259_200)), ("7", Some(604_800)), ("", None)]
    {
        let mut walk = Walk::begin();
        walk.log_in_to(Standing { lifetimes: Lifetimes::Week, ..Standing::default() });
        walk.types("12*34*56*78");
        walk.types("1");
        assert_eq!(walk.heard_at_question().last().unwrap(), "choose-lifetime-1-3-7/1");
        walk.types(key);
        let Some(Wish::Open { lifetime, .. }) = walk.wish() else { panic!("{:?}", walk.action()) };
        assert_eq!(lifetime.map(|lifetime| lifetime.seconds()), seconds);
    }
}

#[test]
fn the_account_has_its_language_from_the_login_on() {
    let mut walk = Walk::begin();
    walk.log_in_to(Standing { language: Some(Language::De), ..Standing::default() });
    assert_eq!(walk.action(), Some(&Action::SetLanguage(Language::De)));
    walk.event(Event::LanguageSet);
    assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address/16");
}

#[test]
fn what_is_typed_while_the_login_is_checked_is_not_lost() {
    let ahead = |keys: &str, is_whole| Ahead { digits: Digits::new(keys).unwrap(), is_whole };
    let typed = |ahead, standing| {
        let mut walk = Walk::begin();
        walk.types("4711");
        walk.types("12345678");
        walk.is_let_in(ahead, standing);
        walk
    };

    let mut walk = typed(ahead("12*34*56*78", true), Standing::default());
    assert!(walk.heard_at_question().contains(&"12.34.56.78".to_owned()));
    let mut walk = typed(ahead("12*3", false), Standing::default());
    assert_eq!(walk.heard_at_question().last().unwrap(), "silence/12");
    walk.types("4*56*78");
    assert!(walk.heard_at_question().contains(&"12.34.56.78".to_owned()));

    assert_eq!(typed(ahead("3", false), let_in()).wish(), Some(&Wish::Close));
    let mut walk = typed(ahead("12*34*56*79", true), let_in());
    assert!(walk.heard_at_question().contains(&"12.34.56.79".to_owned()));
    let mut walk = typed(ahead("", true), Standing::default());
    assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address/16", "a spare #");
}

#[test]
fn a_choice_that_is_not_decided_in_time_is_recorded() {
    let mut walk = chooses("2");
    walk.event(Event::Enqueued(RequestId::from_random([7; 16])));
    walk.event(Event::VerdictTimedOut);
    walk.listen();
    assert_eq!(walk.last_heard(2), ["recorded", "goodbye"]);
    assert_eq!(walk.ending, Some(Ending::Queued));
}
