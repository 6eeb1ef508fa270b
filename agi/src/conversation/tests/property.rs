use std::net::IpAddr;

use dialgate_contract::Language;
use dialgate_contract::ledger::{LeaseId, Verdict};
use dialgate_contract::queue::Wish;
use dialgate_contract::{Refusal, RequestId};
use proptest::prelude::*;

use super::walk::{at, hash, let_in, traveller};
use crate::Prompt;
use crate::conversation::{Action, Ahead, Conversation, Event, Lifetimes, Lines, Login, SCRIPT};
use crate::conversation::{Speech, Standing, Turn};
use crate::protocol::{Digits, Ended, Key};

/// More than any call takes.
const STEPS: usize = 250;

fn any_digits() -> impl Strategy<Value = Event> {
    let keys = prop_oneof![
        Just(String::new()),
        Just("1".to_owned()),
        Just("4711".to_owned()),
        Just("12345678".to_owned()),
        Just("12*34*56*78".to_owned()),
        Just("1*2*3*4".to_owned()),
        Just("6".to_owned()),
        Just("9".to_owned()),
        Just("2001***4*28****1".to_owned()),
        "[0-9]",
        "[0-9*#A-D]{0,16}",
    ];
    let ended = prop_oneof![Just(Ended::Hash), Just(Ended::Timeout), Just(Ended::Full)];
    (keys, ended)
        .prop_map(|(keys, ended)| Event::Digits { digits: Digits::new(keys).unwrap(), ended })
}

fn any_played() -> impl Strategy<Value = Event> {
    prop_oneof![3 => Just(None), 1 => proptest::sample::select(vec!['1', '2', '*', '#', 'A']).prop_map(Key::new)]
        .prop_map(|interrupted_by| Event::Played { interrupted_by })
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let lifetimes =
        prop_oneof![Just(Lifetimes::Default), Just(Lifetimes::ThreeDays), Just(Lifetimes::Week)];
    let language = prop_oneof![Just(None), Just(Some(Language::De))];
    (any::<bool>(), lifetimes, language).prop_map(|(is_open, lifetimes, language)| {
        let open = if is_open { let_in().open } else { vec![] };
        Standing { language, open, lifetimes }
    })
}

fn any_ahead() -> impl Strategy<Value = Ahead> {
    let keys =
        prop_oneof![4 => Just(String::new()), 1 => Just("3".to_owned()), 1 => "[0-9*]{0,16}"];
    (keys, any::<bool>())
        .prop_map(|(keys, is_whole)| Ahead { digits: Digits::new(keys).unwrap(), is_whole })
}

/// An event for each kind of action.
#[derive(Debug, Clone)]
struct Events {
    played: Event,
    digits: Event,
    login: Event,
    standing: Event,
    hashed: Event,
    enqueued: Event,
    seen: Event,
    /// Now and then the same one for all of them, whether it fits or not.
    stray: Option<Event>,
}

fn any_events() -> impl Strategy<Value = Events> {
    let login = prop_oneof![
        6 => Just(Login::Accepted(traveller())),
        2 => Just(Login::Rejected),
        1 => Just(Login::Busy),
        1 => Just(Login::Unavailable)
    ];
    let login = (login, any_ahead()).prop_map(|(login, ahead)| Event::LoginChecked(login, ahead));
    let standing = any_standing().prop_map(Event::LookedUp);
    let hashed =
        prop_oneof![9 => Just(Event::PinHashed(Some(hash()))), 1 => Just(Event::PinHashed(None))];
    let enqueued = prop_oneof![
        3 => Just(Event::Enqueued(RequestId::from_random([1; 16]))),
        1 => Just(Event::EnqueueFailed)
    ];
    let seen = prop_oneof![
        1 => Just(Event::VerdictSeen(Verdict::Open(LeaseId::from_row(1), at(0)))),
        1 => Just(Event::VerdictSeen(Verdict::Refused(Refusal::Stale))),
        1 => Just(Event::VerdictSeen(Verdict::Closed)),
        4 => Just(Event::VerdictSeen(Verdict::PinChanged)),
        1 => Just(Event::VerdictTimedOut),
    ];
    let stray = prop_oneof![
        80 => Just(None),
        1 => Just(Some(Event::HungUp)),
        1 => Just(Some(Event::Answered)),
        1 => any_digits().prop_map(Some),
        1 => any_played().prop_map(Some),
    ];
    (any_played(), any_digits(), login, standing, hashed, enqueued, seen, stray).prop_map(
        |(played, digits, login, standing, hashed, enqueued, seen, stray)| Events {
            played,
            digits,
            login,
            standing,
            hashed,
            enqueued,
            seen,
            stray,
        },
    )
}

