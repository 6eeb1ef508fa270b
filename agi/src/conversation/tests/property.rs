use std::net::IpAddr;

use dialgate_contract::ledger::{LeaseId, Verdict};
use dialgate_contract::queue::Wish;
use dialgate_contract::{Refusal, RequestId};
use proptest::prelude::*;

use super::walk::{at, traveller};
use crate::conversation::{Action, Conversation, Event, Lines, Login, SCRIPT, Speech, Turn};
use crate::protocol::{Digits, Ended, Key};

/// More than any call takes.
const STEPS: usize = 80;

fn any_digits() -> impl Strategy<Value = Event> {
    let keys = prop_oneof![
        Just(String::new()),
        Just("1".to_owned()),
        Just("4711".to_owned()),
        Just("12345678".to_owned()),
        Just("12*34*56*78".to_owned()),
        Just("1*2*3*4".to_owned()),
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

/// An event for each kind of action; now and then the same one for all of them, whether it fits or not.
fn any_events() -> impl Strategy<Value = [Event; 6]> {
    let login = prop_oneof![
        3 => Just(Login::Accepted(traveller())),
        2 => Just(Login::Rejected),
        1 => Just(Login::Busy),
        1 => Just(Login::Unavailable)
    ];
    let enqueued = prop_oneof![
        Just(Event::Enqueued(RequestId::from_random([1; 16]))),
        Just(Event::EnqueueFailed)
    ];
    let seen = prop_oneof![
        Just(Event::VerdictSeen(Verdict::Open(LeaseId::from_row(1), at(0)))),
        Just(Event::VerdictSeen(Verdict::Refused(Refusal::Stale))),
        Just(Event::VerdictTimedOut),
    ];
    let stray = prop_oneof![
        40 => Just(None),
        1 => Just(Some(Event::HungUp)),
        1 => Just(Some(Event::Answered)),
        1 => any_digits().prop_map(Some),
        1 => any_played().prop_map(Some),
    ];
    (any_played(), any_digits(), login, enqueued, seen, stray).prop_map(
        |(played, digits, login, enqueued, seen, stray)| {
            let fitting =
                [Event::Answered, played, digits, Event::LoginChecked(login), enqueued, seen];
            fitting.map(|event| stray.clone().unwrap_or(event))
        },
    )
}

fn fitting(
    action: &Action,
    [answered, played, digits, login, enqueued, seen]: [Event; 6],
) -> Event {
    match action {
        Action::Answer => answered,
        Action::Say(_) => played,
        Action::Collect { .. } => digits,
        Action::CheckLogin { .. } => login,
        Action::Enqueue { .. } => enqueued,
        Action::AwaitVerdict { .. } => seen,
    }
}

/// What the test itself knows of the call.
#[derive(Default)]
struct Known {
    accepted: bool,
    read_back: Option<IpAddr>,
    last_key: Option<String>,
    requests: usize,
}

impl Known {
    fn hears(&mut self, action: &Action) {
        match action {
            Action::Say(Speech::Address(address)) => self.read_back = Some(*address),
            Action::Enqueue { account, wish: Wish::Open { address, .. } } => {
                self.requests += 1;
                assert!(self.accepted, "a request without a login");
                assert_eq!(account, &traveller().account);
                assert_eq!(Some(*address), self.read_back, "a request for another address");
                assert_eq!(self.last_key.as_deref(), Some("1"), "a request without a 1");
            }
            Action::Answer
            | Action::Enqueue { .. }
            | Action::Say(_)
            | Action::Collect { .. }
            | Action::CheckLogin { .. }
            | Action::AwaitVerdict { .. } => {}
        }
    }

    fn does(&mut self, event: &Event) {
        self.last_key = match event {
            Event::Digits { digits, .. } => Some(digits.as_str().to_owned()),
            Event::Played { interrupted_by } => interrupted_by.map(|key| key.as_char().to_string()),
            Event::Answered
            | Event::LoginChecked(_)
            | Event::Enqueued(_)
            | Event::EnqueueFailed
            | Event::VerdictSeen(_)
            | Event::VerdictTimedOut
            | Event::HungUp => None,
        };
        self.accepted |= matches!(event, Event::LoginChecked(Login::Accepted(_)));
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
            let event = fitting(&action, event);
            known.does(&event);
            turn = conversation.on(event);
        }
        prop_assert!(matches!(turn, Turn::End(_)), "the call goes on after {STEPS} steps");
        prop_assert!(known.requests <= 1);
    }
}
