mod forgiving;
mod menu;
mod property;
mod walk;

use dialgate_contract::ledger::{LeaseId, Verdict};
use dialgate_contract::queue::Wish;
use dialgate_contract::{Refusal, RequestId};
use dialgate_pin::Pin;
use jiff::Timestamp;

use super::*;
use crate::protocol::{Digits, Ended};
use walk::{Walk, at};

const LOGIN: [&str; 3] = ["answer", "welcome", "enter-account/13"];

#[test]
fn a_traveller_is_let_in_and_hears_until_when() {
    let mut walk = Walk::begin();
    walk.log_in();
    walk.types("12*34*56*78");
    walk.types("1");
    assert_eq!(
        walk.action(),
        Some(&Action::Enqueue {
            account: "4711".parse().unwrap(),
            wish: Wish::Open { address: "12.34.56.78".parse().unwrap(), lifetime: None }
        })
    );
    let request = RequestId::from_random([7; 16]);
    walk.event(Event::Enqueued(request));
    assert_eq!(
        walk.action(),
        Some(&Action::AwaitVerdict { request, meanwhile: Prompt::OneMoment })
    );
    walk.event(Event::VerdictSeen(Verdict::Open(LeaseId::from_row(1), at(1_800_000_000))));
    walk.listen();
    assert_eq!(
        walk.heard[7..],
        [
            "you-entered",
            "12.34.56.78",
            "confirm-address/1",
            "enqueue 4711 12.34.56.78",
            "await one-moment",
            "open-until",
            "2027-01-15T08:00:00Z Europe/Paris",
            "goodbye",
        ]
    );
    assert_eq!(walk.ending, Some(Ending::Open));
}

#[test]
fn each_refusal_is_spoken_in_its_own_words() {
    let mut prompts = std::collections::BTreeSet::new();
    for refusal in Refusal::ALL {
        let mut walk = Walk::begin();
        walk.confirm("12*34*56*78");
        walk.event(Event::Enqueued(RequestId::from_random([7; 16])));
        walk.event(Event::VerdictSeen(Verdict::Refused(*refusal)));
        walk.listen();
        assert_eq!(walk.ending, Some(Ending::Refused));
        let said = walk.heard.iter().rev().nth(1).unwrap().clone();
        if *refusal == Refusal::NothingOpen {
            assert_eq!(said, "already-closed");
        } else {
            assert_eq!(said, format!("refused-{refusal}"));
        }
        prompts.insert(said);
    }
    assert_eq!(prompts.len(), Refusal::ALL.len());
}

#[test]
fn without_a_verdict_in_time_the_caller_hears_that_the_request_is_recorded() {
    let mut walk = Walk::begin();
    walk.confirm("12*34*56*78");
    walk.event(Event::Enqueued(RequestId::from_random([7; 16])));
    walk.event(Event::VerdictTimedOut);
    walk.listen();
    assert!(walk.heard.ends_with(&["queued".to_owned(), "goodbye".to_owned()]));
    assert_eq!(walk.ending, Some(Ending::Queued));
}

