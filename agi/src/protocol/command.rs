//! The commands that a call needs, and how each is written.

use std::borrow::Cow;

use dialgate_contract::Language;

use super::argument::{DigitString, EscapeDigits, MaxDigits, Text, Timeout, VariableName};
use super::gender::Gender;
use super::nonce::Nonce;

/// The longest command line in bytes, line feed included: what Asterisk before 20.16, 21.11 and
/// 22.6 reads at once. It executes what is longer as two commands.
pub const MAX_COMMAND_LINE: usize = 2047;

/// A command. There is no `GET OPTION`: it reports a hang-up as silence and can crash Asterisk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes the call.
    Answer,
    /// Does nothing but to be answered with 511 when the caller is gone, unlike [`Command::Noop`].
    ChannelStatus,
    /// Plays a sound file, named without its extension.
    StreamFile {
        /// The file under Asterisk's sounds folder.
        file: Text,
        /// Which keys interrupt it.
        escape: EscapeDigits,
    },
    /// Plays a prompt and collects keys until `#`, silence or the maximum. Any key interrupts the
    /// prompt and counts.
    GetData {
        /// The file under Asterisk's sounds folder.
        file: Text,
        /// How long to wait for the first key after the prompt, and between keys.
        timeout: Timeout,
        /// Collecting ends with this key, and a `#` after it goes to the next command: ask for one
        /// more than is needed.
        max: MaxDigits,
    },
    /// Speaks text letter by letter; `.` is "dot".
    SayAlpha {
        /// What to speak.
        text: Text,
        /// Which keys interrupt it.
        escape: EscapeDigits,
    },
    /// Speaks digits one by one.
    SayDigits {
        /// What to speak.
        digits: DigitString,
        /// Which keys interrupt it.
        escape: EscapeDigits,
    },
    /// Speaks a number in words.
    SayNumber {
        /// What to speak.
        number: u32,
        /// Which keys interrupt it.
        escape: EscapeDigits,
        /// Of what is counted, where the language tells it.
        gender: Option<Gender>,
    },
    /// Speaks a date and time.
    SayDateTime {
        /// Seconds since 1970 in UTC.
        unix_time: i64,
        /// Which keys interrupt it.
        escape: EscapeDigits,
        /// As in `voicemail.conf`, for instance `ABdY 'digits/at' IMp`.
        format: Text,
        /// An IANA name such as `Europe/Paris`; empty for Asterisk's own.
        time_zone: Text,
    },
    /// Has the channel go on in another language.
    SetLanguage(Language),
    /// Sets a channel variable.
    SetVariable {
        /// Its name.
        name: VariableName,
        /// Its value, taken literally.
        value: Text,
    },
    /// Reads a channel variable.
    GetVariable(VariableName),
    /// Has Asterisk repeat a nonce. Nothing else is ever evaluated this way.
    GetFullVariable(Nonce),
    /// Has Asterisk hang up after so many seconds, 0 for never.
    SetAutoHangup(u32),
    /// Waits for one key.
    WaitForDigit(Timeout),
    /// Writes to Asterisk's log at verbosity 1.
    Verbose(Text),
    /// Does nothing.
    Noop,
    /// Hangs up.
    Hangup,
}

