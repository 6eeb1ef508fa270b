//! What a reply means for the command that it answers.

use super::command::Command;
use super::key::{Digits, Key};
use super::reply::{Reply, Success};

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ran and has nothing to tell.
    Done,
    /// Sound was played, to its end or until this key.
    Played {
        /// The key that cut it short.
        interrupted_by: Option<Key>,
    },
    /// `GET DATA` collected keys.
    Digits {
        /// The keys, without the `#` that ended them; may be empty.
        digits: Digits,
        /// Why collecting ended.
        ended: Ended,
    },
    /// `WAIT FOR DIGIT` saw this key, or none in time.
    Key(Option<Key>),
    /// The value of a variable, or none when it is not set.
    Variable(Option<String>),
    /// `-1`: the caller hung up or the sound file is missing. After a hang-up
    /// [`Incoming::HangUp`](super::Incoming::HangUp) follows within about 50 ms, or the next
    /// command is answered with [`Outcome::Dead`].
    HungUpOrMissing,
    /// `511`: the caller has hung up.
    Dead,
}

/// Why `GET DATA` stopped collecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The caller pressed `#`.
    Hash,
    /// The caller stopped pressing keys.
    Timeout,
    /// The maximum was reached; a `#` that follows goes to the next command.
    Full,
}

impl Command {
    /// What `reply` means as the answer to this command.
    ///
    /// # Errors
    /// [`UnexpectedReply`] when Asterisk refused the command, or the reply cannot be its answer.
    pub fn outcome(&self, reply: Reply) -> Result<Outcome, UnexpectedReply> {
        let refused = |code| Err(UnexpectedReply::Refused { command: self.verb(), code });
        let success = match reply {
            Reply::Success(success) => success,
            Reply::DeadChannel => return Ok(Outcome::Dead),
            Reply::OutOfMemory => return refused(503),
            Reply::UnknownCommand => return refused(510),
            Reply::BadSyntax => return refused(520),
        };
        if success.result() == "-1" {
            return Ok(Outcome::HungUpOrMissing);
        }
        self.outcome_of_success(success).ok_or(UnexpectedReply::Senseless { command: self.verb() })
    }

    fn outcome_of_success(&self, success: Success) -> Option<Outcome> {
        let is = |expected: &str| success.result() == expected;
        match self {
            Self::Answer | Self::SetAutoHangup(_) | Self::Noop => is("0").then_some(Outcome::Done),
            Self::ChannelStatus => success.result().parse::<u8>().ok().map(|_| Outcome::Done),
            Self::SetLanguage(_) | Self::SetVariable { .. } | Self::Verbose(_) | Self::Hangup => {
                is("1").then_some(Outcome::Done)
            }
            Self::StreamFile { .. }
            | Self::SayAlpha { .. }
            | Self::SayDigits { .. }
            | Self::SayNumber { .. }
            | Self::SayDateTime { .. } => {
                key_or_none(&success).map(|interrupted_by| Outcome::Played { interrupted_by })
            }
            Self::WaitForDigit(_) => key_or_none(&success).map(Outcome::Key),
            Self::GetVariable(_) | Self::GetFullVariable(_) => match success.data() {
                Some(value) if is("1") => Some(Outcome::Variable(Some(value.to_owned()))),
                None if is("0") => Some(Outcome::Variable(None)),
                Some(_) | None => None,
            },
            Self::GetData { max, .. } => collected(success, usize::from(max.get())),
        }
    }
}

/// `0` for no key, or a key's ASCII code; `None` when it is neither.
fn key_or_none(success: &Success) -> Option<Option<Key>> {
    match success.result() {
        "0" => Some(None),
        code => Key::from_ascii_code(code).map(Some),
    }
}

fn collected(success: Success, max: usize) -> Option<Outcome> {
    let ended = match success.data() {
        Some("timeout") => Ended::Timeout,
        Some(_) => return None,
        None if success.result().len() >= max => Ended::Full,
        None => Ended::Hash,
    };
    if success.result().len() > max {
        return None;
    }
    let digits = Digits::from_result(success.result)?;
    Some(Outcome::Digits { digits, ended })
}

