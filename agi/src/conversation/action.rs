use std::net::IpAddr;

use dialgate_contract::queue::Wish;
use dialgate_contract::{AccountNumber, Language, RequestId};
use dialgate_pin::Pin;
use jiff::Timestamp;

use crate::Prompt;
use crate::protocol::{Digits, MaxDigits, Timeout};

/// What the driver is to do next; it answers with one [`Event`](super::Event).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Take the call.
    Answer,
    /// Say something; any key interrupts it.
    Say(Speech),
    /// Play a prompt, if any, and collect keys until `#`, silence or the maximum.
    Collect {
        /// What to play; any key interrupts it and counts.
        prompt: Option<Prompt>,
        /// How many keys.
        max: MaxDigits,
        /// How long to wait for each.
        timeout: Timeout,
    },
    /// Check who is calling, and collect what is typed meanwhile. What cannot be right takes the same time.
    CheckLogin {
        /// What was typed as the account; it may be a PIN.
        account: Digits,
        /// The PIN typed; `None` when it cannot be one.
        pin: Option<Pin>,
    },
    /// Look up what is true of the account.
    LookUp(AccountNumber),
    /// Go on in another language.
    SetLanguage(Language),
    /// Hash a new PIN.
    HashPin(Pin),
    /// Keep a request so that it survives a power cut.
    Enqueue {
        /// Who asks.
        account: AccountNumber,
        /// What for: an address that was read back and confirmed, or what was chosen.
        wish: Wish,
    },
    /// Wait for the verdict on a request.
    AwaitVerdict {
        /// Which.
        request: RequestId,
        /// What to play meanwhile.
        meanwhile: Prompt,
    },
}

/// Something to be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speech {
    /// A recording.
    Prompt(Prompt),
    /// An address, character by character.
    Address(IpAddr),
    /// How much time there is.
    Span(Span),
    /// A date and time.
    DateTime {
        /// When.
        at: Timestamp,
        /// The IANA name of the zone; empty for Asterisk's own.
        time_zone: String,
    },
}

/// A length of time in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many of them, at least one.
    pub number: u32,
    /// Of what.
    pub unit: Unit,
}

/// What time is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Of 24 hours.
    Days,
    /// Of 60 minutes.
    Hours,
    /// Of 60 seconds.
    Minutes,
}

impl From<Prompt> for Speech {
    fn from(prompt: Prompt) -> Self {
        Self::Prompt(prompt)
    }
}
