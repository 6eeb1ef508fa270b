//! Letters, as they can be typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Subcommand;
use dialgate_contract::Language;
use dialgate_contract::ledger::LetterId;
use dialgate_contract::ledger::letter::LetterKind;

use crate::contact::Email;

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Send a test letter, and wait until the mail server has taken it or said why not
    Test {
        /// Where to
        address: Email,
    },
    /// Show the letters that wait and those that were given up
    Queue {
        /// Show those that were sent, too, as far back as they are remembered
        #[arg(long)]
        all: bool,
    },
    /// Try a letter at once, even one that was given up
    Retry {
        /// The letter's number, as the queue shows it, or all
        #[arg(value_name = "ID|all")]
        letter: LetterTarget,
    },
    /// Take a letter out of the queue, so that it is never sent
    Drop {
        /// The letter's number, as the queue shows it, or all
        #[arg(value_name = "ID|all")]
        letter: LetterTarget,
    },
    /// Show what a letter says, and which words in braces it has
    ///
    /// In your own words, if mail.templates names a folder with some.
    Preview {
        /// opened, extended, closed, pin-changed, failed-logins, reminder, unused, guessing, contested, refused or test
        kind: LetterKind,
        /// In this language: en, es, fr or de
        #[arg(long, value_name = "LANGUAGE", default_value_t = Language::En)]
        language: Language,
        /// As HTML, for a browser
        #[arg(long)]
        html: bool,
    },
    /// Write what letters say into a folder, to be changed and named as mail.templates
    ///
    /// Keep those that you change: the others are as good without their files.
    Templates {
        /// The folder; files that are there are left alone
        folder: PathBuf,
        /// Only this kind of letter
        #[arg(long)]
        kind: Option<LetterKind>,
        /// Only in this language: en, es, fr or de
        #[arg(long, value_name = "LANGUAGE")]
        language: Option<Language>,
    },
}

/// Which letters are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterTarget {
    All,
    One(LetterId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a letter's number, such as 12, or all; `dialgate mail queue` shows them")]
pub(crate) struct LetterTargetError;

impl FromStr for LetterTarget {
    type Err = LetterTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::All);
        }
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let id = text.parse().ok().filter(|id| is_number && *id > 0);
        id.map(LetterId::from_row).map(Self::One).ok_or(LetterTargetError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_a_number_or_all() {
        assert_eq!("12".parse(), Ok(LetterTarget::One(LetterId::from_row(12))));
        assert_eq!("all".parse(), Ok(LetterTarget::All));
        for bad in ["", "0", "-1", "+1", "L12", "ALL", "99999999999999999999"] {
            assert_eq!(bad.parse::<LetterTarget>(), Err(LetterTargetError), "{bad:?}");
        }
    }
}
