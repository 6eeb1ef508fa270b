use std::net::IpAddr;

use dialgate_contract::keypad::{Octets, Place};
use dialgate_pin::Pin;

use super::{Action, Ending, Standing, Traveller};
use crate::Prompt;
use crate::protocol::{Digits, MaxDigits, Timeout};

/// How long the caller may think before each key.
const PATIENCE: Timeout = Timeout::from_secs(8);

/// The same where silence is an answer.
const SHORT_PATIENCE: Timeout = Timeout::from_secs(4);

/// What the caller is being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Account,
    Pin { account: Digits },
    Of(Guest, About),
}

/// A traveller who has logged in, and what is true of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guest {
    pub(super) traveller: Box<Traveller>,
    pub(super) standing: Box<Standing>,
}

/// What a guest is being asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    Menu,
    Address,
    Octet { octets: Octets, place: Place },
    Address6,
    Confirm { address: IpAddr },
    Lifetime(Lasting),
    NewPin,
    NewPinAgain { pin: Pin },
}

/// What is to last as long as is being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    New(IpAddr),
    Longer,
}

/// How often the caller has failed to answer, or changed their mind.
#[derive(Debug, Default)]
pub(super) struct Tries {
    login: u8,
    menu: u8,
    address: u8,
    confirm: u8,
    pin: u8,
    turns: u8,
}

impl Tries {
    const ALLOWED: u8 = 3;
    const TURNS: u8 = 8;

    /// Counts one more failure before `question` is asked again, and says whether it may be.
    pub(super) fn allow(&mut self, question: &Question) -> bool {
        let count = match question {
            Question::Account | Question::Pin { .. } => &mut self.login,
            Question::Of(_, about) => match about {
                About::Menu => &mut self.menu,
                About::Address | About::Octet { .. } | About::Address6 => &mut self.address,
                About::Confirm { .. } | About::Lifetime(_) => &mut self.confirm,
                About::NewPin | About::NewPinAgain { .. } => &mut self.pin,
            },
        };
        *count = count.saturating_add(1);
        *count < Self::ALLOWED
    }

    /// Counts a change of mind, and says whether it may be.
    pub(super) fn allow_turn(&mut self) -> bool {
        self.turns = self.turns.saturating_add(1);
        self.turns < Self::TURNS
    }
}

impl Guest {
    pub(super) fn new(traveller: Traveller, standing: Standing) -> Self {
        Self { traveller: Box::new(traveller), standing: Box::new(standing) }
    }

    /// A question to this guest.
    pub(super) fn asked(self, about: About) -> Question {
        Question::Of(self, about)
    }

    pub(super) fn is_let_in(&self) -> bool {
        !self.standing.open.is_empty()
    }
}

impl Question {
    /// Asks. When keys have already been pressed nothing is played and so many less are collected.
    pub(super) fn collect(&self, begun: usize, tries: &Tries) -> Action {
        let prompt = if begun == 0 { self.prompt(tries) } else { None };
        let begun = u8::try_from(begun).unwrap_or(u8::MAX);
        let max = MaxDigits::clamped(self.max_keys().saturating_sub(begun));
        Action::Collect { prompt, max, timeout: self.patience() }
    }

    fn patience(&self) -> Timeout {
        match self {
            Self::Of(_, About::Lifetime(_)) => SHORT_PATIENCE,
            Self::Account | Self::Pin { .. } | Self::Of(..) => PATIENCE,
        }
    }

    /// Whether a single key is a whole answer.
    pub(super) fn takes_one_key(&self) -> bool {
        self.max_keys() == 1
    }

    /// Whether nobody can answer before having heard the address.
    pub(super) fn needs_the_address_heard(&self) -> bool {
        matches!(self, Self::Of(_, About::Confirm { .. }))
    }

    /// How a call ends in which this was never answered.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Account | Self::Pin { .. } => Ending::FailedLogin,
            Self::Of(..) => Ending::Refused,
        }
    }

    fn prompt(&self, tries: &Tries) -> Option<Prompt> {
        let (guest, about) = match self {
            Self::Account => return Some(Prompt::EnterAccount),
            Self::Pin { .. } => return Some(Prompt::EnterPin),
            Self::Of(guest, about) => (guest, about),
        };
        Some(match about {
            About::Menu if guest.is_let_in() => Prompt::MenuOpen,
            About::Menu => Prompt::MenuClosed,
            About::Address => Prompt::EnterAddress,
            About::Octet { place: Place::First, .. } => Prompt::GroupFirst,
            About::Octet { place: Place::Second, .. } => Prompt::GroupSecond,
            About::Octet { place: Place::Third, .. } => Prompt::GroupThird,
            About::Octet { place: Place::Fourth, .. } => Prompt::GroupFourth,
            About::Address6 => Prompt::EnterAddress6,
            // Told of the third choice only where it may be wanted: the usual call is short.
            About::Confirm { .. } if tries.confirm == 0 => Prompt::ConfirmAddress,
            About::Confirm { .. } => Prompt::ConfirmAddressRepeat,
            About::Lifetime(_) => return guest.standing.lifetimes.prompt(),
            About::NewPin => Prompt::EnterNewPin,
            About::NewPinAgain { .. } => Prompt::EnterNewPinAgain,
        })
    }

    /// One more than the longest answer: collecting ends with the last key, and the `#` that the caller presses
    /// then would go to the next question. Whoever chooses presses no `#`, and must not wait for the silence.
    fn max_keys(&self) -> u8 {
        match self {
            Self::Account | Self::Pin { .. } => 12 + 1,
            Self::Of(_, about) => match about {
                About::Menu | About::Confirm { .. } | About::Lifetime(_) => 1,
                About::Address => 15 + 1,
                About::Octet { .. } => 3 + 1,
                // 32 letters of two keys each and seven colons.
                About::Address6 => 78 + 1,
                About::NewPin | About::NewPinAgain { .. } => 12 + 1,
            },
        }
    }
}
