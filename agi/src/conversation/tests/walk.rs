use dialgate_contract::ledger::Verdict;
use dialgate_contract::queue::Wish;
use dialgate_contract::{PinHash, RequestId};
use jiff::Timestamp;

use crate::conversation::{Action, Ahead, Conversation, Ending, Event, Lines, Login, SCRIPT};
use crate::conversation::{Lifetimes, OpenAccess, Span, Speech, Standing, Traveller, Turn};
use crate::protocol::{Digits, Ended, Key};

/// A call that is walked through event by event, noting what the caller notices.
pub(super) struct Walk {
    conversation: Option<Conversation>,
    action: Option<Action>,
    pub(super) ending: Option<Ending>,
    pub(super) heard: Vec<String>,
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn traveller() -> Traveller {
    Traveller { account: "4711".parse().unwrap(), time_zone: "Europe/Paris".to_owned() }
}

pub(super) fn hash() -> PinHash {
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}").parse().unwrap()
}

/// Five hours left at 12.34.56.78, and lifetimes to choose from.
pub(super) fn let_in() -> Standing {
    let left = std::time::Duration::from_secs(5 * 3600 + 59);
    let open = vec![OpenAccess { address: "12.34.56.78".parse().unwrap(), left }];
    Standing { language: None, open, lifetimes: Lifetimes::Default }
}

impl Walk {
    pub(super) fn begin() -> Self {
        Self::of(Conversation::begin(SCRIPT, Lines::Free))
    }

    pub(super) fn of(turn: Turn) -> Self {
        let mut walk = Self { conversation: None, action: None, ending: None, heard: vec![] };
        walk.take(turn);
        walk
    }

    pub(super) fn action(&self) -> Option<&Action> {
        self.action.as_ref()
    }

    pub(super) fn event(&mut self, event: Event) {
        let conversation = self.conversation.take().expect("the call has not ended");
        self.take(conversation.on(event));
    }

    /// Listens in silence until an answer is expected or the call ends.
    pub(super) fn listen(&mut self) {
        loop {
            match self.action {
                Some(Action::Answer) => self.event(Event::Answered),
                Some(Action::Say(_)) => self.event(Event::Played { interrupted_by: None }),
                _ => return,
            }
        }
    }

    pub(super) fn heard_at_question(&mut self) -> &[String] {
        self.listen();
        assert!(matches!(self.action, Some(Action::Collect { .. })), "{:?}", self.action);
        &self.heard
    }

    pub(super) fn collects(&mut self, keys: &str, ended: Ended) {
        self.heard_at_question();
        self.event(Event::Digits { digits: Digits::new(keys).unwrap(), ended });
    }

    pub(super) fn types(&mut self, keys: &str) {
        self.collects(keys, Ended::Hash);
    }

    pub(super) fn stays_silent(&mut self) {
        self.collects("", Ended::Timeout);
    }

    pub(super) fn presses(&mut self, key: char) {
        self.event(Event::Played { interrupted_by: Key::new(key) });
    }

    pub(super) fn log_in(&mut self) {
        self.types("4711");
        self.types("12345678");
        self.is_let_in(Ahead::default(), Standing::default());
    }

    /// Logs in where this is true of the account.
    pub(super) fn log_in_to(&mut self, standing: Standing) {
        self.types("4711");
        self.types("12345678");
        self.is_let_in(Ahead::default(), standing);
    }

    /// The login is found right; this was typed ahead meanwhile.
    pub(super) fn is_let_in(&mut self, ahead: Ahead, standing: Standing) {
        self.event(Event::LoginChecked(Login::Accepted(traveller()), ahead));
        self.event(Event::LookedUp(standing));
    }

    /// The request is kept, and decided.
    pub(super) fn gets(&mut self, verdict: Verdict) {
        self.event(Event::Enqueued(RequestId::from_random([7; 16])));
        self.event(Event::VerdictSeen(verdict));
    }

    pub(super) fn wish(&self) -> Option<&Wish> {
        match &self.action {
            Some(Action::Enqueue { wish, .. }) => Some(wish),
            _ => None,
        }
    }

    /// What was noticed from the `place`th thing from the end on.
    pub(super) fn last_heard(&self, count: usize) -> Vec<&str> {
        let from = self.heard.len().saturating_sub(count);
        self.heard[from..].iter().map(String::as_str).collect()
    }

    pub(super) fn confirm(&mut self, address: &str) {
        self.log_in();
        self.types(address);
        self.types("1");
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Do(conversation, action) => {
                self.heard.push(noticed(&action));
                self.conversation = Some(conversation);
                self.action = Some(action);
            }
            Turn::End(ending) => {
                self.action = None;
                self.ending = Some(ending);
            }
        }
    }
}

/// An action as the caller notices it: what was typed is left out, so that two callers can be compared.
fn noticed(action: &Action) -> String {
    let name = |file: &str| file.trim_start_matches("dialgate/").to_owned();
    match action {
        Action::Answer => "answer".to_owned(),
        Action::Say(Speech::Prompt(prompt)) => name(prompt.file()),
        Action::Say(Speech::Address(address)) => address.to_string(),
        Action::Say(Speech::DateTime { at, time_zone }) => format!("{at} {time_zone}"),
        Action::Collect { prompt, max, .. } => {
            format!("{}/{}", prompt.map_or("silence".to_owned(), |p| name(p.file())), max.get())
        }
        Action::Say(Speech::Span(Span { number, unit })) => format!("{number} {unit:?}"),
        Action::CheckLogin { .. } => "check login".to_owned(),
        Action::LookUp(account) => format!("look up {account}"),
        Action::SetLanguage(language) => format!("language {language}"),
        Action::HashPin(_) => "hash".to_owned(),
        Action::Enqueue { account, wish: Wish::Open { address, .. } } => {
            format!("enqueue {account} {address}")
        }
        Action::Enqueue { account, wish } => format!("enqueue {account} {wish:?}"),
        Action::AwaitVerdict { meanwhile, .. } => format!("await {}", name(meanwhile.file())),
    }
}
