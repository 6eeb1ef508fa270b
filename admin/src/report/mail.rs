//! Letters.

use std::path::PathBuf;
use std::time::Duration;

use dialgate_contract::Exit;
use dialgate_contract::ledger::LetterId;
use dialgate_contract::ledger::letter::{Fate, LetterKind, QueueState, Queued};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct LetterRow {
    pub(crate) id: LetterId,
    /// `None`: this program cannot read it.
    pub(crate) letter: Option<LetterKind>,
    pub(crate) to: String,
    pub(crate) written_at: Timestamp,
    pub(crate) tries: u32,
    /// `waiting`, `sent` or `given-up`.
    pub(crate) state: &'static str,
    /// `None`: it is not tried again.
    pub(crate) next_try: Option<Timestamp>,
    /// When it was sent or given up.
    pub(crate) done_at: Option<Timestamp>,
    /// Why it failed last.
    pub(crate) error: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct QueueChange {
    #[serde(skip)]
    pub(crate) done: &'static str,
    pub(crate) letters: Vec<LetterRow>,
    #[serde(skip)]
    pub(crate) is_retry: bool,
    #[serde(skip)]
    pub(crate) last_pass: Option<Timestamp>,
}

/// A test letter and what has become of it.
#[derive(Debug, Serialize)]
pub(crate) struct MailTest {
    pub(crate) id: LetterId,
    pub(crate) to: String,
    /// Who takes letters, in words.
    pub(crate) through: String,
    pub(crate) outcome: TestOutcome,
    /// What the mail server said, or why it was not reached.
    pub(crate) error: Option<String>,
    pub(crate) seconds: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TestOutcome {
    /// It was taken.
    Sent,
    /// It was not, and is tried again.
    Waiting,
    /// Nobody tried.
    Untried,
    /// It is not tried again.
    GivenUp,
}

/// A letter as it would be sent.
#[derive(Debug, Serialize)]
pub(crate) struct Preview {
    pub(crate) kind: LetterKind,
    pub(crate) subject: String,
    pub(crate) plain: String,
    pub(crate) html: Option<String>,
    /// The words in braces that it has.
    pub(crate) words: Vec<String>,
    #[serde(skip)]
    pub(crate) is_html: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct WrittenTemplates {
    pub(crate) folder: PathBuf,
    pub(crate) files: Vec<String>,
    /// Whether letters are made of them.
    #[serde(skip)]
    pub(crate) is_configured: bool,
}

impl From<Queued> for LetterRow {
    fn from(letter: Queued) -> Self {
        let (state, next_try, done_at) = match letter.state {
            QueueState::Due(at) => ("waiting", Some(at), None),
            QueueState::Sent(at) => ("sent", None, Some(at)),
            QueueState::GivenUp(at) => ("given-up", None, Some(at)),
        };
        Self {
            id: letter.id,
            letter: letter.kind,
            to: letter.recipient,
            written_at: letter.created_at,
            tries: letter.attempts,
            state,
            next_try,
            done_at,
            error: letter.error,
        }
    }
}

impl MailTest {
    /// `None`: it is gone from the outbox, so nobody tries it.
    pub(crate) fn new(
        id: LetterId,
        to: String,
        through: String,
        fate: Option<Fate>,
        took: Duration,
    ) -> Self {
        let (outcome, error) = match fate {
            Some(Fate::Sent) => (TestOutcome::Sent, None),
            Some(Fate::Waiting(Some(error))) => (TestOutcome::Waiting, Some(error)),
            Some(Fate::Waiting(None)) => (TestOutcome::Untried, None),
            Some(Fate::GivenUp(error)) => (TestOutcome::GivenUp, Some(error)),
            None => (TestOutcome::GivenUp, Some("somebody took it out of the outbox".to_owned())),
        };
        Self { id, to, through, outcome, error, seconds: took.as_secs_f32() }
    }

    /// How the program ends.
    pub(crate) const fn exit(&self) -> Exit {
        match self.outcome {
            TestOutcome::Sent => Exit::Ok,
            TestOutcome::Waiting | TestOutcome::Untried => Exit::TempFail,
            TestOutcome::GivenUp => Exit::Unavailable,
        }
    }
}
