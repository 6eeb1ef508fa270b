//! The commands that a call needs, and how each is written.

use std::fmt::{self, Write as _};

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
        let mut line = Line::new(self.verb());
        self.write_arguments(&mut line);
        let line = line.end();
        if line.len() > MAX_COMMAND_LINE {
            return Err(LineTooLong { command: self.verb(), length: line.len() });
        }
        Ok(line)
    }

    fn write_arguments(&self, line: &mut Line) {
        match self {
            Self::Answer | Self::ChannelStatus | Self::Noop | Self::Hangup => {}
            Self::StreamFile { file, escape } => {
                line.quote(file.as_str()).quote(escape.as_str());
            }
            Self::GetData { file, timeout, max } => {
                line.quote(file.as_str()).quote(timeout).quote(max.get());
            }
            Self::SayAlpha { text, escape } => {
                line.quote(text.as_str()).quote(escape.as_str());
            }
            Self::SayDigits { digits, escape } => {
                line.quote(digits.as_str()).quote(escape.as_str());
            }
            Self::SayDateTime { unix_time, escape, format, time_zone } => {
                line.quote(unix_time).quote(escape.as_str());
                line.quote(format.as_str()).quote(time_zone.as_str());
            }
            Self::SayNumber { number, escape, gender } => {
                line.quote(number).quote(escape.as_str());
                if let Some(gender) = gender {
                    line.quote(gender.as_str());
                }
            }
            Self::SetLanguage(language) => {
                line.quote("CHANNEL(language)").quote(language.as_str());
            }
            Self::SetVariable { name, value } => {
                line.quote(name.as_str()).quote(value.as_str());
            }
            Self::GetVariable(name) => {
                line.quote(name.as_str());
            }
            Self::GetFullVariable(nonce) => {
                line.quote(nonce);
            }
            Self::SetAutoHangup(seconds) => {
                line.quote(seconds);
            }
            Self::WaitForDigit(timeout) => {
                line.quote(timeout);
            }
            Self::Verbose(message) => {
                line.quote(message.as_str()).quote(1);
            }
        }
    }
}

/// A command line as it grows.
struct Line(String);

impl Line {
    /// Nearly all are shorter than this.
    const ROOM: usize = 96;

    fn new(verb: &str) -> Self {
        let mut line = String::with_capacity(Self::ROOM);
        line.push_str(verb);
        Self(line)
    }

    fn quote(&mut self, argument: impl fmt::Display) -> &mut Self {
        self.0.push_str(" \"");
        // Writing to a string cannot fail.
        let _ = write!(Escaped(&mut self.0), "{argument}");
        self.0.push('"');
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push('\n');
        self.0.into_bytes()
    }
}

/// Writes what stands inside quotes.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(['"', '\\']) {
            match part.strip_suffix(['"', '\\']) {
                Some(plain) => {
                    self.0.push_str(plain);
                    self.0.push('\\');
                    self.0.push_str(part.get(plain.len()..).unwrap_or_default());
                }
                None => self.0.push_str(part),
            }
        }
        Ok(())
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
