//! Another PIN, typed twice.

use dialgate_contract::PinHash;
use dialgate_contract::queue::Wish;
use dialgate_pin::Pin;

use super::dialogue::Dialogue;
use super::question::{About, Guest};
use super::{Action, Ending, Stage, Turn, enqueue};
use crate::Prompt;

pub(super) fn ask(dialogue: Dialogue, guest: Guest) -> Turn {
    dialogue.turn_to(guest.asked(About::NewPin))
}

/// The first time.
pub(super) fn typed(dialogue: Dialogue, guest: Guest, keys: &str) -> Turn {
    // The question itself says how long a PIN is.
    let Ok(pin) = Pin::new(keys) else {
        return dialogue.ask_again(vec![], guest.asked(About::NewPin));
    };
    match pin.judge(guest.traveller.account.as_str()) {
        Ok(()) => dialogue.ask(guest.asked(About::NewPinAgain { pin })),
        Err(_) => dialogue.ask_again(vec![Prompt::PinTooEasy.into()], guest.asked(About::NewPin)),
    }
}

/// The second time.
pub(super) fn typed_again(dialogue: Dialogue, guest: Guest, pin: Pin, keys: &str) -> Turn {
    if pin.reveal() != keys {
        return dialogue.ask_again(vec![Prompt::PinsDiffer.into()], guest.asked(About::NewPin));
    }
    dialogue.perform(Action::HashPin(pin), Stage::HashingPin(guest))
}

pub(super) fn hashed(dialogue: Dialogue, guest: Guest, hash: Option<PinHash>) -> Turn {
    match hash {
        Some(hash) => enqueue(dialogue, guest, Wish::ChangePin { hash }),
        None => dialogue.close([Prompt::TryAgainLater.into()], Ending::Error),
    }
}
