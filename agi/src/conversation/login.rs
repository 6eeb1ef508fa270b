//! Who is calling.

use dialgate_pin::Pin;

use super::dialogue::Dialogue;
use super::question::Question;
use super::{Action, Ahead, Ending, Login, Stage, Turn};
use crate::Prompt;
use crate::protocol::Digits;

/// What was typed as the account or the PIN.
pub(super) fn typed(dialogue: Dialogue, question: Question, keys: &str) -> Turn {
    match question {
        question if keys.is_empty() => {
            dialogue.ask_again(vec![Prompt::NothingEntered.into()], question)
        }
        Question::Pin { account } => {
            let action = Action::CheckLogin { account, pin: Pin::new(keys).ok() };
            dialogue.perform(action, Stage::CheckingLogin)
        }
        // A malformed account is asked for its PIN like any other.
        Question::Account | Question::Of(..) => {
            // They are keys.
            let account = Digits::new(keys).unwrap_or_default();
            dialogue.ask(Question::Pin { account })
        }
    }
}

pub(super) fn checked(mut dialogue: Dialogue, login: Login, ahead: &Ahead) -> Turn {
    match login {
        Login::Accepted(traveller) => {
            dialogue.begin_entry(ahead);
            let action = Action::LookUp(traveller.account.clone());
            dialogue.perform(action, Stage::LookingUp(traveller))
        }
        Login::Rejected => dialogue.ask_again(vec![Prompt::LoginFailed.into()], Question::Account),
        Login::Busy => dialogue.close([Prompt::Busy.into()], Ending::Busy),
        Login::Unavailable => dialogue.close([Prompt::TryAgainLater.into()], Ending::Error),
    }
}
