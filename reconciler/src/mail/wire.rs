//! The lines between root and the mail child: JSON, one value on each.

use dialgate_contract::config::Mail;
use dialgate_contract::ledger::{Letter, LetterId};
use dialgate_letter::escaped;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest line to the child, in bytes. Two of them fit into a pipe (64 KiB), so that root never waits for room.
pub(super) const LONGEST_TO_CHILD: usize = 16 * 1024;
/// The longest line from the child, in bytes.
pub(super) const LONGEST_FROM_CHILD: usize = 4 * 1024;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// The first line to the child.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) mail: Mail,
    pub(super) password: Option<Password>,
    /// Whose the operator's own letters must be, besides root's: whoever started the child.
    pub(super) owner: u32,
}

/// Wiped from memory when it is done with.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub(super) struct Password(pub(super) String);

/// Every further line to the child.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Errand {
    pub(super) id: LetterId,
    pub(super) recipient: String,
    pub(super) letter: Letter,
    pub(super) created_at: Timestamp,
}

/// Every line from the child.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) id: LetterId,
    pub(super) delivery: Delivery,
    /// What is wrong with the operator's own words, which it was sent without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<String>,
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// It was taken over.
    Sent,
    /// Not now, perhaps later. The reason has no control characters and at most 200 characters.
    Retry(String),
    /// Never. The reason as above.
    Hopeless(String),
}

impl Answer {
    /// One that fits a line, whoever wrote what it says.
    pub(super) fn new(id: LetterId, delivery: Delivery, fault: Option<&str>) -> Self {
        Self { id, delivery: delivery.shortened(), fault: fault.map(short) }
    }

    /// Reads a line of the child's; `None` when it is not an answer.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let Self { id, delivery, fault } = serde_json::from_slice(line).ok()?;
        let fault = fault.map(|fault| escaped(&fault, LONGEST_REASON));
        Some(Self { id, delivery: delivery.bounded(), fault })
    }
}

impl Delivery {
    /// The same with a reason fit for a log line, whoever wrote it.
    pub(super) fn bounded(self) -> Self {
        match self {
            Self::Sent => Self::Sent,
            Self::Retry(reason) => Self::Retry(escaped(&reason, LONGEST_REASON)),
            Self::Hopeless(reason) => Self::Hopeless(escaped(&reason, LONGEST_REASON)),
        }
    }

    /// The same with a reason short enough for one line of the child's.
    fn shortened(self) -> Self {
        match self {
            Self::Sent => Self::Sent,
            Self::Retry(reason) => Self::Retry(short(&reason)),
            Self::Hopeless(reason) => Self::Hopeless(short(&reason)),
        }
    }
}

fn short(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_one_of_three() {
        let read = |line: &str| Answer::read(line.as_bytes()).map(|answer| answer.delivery);
        assert_eq!(read(r#"{"id":7,"delivery":"sent"}"#), Some(Delivery::Sent));
        assert_eq!(
            read(r#"{"id":7,"delivery":{"retry":"a\nb"}}"#),
            Some(Delivery::Retry("a\\nb".to_owned()))
        );
        for other in [
            "",
            "sent",
            r#"{"id":7}"#,
            r#"{"id":"7","delivery":"sent"}"#,
            r#"{"id":7,"delivery":"opened"}"#,
            r#"{"id":7,"delivery":"sent","x":1}"#,
            r#"{"id":7,"delivery":"sent"} {}"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn the_longest_reason_fits_a_line_and_arrives_printable(reason in any::<String>(), n in 0_usize..40) {
            let reason = reason.repeat(n);
            let id = LetterId::from_row(i64::MIN);
            let answer = Answer::new(id, Delivery::Hopeless(reason.clone()), Some(&reason));
            let line = serde_json::to_vec(&answer).unwrap();
            prop_assert!(line.len() < LONGEST_FROM_CHILD);
            let Some(Answer { delivery: Delivery::Hopeless(reason), fault, .. }) = Answer::read(&line) else {
                panic!("not read back");
            };
            prop_assert_eq!(fault.as_deref(), Some(reason.as_str()));
            prop_assert!(reason.chars().count() <= LONGEST_REASON);
            prop_assert!(!reason.chars().any(char::is_control));
        }
    }
}
