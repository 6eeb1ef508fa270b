//! What is said and asked during a call, as a pure state machine: an event goes in, the next action comes out.
//!
//! [`Conversation::begin`] gives the first [`Turn`]; the driver performs its action and hands the [`Event`] that came
//! of it to [`Conversation::on`]. The conversation is used up by each event, so a call has exactly one [`Ending`].

mod action;
mod address;
mod dialogue;
mod ending;
mod event;
mod lifetimes;
mod login;
mod menu;
mod new_pin;
mod outcome;
mod question;
#[cfg(test)]
mod tests;

use dialgate_contract::queue::Wish;

use crate::Prompt;
use dialogue::Dialogue;
use question::{About, Guest, Question};

pub use action::{Action, Span, Speech, Unit};
pub use ending::Ending;
pub use event::{Ahead, Event, Login, OpenAccess, Standing, Traveller};
pub use lifetimes::Lifetimes;

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
    LookingUp(Traveller),
    SettingLanguage(Guest),
    HashingPin(Guest),
    /// With what to say when there is no verdict in time.
    Enqueueing(Guest, Prompt),
    AwaitingVerdict(Guest, Prompt),
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
        let Self { stage, mut dialogue } = self;
        match (stage, event) {
            // What has been decided stays decided, whether or not the caller hears all of it.
            (Stage::Closing(ending), Event::HungUp) => Turn::End(ending),
            (_, Event::HungUp) => Turn::End(Ending::Hangup),
            (Stage::Answering, Event::Answered) => {
                dialogue.say([Prompt::Welcome.into()], Stage::Asking(Question::Account))
            }
            (Stage::Asking(question), Event::Played { interrupted_by: Some(key) }) => {
                dialogue.barge_in(question, key)
            }
            (stage @ (Stage::Asking(_) | Stage::Closing(_)), Event::Played { .. }) => {
                dialogue.go_on(stage)
            }
            (Stage::Collecting(question), Event::Digits { digits, ended }) => {
                match dialogue.entry(&digits, ended) {
                    Some(keys) => answered(dialogue, question, &keys),
                    None => dialogue.go_on(Stage::Asking(question)),
                }
            }
            (Stage::CheckingLogin, Event::LoginChecked(login, ahead)) => {
                login::checked(dialogue, login, &ahead)
            }
            (Stage::LookingUp(traveller), Event::LookedUp(standing)) => {
                menu::greet(dialogue, Guest::new(traveller, standing))
            }
            (Stage::SettingLanguage(guest), Event::LanguageSet) => menu::begin(dialogue, guest),
            (Stage::HashingPin(guest), Event::PinHashed(hash)) => {
                new_pin::hashed(dialogue, guest, hash)
            }
            (Stage::Enqueueing(guest, late), Event::Enqueued(request)) => {
                let action = Action::AwaitVerdict { request, meanwhile: Prompt::OneMoment };
                dialogue.perform(action, Stage::AwaitingVerdict(guest, late))
            }
            (Stage::Enqueueing(..), Event::EnqueueFailed) => {
                dialogue.close([Prompt::TryAgainLater.into()], Ending::Error)
            }
            (Stage::AwaitingVerdict(guest, _), Event::VerdictSeen(verdict)) => {
                outcome::decided(dialogue, guest, verdict)
            }
            (Stage::AwaitingVerdict(_, late), Event::VerdictTimedOut) => {
                dialogue.close([late.into()], Ending::Queued)
            }
            (_, _) => Turn::End(Ending::Error),
        }
    }
}

/// What was typed in answer to a question.
fn answered(dialogue: Dialogue, question: Question, keys: &str) -> Turn {
    let (guest, about) = match question {
        Question::Account | Question::Pin { .. } => return login::typed(dialogue, question, keys),
        Question::Of(guest, about) => (guest, about),
    };
    match about {
        About::Menu => menu::chosen(dialogue, guest, keys),
        About::Confirm { address } => address::confirmed(dialogue, guest, address, keys),
        About::Lifetime(lasting) => address::lasts(dialogue, guest, lasting, keys),
        About::Address if keys.is_empty() => {
            dialogue.ask_again(address::nothing(), guest.asked(about))
        }
        About::Octet { .. } | About::Address6 | About::NewPin | About::NewPinAgain { .. }
            if keys.is_empty() =>
        {
            dialogue.ask_again(vec![Prompt::NothingEntered.into()], guest.asked(about))
        }
        About::Address => address::typed(dialogue, guest, keys),
        About::Octet { octets, place } => {
            address::typed_octet(dialogue, guest, (octets, place), keys)
        }
        About::Address6 => address::typed_ipv6(dialogue, guest, keys),
        About::NewPin => new_pin::typed(dialogue, guest, keys),
        About::NewPinAgain { pin } => new_pin::typed_again(dialogue, guest, pin, keys),
    }
}

fn enqueue(dialogue: Dialogue, guest: Guest, wish: Wish) -> Turn {
    let account = guest.traveller.account.clone();
    let late = match wish {
        Wish::Open { .. } => Prompt::Queued,
        Wish::Extend { .. } | Wish::Close | Wish::ChangePin { .. } => Prompt::Recorded,
    };
    dialogue.perform(Action::Enqueue { account, wish }, Stage::Enqueueing(guest, late))
}
