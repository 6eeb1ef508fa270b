use dialgate_contract::queue::Wish;

use super::walk::Walk;
use crate::conversation::{Action, Ending, Speech};
use crate::protocol::Ended;

fn logged_in() -> Walk {
    let mut walk = Walk::begin();
    walk.log_in();
    walk
}

#[test]
fn slips_in_an_address_are_forgiven() {
    for (keys, ended) in [
        ("12*34*56*78", Ended::Hash),
        ("12*34*56*78", Ended::Timeout),
        ("012034056078", Ended::Hash),
        ("12**34*56*78", Ended::Timeout),
        ("12*34*56*78*", Ended::Hash),
    ] {
        let mut walk = logged_in();
        walk.collects(keys, ended);
        walk.heard_at_question();
        let expected = ["you-entered", "12.34.56.78", "confirm-address/1"];
        assert_eq!(walk.last_heard(3), expected, "{keys}");
    }
}

#[test]
fn a_number_that_will_not_do_is_named_and_asked_for_alone() {
    let mut walk = logged_in();
    walk.types("12*34*560*780");
    assert_eq!(walk.heard_at_question().last().unwrap(), "group-third/4");
    walk.types("56");
    assert_eq!(walk.heard_at_question().last().unwrap(), "group-fourth/4");
    walk.types("78");
    walk.heard_at_question();
    assert_eq!(walk.last_heard(3), ["you-entered", "12.34.56.78", "confirm-address/1"]);
}

#[test]
fn a_number_that_will_not_do_three_times_ends_the_call() {
    let mut walk = logged_in();
    walk.types("256*34*56*78");
    walk.types("256");
    walk.types("256");
    walk.listen();
    assert_eq!(walk.last_heard(2), ["too-many-tries", "goodbye"]);
    assert_eq!(walk.ending, Some(Ending::Refused));
}

#[test]
fn the_address_is_read_back_again_on_3() {
    let mut walk = logged_in();
    walk.types("12*34*56*78");
    walk.types("3");
    walk.heard_at_question();
    let again = ["confirm-address/1", "you-entered", "12.34.56.78", "confirm-address-repeat/1"];
    assert_eq!(walk.last_heard(4), again);
    walk.types("1");
    assert!(matches!(walk.wish(), Some(Wish::Open { .. })));
}

#[test]
fn who_cannot_type_an_address_hears_of_the_other_kind_and_may_type_that() {
    let mut walk = logged_in();
    walk.types("1*2*3");
    walk.heard_at_question();
    let told = ["address-invalid", "for-ipv6-press-6", "enter-address/16"];
    assert_eq!(walk.last_heard(3), told);
    walk.types("6");
    assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address-6/79");
    walk.types("2001***4*28****1");
    assert_eq!(walk.action(), Some(&Action::Say(Speech::Prompt(crate::Prompt::YouEntered))));
    walk.heard_at_question();
    let read_back = ["you-entered", "2001:db8::1", "covers-64", "confirm-address/1"];
    assert_eq!(walk.last_heard(4), read_back);
    walk.types("1");
    let address = "2001:db8::1".parse().unwrap();
    assert_eq!(walk.wish(), Some(&Wish::Open { address, lifetime: None }));
}

#[test]
fn an_ipv6_address_that_is_not_right_is_asked_for_again() {
    let mut walk = logged_in();
    walk.types("6");
    walk.types("2001**");
    walk.heard_at_question();
    assert_eq!(walk.last_heard(2), ["address-invalid", "enter-address-6/79"]);
    walk.types("2001****1");
    walk.types("2");
    assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address-6/79");
}