#[test]
fn a_login_has_three_tries_and_the_same_words_for_whatever_is_wrong() {
    let mut said = Vec::new();
    for (account, pin) in [("4711", "87654321"), ("9999", "12345678"), ("47", "1"), ("4*1", "*")] {
        let mut walk = Walk::begin();
        for _ in 0..3 {
            walk.types(account);
            walk.types(pin);
            walk.event(Event::LoginChecked(Login::Rejected, Ahead::default()));
        }
        walk.listen();
        assert_eq!(walk.ending, Some(Ending::FailedLogin));
        assert!(
            walk.heard.ends_with(&["login-failed", "too-many-tries", "goodbye"].map(str::to_owned))
        );
        said.push(walk.heard);
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:#?}");
}

#[test]
fn what_cannot_be_an_account_or_a_pin_is_checked_all_the_same() {
    let mut walk = Walk::begin();
    walk.types("12");
    walk.types("12*45678");
    let account = Digits::new("12").unwrap();
    assert_eq!(walk.action(), Some(&Action::CheckLogin { account, pin: None }));
}

#[test]
fn silence_is_a_try() {
    let mut walk = Walk::begin();
    for _ in 0..3 {
        walk.stays_silent();
    }
    walk.listen();
    let rest = ["nothing-entered", "enter-account/13"];
    let end = ["nothing-entered", "too-many-tries", "goodbye"];
    assert_eq!(walk.heard, [&LOGIN[..], &rest, &rest, &end].concat());
    assert_eq!(walk.ending, Some(Ending::FailedLogin));
}

#[test]
fn an_address_has_three_tries_whether_misread_or_not_confirmed() {
    let mut walk = Walk::begin();
    walk.log_in();
    walk.types("1*2*3");
    walk.types("12*34*56*78");
    walk.types("2");
    walk.types("10*0*0");
    walk.listen();
    let end = ["address-invalid", "for-ipv6-press-6", "too-many-tries", "goodbye"];
    assert_eq!(walk.last_heard(4), end);
    assert_eq!(walk.ending, Some(Ending::Refused));
}

#[test]
fn a_confirmation_that_does_not_come_is_asked_for_again_with_the_address() {
    let mut walk = Walk::begin();
    walk.log_in();
    walk.types("12*34*56*78");
    walk.stays_silent();
    let again = ["nothing-entered", "you-entered", "12.34.56.78", "confirm-address-repeat/1"];
    assert!(walk.heard_at_question().ends_with(&again.map(str::to_owned)));
    walk.stays_silent();
    walk.stays_silent();
    walk.listen();
    assert_eq!(walk.ending, Some(Ending::Refused));
}

#[test]
fn anything_but_1_asks_for_the_address_again() {
    for key in ["2", "0", "*", "4"] {
        let mut walk = Walk::begin();
        walk.log_in();
        walk.types("12*34*56*78");
        walk.types(key);
        assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address/16", "{key}");
    }
}

#[test]
fn a_key_during_the_welcome_is_the_first_of_the_account() {
    let mut walk = Walk::begin();
    walk.event(Event::Answered);
    walk.presses('4');
    walk.types("711");
    walk.types("12345678");
    let pin = Pin::new("12345678").ok();
    let account = Digits::new("4711").unwrap();
    assert_eq!(walk.action(), Some(&Action::CheckLogin { account, pin }));
    assert_eq!(walk.heard[..3], ["answer", "welcome", "silence/12"]);
}

#[test]
fn a_1_during_the_read_back_confirms() {
    let mut walk = Walk::begin();
    walk.log_in();
    walk.types("12*34*56*78");
    walk.presses('1');
    assert_eq!(walk.heard.last().unwrap(), "12.34.56.78", "not before it has begun");
    walk.presses('1');
    assert!(matches!(walk.action(), Some(Action::Enqueue { .. })));
}

#[test]
fn a_hash_left_over_from_a_full_entry_is_no_answer() {
    let mut walk = Walk::begin();
    walk.log_in();
    walk.types("12*34*56*78");
    walk.collects("2", Ended::Full);
    walk.collects("", Ended::Hash);
    assert_eq!(walk.heard_at_question().last().unwrap(), "enter-address/16");
    walk.collects("", Ended::Hash);
    assert!(walk.heard_at_question().contains(&"nothing-entered".to_owned()));
}

#[test]
fn a_hash_during_speech_is_no_answer() {
    let mut walk = Walk::begin();
    walk.event(Event::Answered);
    walk.presses('#');
    assert_eq!(walk.heard_at_question()[1..], ["welcome", "enter-account/13"]);
}

#[test]
fn hanging_up_ends_the_call_as_what_it_was_by_then() {
    let mut walk = Walk::begin();
    walk.event(Event::HungUp);
    assert_eq!(walk.ending, Some(Ending::Hangup));

    let mut walk = Walk::begin();
    walk.confirm("12*34*56*78");
    walk.event(Event::Enqueued(RequestId::from_random([7; 16])));
    walk.event(Event::HungUp);
    assert_eq!(walk.ending, Some(Ending::Hangup));

    let mut walk = Walk::begin();
    walk.confirm("12*34*56*78");
    walk.event(Event::Enqueued(RequestId::from_random([7; 16])));
    walk.event(Event::VerdictSeen(Verdict::Extended(LeaseId::from_row(1), Timestamp::UNIX_EPOCH)));
    walk.event(Event::HungUp);
    assert_eq!(walk.ending, Some(Ending::Extended));
}

#[test]
fn who_would_wait_too_long_for_a_login_is_told_that_all_lines_are_busy() {
    let mut walk = Walk::begin();
    walk.types("4711");
    walk.types("12345678");
    walk.event(Event::LoginChecked(Login::Busy, Ahead::default()));
    walk.listen();
    assert!(walk.heard.ends_with(&["busy", "goodbye"].map(str::to_owned)));
    assert_eq!(walk.ending, Some(Ending::Busy));
}

#[test]
fn what_does_not_work_is_said_and_ends_in_error() {
    for broken in [Event::LoginChecked(Login::Unavailable, Ahead::default()), Event::EnqueueFailed]
    {
        let mut walk = Walk::begin();
        if broken == Event::EnqueueFailed {
            walk.confirm("12*34*56*78");
        } else {
            walk.types("4711");
            walk.types("12345678");
        }
        walk.event(broken);
        walk.listen();
        assert!(walk.heard.ends_with(&["try-again-later", "goodbye"].map(str::to_owned)));
        assert_eq!(walk.ending, Some(Ending::Error));
    }
}

#[test]
fn a_call_too_many_is_not_answered_but_told_so() {
    let mut walk = Walk::of(Conversation::begin(SCRIPT, Lines::Busy));
    walk.listen();
    assert_eq!(walk.heard, ["busy"]);
    assert_eq!(walk.ending, Some(Ending::Busy));
}

#[test]
fn another_script_is_not_served() {
    for script in ["", "whitelis", "whitelist/", "Whitelist", "../whitelist"] {
        let walk = Walk::of(Conversation::begin(script, Lines::Free));
        assert_eq!((walk.ending, walk.heard), (Some(Ending::Error), vec![]), "{script}");
    }
}

#[test]
fn nobody_who_is_not_logged_in_is_asked_for_an_address() {
    let mut walk = Walk::begin();
    walk.types("4711");
    walk.event(Event::Digits { digits: Digits::new("1").unwrap(), ended: Ended::Hash });
    walk.event(Event::LoginChecked(Login::Rejected, Ahead::default()));
    walk.listen();
    assert!(!walk.heard.iter().any(|said| said.starts_with("enter-address")));
}