impl Events {
    fn fitting(self, action: &Action) -> Event {
        let fits = match action {
            Action::Answer => Event::Answered,
            Action::Say(_) => self.played,
            Action::Collect { .. } => self.digits,
            Action::CheckLogin { .. } => self.login,
            Action::LookUp(_) => self.standing,
            Action::SetLanguage(_) => Event::LanguageSet,
            Action::HashPin(_) => self.hashed,
            Action::Enqueue { .. } => self.enqueued,
            Action::AwaitVerdict { .. } => self.seen,
        };
        self.stray.unwrap_or(fits)
    }
}

/// What the test itself knows of the call.
#[derive(Default)]
struct Known {
    accepted: bool,
    open: bool,
    read_back: Option<IpAddr>,
    /// What was asked last, and what was pressed last: keys typed ahead count.
    asked: Option<Prompt>,
    last_key: Option<String>,
    hashed: bool,
    requests: usize,
}

impl Known {
    fn hears(&mut self, action: &Action) {
        match action {
            Action::Say(Speech::Address(address)) => self.read_back = Some(*address),
            Action::Collect { prompt: Some(prompt), .. } => self.asked = Some(*prompt),
            Action::Enqueue { account, wish } => {
                self.requests += 1;
                assert!(self.accepted, "a request without a login");
                assert_eq!(account, &traveller().account);
                self.wishes(wish);
            }
            Action::Answer
            | Action::Say(_)
            | Action::Collect { .. }
            | Action::CheckLogin { .. }
            | Action::LookUp(_)
            | Action::SetLanguage(_)
            | Action::HashPin(_)
            | Action::AwaitVerdict { .. } => {}
        }
    }

    fn wishes(&self, wish: &Wish) {
        let asks_how_long =
            matches!(self.asked, Some(Prompt::ChooseLifetime13 | Prompt::ChooseLifetime137));
        match wish {
            Wish::Open { address, lifetime } => {
                assert_eq!(Some(*address), self.read_back, "a request for another address");
                let confirmed = self.last_key.as_deref() == Some("1") || asks_how_long;
                assert!(confirmed, "a request without a 1");
                assert!(lifetime.is_none() || asks_how_long);
            }
            Wish::Extend { .. } => {
                assert!(self.open && (self.last_key.as_deref() == Some("2") || asks_how_long));
            }
            Wish::Close => assert!(self.open && self.last_key.as_deref() == Some("3")),
            Wish::ChangePin { .. } => assert!(self.hashed, "a PIN that nobody typed twice"),
        }
    }

    fn does(&mut self, event: &Event) {
        match event {
            Event::Digits { digits, .. } => self.last_key = Some(digits.as_str().to_owned()),
            Event::Played { interrupted_by: Some(key) } => {
                self.last_key = Some(key.as_char().to_string());
            }
            Event::LoginChecked(login, ahead) => {
                self.accepted = matches!(login, Login::Accepted(_));
                self.last_key = Some(ahead.digits.as_str().to_owned());
            }
            Event::LookedUp(standing) => self.open = !standing.open.is_empty(),
            Event::PinHashed(hash) => self.hashed = hash.is_some(),
            Event::VerdictSeen(Verdict::PinChanged) => self.open = false,
            Event::Answered
            | Event::Played { interrupted_by: None }
            | Event::LanguageSet
            | Event::Enqueued(_)
            | Event::EnqueueFailed
            | Event::VerdictSeen(_)
            | Event::VerdictTimedOut
            | Event::HungUp => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_call_ends_and_asks_only_for_what_was_confirmed(
        events in proptest::collection::vec(any_events(), STEPS)
    ) {
        let mut known = Known::default();
        let mut turn = Conversation::begin(SCRIPT, Lines::Free);
        for event in events {
            let (conversation, action) = match turn {
                Turn::Do(conversation, action) => (conversation, action),
                Turn::End(_) => break,
            };
            known.hears(&action);
            let event = event.fitting(&action);
            known.does(&event);
            turn = conversation.on(event);
        }
        prop_assert!(matches!(turn, Turn::End(_)), "the call goes on after {STEPS} steps");
        prop_assert!(known.requests <= 4);
    }
}
