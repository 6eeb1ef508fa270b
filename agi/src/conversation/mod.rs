//! What is said and asked during a call, as a pure state machine: an event goes in, the next action comes out.
//!
//! [`Conversation::begin`] gives the first [`Turn`]; the driver performs its action and hands the [`Event`] that came
//! of it to [`Conversation::on`]. The conversation is used up by each event, so a call has exactly one [`Ending`].

mod action;
mod dialogue;
mod ending;
mod event;
mod question;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};

use dialgate_contract::Refusal;
use dialgate_contract::ledger::Verdict;
use dialgate_contract::queue::Wish;
use dialgate_pin::Pin;

use crate::protocol::{Digits, Key};
use crate::{Prompt, keypad};
use dialogue::Dialogue;
use question::Question;

pub use action::{Action, Speech};
pub use ending::Ending;
pub use event::{Event, Login, Traveller};

/// The script of the FastAGI URL that is served: `agi://…/whitelist`.
pub const SCRIPT: &str = "whitelist";

/// A call in the middle of it.
#[derive(Debug)]
pub struct Conversation {
    stage: Stage,
    dialogue: Dialogue,
}

/// What happens next.
#[derive(Debug)]
#[must_use]
pub enum Turn {
    /// Perform this, and tell the conversation what came of it.
    Do(Conversation, Action),
    /// Tell the dialplan how the call ended, and leave it.
    End(Ending),
}

/// Whether there is room for one more call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// There is.
    Free,
    /// There is not.
    Busy,
}

/// What the conversation is waiting for.
#[derive(Debug)]
enum Stage {
    Answering,
    /// The end of what is said before a question.
    Asking(Question),
    Collecting(Question),
    CheckingLogin,
    Enqueueing(Traveller),
    AwaitingVerdict(Traveller),
    Closing(Ending),
}

impl Conversation {
    /// A new call that asks for `script`.
    pub fn begin(script: &str, lines: Lines) -> Turn {
        let dialogue = Dialogue::default();
        match (script == SCRIPT, lines) {
            (false, _) => Turn::End(Ending::Error),
            // Not answered: what is said then costs the caller nothing, where the carrier lets it through.
            (true, Lines::Busy) => {
                dialogue.say([Prompt::Busy.into()], Stage::Closing(Ending::Busy))
            }
            (true, Lines::Free) => dialogue.perform(Action::Answer, Stage::Answering),
        }
    }

    /// The next turn after an event. An event that no action of this stage can cause ends the call in
    /// [`Ending::Error`].
    pub fn on(self, event: Event) -> Turn {
        let Self { stage, dialogue } = self;
        match (stage, event) {
            // What has been decided stays decided, whether or not the caller hears all of it.
            (Stage::Closing(ending), Event::HungUp) => Turn::End(ending),
            (_, Event::HungUp) => Turn::End(Ending::Hangup),
            (Stage::Answering, Event::Answered) => {
                dialogue.say([Prompt::Welcome.into()], Stage::Asking(Question::Account))
            }
            (Stage::Asking(question), Event::Played { interrupted_by: Some(key) }) => {
                barge_in(dialogue, question, key)
            }
            (stage @ (Stage::Asking(_) | Stage::Closing(_)), Event::Played { .. }) => {
                dialogue.go_on(stage)
            }
            (Stage::Collecting(question), Event::Digits { digits, ended }) => {
                let mut dialogue = dialogue;
                match dialogue.entry(&digits, ended) {
                    Some(keys) => answered(dialogue, question, &keys),
                    None => dialogue.go_on(Stage::Asking(question)),
                }
            }
            (Stage::CheckingLogin, Event::LoginChecked(login)) => logged_in(dialogue, login),
            (Stage::Enqueueing(traveller), Event::Enqueued(request)) => {
                let action = Action::AwaitVerdict { request, meanwhile: Prompt::OneMoment };
                dialogue.perform(action, Stage::AwaitingVerdict(traveller))
            }
            (Stage::Enqueueing(_), Event::EnqueueFailed) => {
                dialogue.close([Prompt::TryAgainLater.into()], Ending::Error)
            }
            (Stage::AwaitingVerdict(traveller), Event::VerdictSeen(verdict)) => {
                decided(dialogue, traveller, verdict)
            }
            (Stage::AwaitingVerdict(_), Event::VerdictTimedOut) => {
                dialogue.close([Prompt::Queued.into()], Ending::Queued)
            }
            (_, _) => Turn::End(Ending::Error),
        }
    }
}

