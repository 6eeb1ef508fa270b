//! What a command's arguments may hold: each type refuses what Asterisk would misread.

use std::fmt;
use std::time::Duration;

/// Text that is safe inside a command: no control characters.
///
/// A line feed cannot be escaped in AGI (it starts the next command) and NUL hangs Asterisk's
/// reader; the other control characters are refused because Asterisk logs arguments as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// # Errors
    /// [`ArgumentError::ControlCharacter`] for LF, CR, NUL and every other control character.
    pub fn new(text: impl Into<String>) -> Result<Self, ArgumentError> {
        let text = text.into();
        match text.char_indices().find(|(_, character)| character.is_control()) {
            Some((at, character)) => Err(ArgumentError::ControlCharacter { character, at }),
            None => Ok(Self(text)),
        }
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a plain channel variable: `[A-Za-z_][A-Za-z0-9_]*`, at most 80 bytes.
///
/// Dialplan functions such as `SHELL(…)` are not names, so no command can call one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableName(String);

impl VariableName {
    /// # Errors
    /// [`ArgumentError::NotAVariableName`].
    pub fn new(name: impl Into<String>) -> Result<Self, ArgumentError> {
        let name = name.into();
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let starts_well = name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
        if !plain || !starts_well || name.len() > 80 {
            return Err(ArgumentError::NotAVariableName);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One to 64 decimal digits for `SAY DIGITS`, which answers 520 to text that starts otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigitString(String);

impl DigitString {
    /// # Errors
    /// [`ArgumentError::NotDigits`].
    pub fn new(digits: impl Into<String>) -> Result<Self, ArgumentError> {
        let digits = digits.into();
        if !(1..=64).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ArgumentError::NotDigits);
        }
        Ok(Self(digits))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which keys interrupt a prompt (Asterisk's "escape digits"). Keys outside the set are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EscapeDigits {
    /// The prompt plays to its end.
    None,
    /// Any key of a telephone interrupts it.
    Any,
}

impl EscapeDigits {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Any => "0123456789*#ABCD",
        }
    }
}

/// How long Asterisk waits for a key: 1 ms to 1 hour, so never 0 (Asterisk's own default) and
/// never negative (for ever).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timeout(u32);

impl Timeout {
    /// The nearest timeout to `milliseconds` that is in range.
    #[must_use]
    pub const fn from_millis(milliseconds: u32) -> Self {
        match milliseconds {
            0 => Self(1),
            1..=3_600_000 => Self(milliseconds),
            _ => Self(3_600_000),
        }
    }

    /// The nearest timeout to `seconds` that is in range.
    #[must_use]
    pub const fn from_secs(seconds: u32) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// The timeout as a duration, for the caller's own deadline.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0 as u64)
    }
}

impl fmt::Display for Timeout {
    /// Milliseconds, as AGI writes them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// How many keys `GET DATA` collects: 1 to 80. More than 1023 smashes Asterisk's stack
/// (seen with 22.10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxDigits(u8);

impl MaxDigits {
    /// The nearest number to `keys` that is in range.
    #[must_use]
    pub const fn clamped(keys: u8) -> Self {
        match keys {
            0 => Self(1),
            1..=80 => Self(keys),
            _ => Self(80),
        }
    }

    /// The number of keys.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Why a value cannot be an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// AGI has no way to carry this character safely.
    #[error(
        "an AGI argument cannot hold the control character {character:?} (byte {at}); remove it"
    )]
    ControlCharacter {
        /// The offending character.
        character: char,
        /// Its byte offset in the text.
        at: usize,
    },
    /// Not the name of a plain channel variable.
    #[error("a channel variable's name is letters, digits and _ only, at most 80; use such a name")]
    NotAVariableName,
    /// Not 1 to 64 decimal digits.
    #[error("SAY DIGITS needs 1 to 64 decimal digits; say anything else with SAY ALPHA")]
    NotDigits,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_hold_a_line_feed_a_carriage_return_or_nul() {
        for bad in ["a\nb", "a\rb", "a\0b", "\u{1b}[2J", "\u{85}"] {
            assert!(
                matches!(Text::new(bad), Err(ArgumentError::ControlCharacter { .. })),
                "{bad:?}"
            );
        }
        assert_eq!(Text::new("café \"x\" \\").unwrap().as_str(), "café \"x\" \\");
    }

    #[test]
    fn a_variable_name_cannot_call_a_function() {
        for bad in ["", "1A", "SHELL(id)", "A B", "A,B", "É", &"A".repeat(81)] {
            assert_eq!(VariableName::new(bad), Err(ArgumentError::NotAVariableName), "{bad:?}");
        }
        assert_eq!(VariableName::new("DIALGATE_RESULT").unwrap().as_str(), "DIALGATE_RESULT");
    }

    #[test]
    fn limits_are_clamped_into_what_asterisk_survives() {
        assert_eq!(MaxDigits::clamped(0).get(), 1);
        assert_eq!(MaxDigits::clamped(255).get(), 80);
        assert_eq!(Timeout::from_millis(0).to_string(), "1");
        assert_eq!(Timeout::from_secs(u32::MAX).to_string(), "3600000");
        assert_eq!(DigitString::new("*12"), Err(ArgumentError::NotDigits));
    }
}
