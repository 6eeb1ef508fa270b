use std::fmt;
use std::time::Duration;

/// Something the caller hears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sound {
    /// A recording, by its name under Asterisk's sounds folder.
    File(String),
    /// Letters, figures and signs, one after the other (`SAY ALPHA`).
    Alpha(String),
    /// Figures (`SAY DIGITS`).
    Digits(String),
    /// A number in words (`SAY NUMBER`).
    Number(i64),
    /// A point in time (`SAY DATETIME`).
    DateTime {
        /// Unix seconds.
        at: i64,
        /// The format of `say.conf`, when the server gave one.
        format: Option<String>,
        /// The time zone's name, when the server gave one.
        zone: Option<String>,
    },
}

impl Sound {
    /// The recording's name, when it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Sound::File(name) => Some(name),
            Sound::Alpha(_) | Sound::Digits(_) | Sound::Number(_) | Sound::DateTime { .. } => None,
        }
    }

    /// How long the silence lasts, when it is one of the core recordings `silence/1` to `silence/10`.
    pub fn silence(&self) -> Option<Duration> {
        let seconds = self.file()?.strip_prefix("silence/")?.parse().ok()?;
        (1..=10).contains(&seconds).then(|| Duration::from_secs(seconds))
    }
}

impl fmt::Display for Sound {
    /// The name of a recording, or what is said between quotation marks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sound::File(name) => f.write_str(name),
            Sound::Alpha(text) | Sound::Digits(text) => write!(f, "\"{text}\""),
            Sound::Number(number) => write!(f, "\"{number}\""),
            Sound::DateTime { at, .. } => write!(f, "\"@{at}\""),
        }
    }
}