/// A key pressed while something is said before a question is the beginning of the answer, unless it cannot be one.
fn barge_in(mut dialogue: Dialogue, question: Question, key: Key) -> Turn {
    if !dialogue.begin_entry(key) {
        return dialogue.go_on(Stage::Asking(question));
    }
    if question.takes_one_key() {
        let keys = dialogue.entry_of_one_key();
        return answered(dialogue, question, &keys);
    }
    dialogue.go_on(Stage::Asking(question))
}

fn answered(dialogue: Dialogue, question: Question, keys: &str) -> Turn {
    match question {
        Question::Confirm { traveller, address } => confirmed(dialogue, traveller, address, keys),
        Question::Account | Question::Pin { .. } | Question::Address { .. } if keys.is_empty() => {
            dialogue.ask_again(vec![Prompt::NothingEntered.into()], question)
        }
        // A malformed account is asked for its PIN like any other.
        Question::Account => {
            // They are keys.
            let account = Digits::new(keys).unwrap_or_default();
            dialogue.say([], Stage::Asking(Question::Pin { account }))
        }
        Question::Pin { account } => check_login(dialogue, account, keys),
        Question::Address { traveller } => match keypad::ipv4(keys) {
            Ok(address) => dialogue
                .say(read_back(address), Stage::Asking(Question::Confirm { traveller, address })),
            Err(_) => dialogue
                .ask_again(vec![Prompt::AddressInvalid.into()], Question::Address { traveller }),
        },
    }
}

fn check_login(dialogue: Dialogue, account: Digits, pin: &str) -> Turn {
    let action = Action::CheckLogin { account, pin: Pin::new(pin).ok() };
    dialogue.perform(action, Stage::CheckingLogin)
}

fn logged_in(dialogue: Dialogue, login: Login) -> Turn {
    match login {
        Login::Accepted(traveller) => {
            dialogue.say([], Stage::Asking(Question::Address { traveller }))
        }
        Login::Rejected => dialogue.ask_again(vec![Prompt::LoginFailed.into()], Question::Account),
        Login::Busy => dialogue.close([Prompt::Busy.into()], Ending::Busy),
        Login::Unavailable => dialogue.close([Prompt::TryAgainLater.into()], Ending::Error),
    }
}

fn read_back(address: Ipv4Addr) -> [Speech; 2] {
    [Prompt::YouEntered.into(), Speech::Address(IpAddr::V4(address))]
}

fn confirmed(dialogue: Dialogue, traveller: Traveller, address: Ipv4Addr, keys: &str) -> Turn {
    match keys {
        "1" => {
            let account = traveller.account.clone();
            let wish = Wish::Open { address: IpAddr::V4(address), lifetime: None };
            let action = Action::Enqueue { account, wish };
            dialogue.perform(action, Stage::Enqueueing(traveller))
        }
        "" => {
            let [you_entered, spelled] = read_back(address);
            let speech = vec![Prompt::NothingEntered.into(), you_entered, spelled];
            dialogue.ask_again(speech, Question::Confirm { traveller, address })
        }
        _ => dialogue.ask_again(vec![], Question::Address { traveller }),
    }
}

fn decided(dialogue: Dialogue, traveller: Traveller, verdict: Verdict) -> Turn {
    let (prompt, until, ending) = match verdict {
        Verdict::Open(_, until) => (Prompt::OpenUntil, until, Ending::Open),
        Verdict::Extended(_, until) => (Prompt::ExtendedUntil, until, Ending::Extended),
        Verdict::Closed | Verdict::PinChanged | Verdict::Told => return Turn::End(Ending::Error),
        Verdict::Refused(refusal) => {
            return dialogue.close([refused(refusal).into()], Ending::Refused);
        }
    };
    let when = Speech::DateTime { at: until, time_zone: traveller.time_zone };
    dialogue.close([prompt.into(), when], ending)
}

fn refused(refusal: Refusal) -> Prompt {
    match refusal {
        Refusal::Account => Prompt::RefusedAccount,
        Refusal::PrivateAddress => Prompt::RefusedPrivateAddress,
        Refusal::SpecialAddress => Prompt::RefusedSpecialAddress,
        Refusal::OwnAddress => Prompt::RefusedOwnAddress,
        Refusal::Lifetime => Prompt::RefusedLifetime,
        Refusal::TooMany => Prompt::RefusedTooMany,
        Refusal::NothingOpen => Prompt::AlreadyClosed,
        Refusal::Stale => Prompt::RefusedStale,
    }
}
