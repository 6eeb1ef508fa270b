use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Sound;

/// Something that happened in a call, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timed<T> {
    /// Since [`Transcript::dialled`].
    pub at: Duration,
    /// What happened.
    pub what: T,
}

/// Who ended a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The caller hung up.
    Caller,
    /// The server hung up, with `HANGUP`.
    Server,
    /// `SET AUTOHANGUP` was due.
    Autohangup,
    /// The server closed the connection and left the channel up: the dialplan goes on.
    Dialplan,
}

/// What happened in a call, in order. The keys that were pressed are not in it: one of them is a PIN.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// When the call was placed.
    pub dialled: Instant,
    /// What the caller heard, each from the moment it began.
    pub heard: Vec<Timed<Sound>>,
    /// The commands, word for word, without their line feed.
    pub commands: Vec<Timed<String>>,
    /// Each key press, with the recording that was heard last.
    pub pressed: Vec<Timed<Option<String>>>,
    /// The variables that the server set, with their last value.
    pub variables: BTreeMap<String, String>,
    /// Who ended the call.
    pub ending: Ending,
    /// How long the call took, until the server closed the connection.
    pub length: Duration,
    /// What the server did that a real Asterisk takes amiss, in words. Empty for a server that behaves.
    pub mistakes: Vec<String>,
}

impl Transcript {
    /// How the call ended, as the server tells the dialplan.
    pub fn result(&self) -> Option<&str> {
        self.variables.get("DIALGATE_RESULT").map(String::as_str)
    }

    /// The recordings that were heard, in order.
    pub fn prompts(&self) -> Vec<&str> {
        self.heard.iter().filter_map(|heard| heard.what.file()).collect()
    }

    /// When a recording was first heard.
    pub fn when(&self, prompt: &str) -> Option<Duration> {
        self.heard.iter().find(|heard| heard.what.file() == Some(prompt)).map(|heard| heard.at)
    }

    /// When the last key was pressed in answer to `prompt`.
    pub fn answered(&self, prompt: &str) -> Option<Duration> {
        let answers = self.pressed.iter().filter(|press| press.what.as_deref() == Some(prompt));
        answers.map(|press| press.at).next_back()
    }

    /// How long it took from the last key that answered `question` until any of `outcomes` was heard after it: from
    /// the confirming key to the spoken outcome, for instance.
    pub fn delay(&self, question: &str, outcomes: &[&str]) -> Option<Duration> {
        let answered = self.answered(question)?;
        let after = self.heard.iter().filter(|heard| heard.at >= answered);
        let mut outcome =
            after.filter(|heard| heard.what.file().is_some_and(|name| outcomes.contains(&name)));
        outcome.next().map(|heard| heard.at - answered)
    }
}