impl Command {
    /// The command's words without its arguments, for messages and logs.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Answer => "ANSWER",
            Self::ChannelStatus => "CHANNEL STATUS",
            Self::StreamFile { .. } => "STREAM FILE",
            Self::GetData { .. } => "GET DATA",
            Self::SayAlpha { .. } => "SAY ALPHA",
            Self::SayDigits { .. } => "SAY DIGITS",
            Self::SayNumber { .. } => "SAY NUMBER",
            Self::SayDateTime { .. } => "SAY DATETIME",
            Self::SetLanguage(_) | Self::SetVariable { .. } => "SET VARIABLE",
            Self::GetVariable(_) => "GET VARIABLE",
            Self::GetFullVariable(_) => "GET FULL VARIABLE",
            Self::SetAutoHangup(_) => "SET AUTOHANGUP",
            Self::WaitForDigit(_) => "WAIT FOR DIGIT",
            Self::Verbose(_) => "VERBOSE",
            Self::Noop => "NOOP",
            Self::Hangup => "HANGUP",
        }
    }

    /// Whether Asterisk runs the command after a hang-up; to all others it answers 511.
    #[must_use]
    pub fn is_permitted_on_dead_channel(&self) -> bool {
        match self {
            Self::SetLanguage(_)
            | Self::SetVariable { .. }
            | Self::GetVariable(_)
            | Self::GetFullVariable(_)
            | Self::Verbose(_)
            | Self::Noop => true,
            Self::Answer
            | Self::ChannelStatus
            | Self::StreamFile { .. }
            | Self::GetData { .. }
            | Self::SayAlpha { .. }
            | Self::SayDigits { .. }
            | Self::SayNumber { .. }
            | Self::SayDateTime { .. }
            | Self::SetAutoHangup(_)
            | Self::WaitForDigit(_)
            | Self::Hangup => false,
        }
    }

    /// The line to write, line feed included: every argument quoted, `\` and `"` escaped.
    ///
    /// # Errors
    /// [`LineTooLong`] above [`MAX_COMMAND_LINE`].
    pub fn encode(&self) -> Result<Vec<u8>, LineTooLong> {
        let mut line = self.verb().to_owned();
        for argument in self.arguments() {
            line.push_str(" \"");
            for character in argument.chars() {
                if matches!(character, '"' | '\\') {
                    line.push('\\');
                }
                line.push(character);
            }
            line.push('"');
        }
        line.push('\n');
        if line.len() > MAX_COMMAND_LINE {
            return Err(LineTooLong { command: self.verb(), length: line.len() });
        }
        Ok(line.into_bytes())
    }

    fn arguments(&self) -> Vec<Cow<'_, str>> {
        match self {
            Self::Answer | Self::ChannelStatus | Self::Noop | Self::Hangup => vec![],
            Self::StreamFile { file, escape } => {
                vec![file.as_str().into(), escape.as_str().into()]
            }
            Self::GetData { file, timeout, max } => {
                vec![file.as_str().into(), timeout.to_string().into(), max.get().to_string().into()]
            }
            Self::SayAlpha { text, escape } => vec![text.as_str().into(), escape.as_str().into()],
            Self::SayDigits { digits, escape } => {
                vec![digits.as_str().into(), escape.as_str().into()]
            }
            Self::SayDateTime { unix_time, escape, format, time_zone } => vec![
                unix_time.to_string().into(),
                escape.as_str().into(),
                format.as_str().into(),
                time_zone.as_str().into(),
            ],
            Self::SayNumber { number, escape, gender } => {
                let gender = gender.map(|gender| gender.as_str().into());
                let always = [number.to_string().into(), escape.as_str().into()];
                always.into_iter().chain(gender).collect()
            }
            Self::SetLanguage(language) => {
                vec!["CHANNEL(language)".into(), language.as_str().into()]
            }
            Self::SetVariable { name, value } => vec![name.as_str().into(), value.as_str().into()],
            Self::GetVariable(name) => vec![name.as_str().into()],
            Self::GetFullVariable(nonce) => vec![nonce.to_string().into()],
            Self::SetAutoHangup(seconds) => vec![seconds.to_string().into()],
            Self::WaitForDigit(timeout) => vec![timeout.to_string().into()],
            Self::Verbose(message) => vec![message.as_str().into(), "1".into()],
        }
    }
}

/// A command line that Asterisk would cut in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{command} would be a line of {length} bytes and Asterisk reads 2047; shorten its arguments"
)]
pub struct LineTooLong {
    /// The command's words.
    pub command: &'static str,
    /// The length that the line would have had.
    pub length: usize,
}
