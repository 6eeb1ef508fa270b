use std::net::Ipv4Addr;

use super::{Action, Ending, Traveller};
use crate::Prompt;
use crate::protocol::{Digits, MaxDigits, Timeout};

/// How long the caller may think before each key.
const PATIENCE: Timeout = Timeout::from_secs(8);

/// What the caller is being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Account,
    Pin { account: Digits },
    Address { traveller: Traveller },
    Confirm { traveller: Traveller, address: Ipv4Addr },
}

/// How often the caller has failed to answer.
#[derive(Debug, Default)]
pub(super) struct Tries {
    login: u8,
    address: u8,
    confirm: u8,
}

impl Tries {
    const ALLOWED: u8 = 3;

    /// Counts one more failure before `question` is asked again, and says whether it may be.
    pub(super) fn allow(&mut self, question: &Question) -> bool {
        let count = match question {
            Question::Account | Question::Pin { .. } => &mut self.login,
            Question::Address { .. } => &mut self.address,
            Question::Confirm { .. } => &mut self.confirm,
        };
        *count = count.saturating_add(1);
        *count < Self::ALLOWED
    }
}

impl Question {
    /// Asks. When a key has already been pressed nothing is played and one key less is collected.
    pub(super) fn collect(&self, begun: bool) -> Action {
        let prompt = if begun { None } else { Some(self.prompt()) };
        let max = MaxDigits::clamped(self.max_keys().saturating_sub(u8::from(begun)));
        Action::Collect { prompt, max, timeout: PATIENCE }
    }

    /// Whether a single key is a whole answer.
    pub(super) fn takes_one_key(&self) -> bool {
        self.max_keys() == 1
    }

    /// How a call ends in which this was never answered.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Account | Self::Pin { .. } => Ending::FailedLogin,
            Self::Address { .. } | Self::Confirm { .. } => Ending::Refused,
        }
    }

    fn prompt(&self) -> Prompt {
        match self {
            Self::Account => Prompt::EnterAccount,
            Self::Pin { .. } => Prompt::EnterPin,
            Self::Address { .. } => Prompt::EnterAddress,
            Self::Confirm { .. } => Prompt::ConfirmAddress,
        }
    }

    /// One more than the longest answer: collecting ends with the last key, and the `#` that the caller presses
    /// then would go to the next question. Whoever confirms presses no `#`, and must not wait for the silence.
    fn max_keys(&self) -> u8 {
        match self {
            Self::Account | Self::Pin { .. } => 12 + 1,
            Self::Address { .. } => 15 + 1,
            Self::Confirm { .. } => 1,
        }
    }
}