/// A reply that gives the command no outcome. After it the session is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnexpectedReply {
    /// Asterisk would not run the command.
    #[error(
        "Asterisk answered {code} to {command}; check that it is version 18 or later with res_agi loaded and has memory left"
    )]
    Refused {
        /// The command's words.
        command: &'static str,
        /// 503, 510 or 520.
        code: u16,
    },
    /// A well-formed reply that cannot answer this command.
    #[error("the reply to {command} is not one that Asterisk gives to it; end the session")]
    Senseless {
        /// The command's words.
        command: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::super::reply::ReplyLine;
    use super::super::{EscapeDigits, MaxDigits, Text, Timeout, VariableName};
    use super::*;

    fn outcome(command: &Command, line: &str) -> Result<Outcome, UnexpectedReply> {
        match ReplyLine::parse(line.as_bytes()) {
            Ok(ReplyLine::Final(reply)) => command.outcome(reply),
            other => panic!("{line:?} is {other:?}"),
        }
    }

    fn get_data(max: u8) -> Command {
        let file = Text::new("beep").unwrap();
        Command::GetData { file, timeout: Timeout::from_secs(5), max: MaxDigits::clamped(max) }
    }

    #[test]
    fn collected_keys_say_why_they_ended() {
        let cases = [
            ("200 result=12*34*56*78", "12*34*56*78", Ended::Hash),
            ("200 result=0042", "0042", Ended::Hash),
            ("200 result=", "", Ended::Hash),
            ("200 result= (timeout)", "", Ended::Timeout),
            ("200 result=123 (timeout)", "123", Ended::Timeout),
            ("200 result=1234567890123456", "1234567890123456", Ended::Full),
        ];
        for (line, keys, ended) in cases {
            let digits = Digits::new(keys).unwrap();
            assert_eq!(
                outcome(&get_data(16), line),
                Ok(Outcome::Digits { digits, ended }),
                "{line}"
            );
        }
    }

    #[test]
    fn keys_that_get_data_cannot_return_are_refused() {
        for line in ["200 result=12345", "200 result=1x", "200 result=12 (hangup)"] {
            assert!(outcome(&get_data(4), line).is_err(), "{line}");
        }
    }

    #[test]
    fn minus_one_is_a_hang_up_or_a_missing_file() {
        let file = Text::new("beep").unwrap();
        let play = Command::StreamFile { file, escape: EscapeDigits::Any };
        for line in ["200 result=-1", "200 result=-1 endpos=0"] {
            assert_eq!(outcome(&play, line), Ok(Outcome::HungUpOrMissing));
            assert_eq!(outcome(&get_data(4), line), Ok(Outcome::HungUpOrMissing));
        }
        assert_eq!(outcome(&play, "511 Command Not Permitted"), Ok(Outcome::Dead));
        let interrupted = Outcome::Played { interrupted_by: Key::new('*') };
        assert_eq!(outcome(&play, "200 result=42 endpos=9280"), Ok(interrupted));
        assert!(outcome(&play, "200 result=1 endpos=1").is_err());
    }

    #[test]
    fn an_unset_variable_is_not_an_empty_one() {
        let get = Command::GetVariable(VariableName::new("X").unwrap());
        assert_eq!(outcome(&get, "200 result=0"), Ok(Outcome::Variable(None)));
        assert_eq!(outcome(&get, "200 result=1 ()"), Ok(Outcome::Variable(Some(String::new()))));
        assert!(outcome(&get, "200 result=1").is_err());
    }

    #[test]
    fn a_channels_state_is_a_small_number() {
        for state in ["0", "4", "6", "10"] {
            let line = format!("200 result={state}");
            assert_eq!(outcome(&Command::ChannelStatus, &line), Ok(Outcome::Done));
        }
        assert!(outcome(&Command::ChannelStatus, "200 result=4711").is_err());
    }

    #[test]
    fn a_refusal_names_the_command_and_the_code() {
        let error = outcome(&Command::Noop, "510 Invalid or unknown command").unwrap_err();
        assert_eq!(error, UnexpectedReply::Refused { command: "NOOP", code: 510 });
    }
}
