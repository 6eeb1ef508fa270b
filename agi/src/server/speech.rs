//! How Asterisk is made to say things.

mod date_time;

use std::net::IpAddr;

use dialgate_contract::Language;
use jiff::Timestamp;

use self::date_time::DateTime;
use super::channel::ChannelError;
use crate::Prompt;
use crate::conversation::{Span, Speech, Unit};
use crate::protocol::{Command, EscapeDigits, Gender, Text};

const ESCAPE: EscapeDigits = EscapeDigits::Any;

/// The commands that say it in a language at `now`, one after the other.
pub(super) fn commands(
    speech: &Speech,
    language: Language,
    now: Timestamp,
) -> Result<Vec<Command>, ChannelError> {
    Ok(match speech {
        Speech::Prompt(prompt) => vec![recording(*prompt)?],
        Speech::Address(IpAddr::V4(address)) => vec![spelled(&address.to_string())?],
        Speech::Address(IpAddr::V6(address)) => spelled_with_colons(&address.to_string())?,
        Speech::Span(span) => counted(*span, language)?,
        Speech::DateTime { at, time_zone } => {
            let DateTime { format, time_zone } = DateTime::new(*at, time_zone, language, now);
            vec![Command::SayDateTime {
                unix_time: at.as_second(),
                escape: ESCAPE,
                format: Text::new(format)?,
                time_zone: Text::new(time_zone)?,
            }]
        }
    })
}

pub(super) fn complain_of_silence(command: &Command) {
    match command {
        Command::StreamFile { file, .. } | Command::GetData { file, .. } => tracing::error!(
            file = file.as_str(),
            "Asterisk has no such recording: copy the folder sounds into Asterisk's own"
        ),
        Command::Answer
        | Command::ChannelStatus
        | Command::SayAlpha { .. }
        | Command::SayDigits { .. }
        | Command::SayNumber { .. }
        | Command::SayDateTime { .. }
        | Command::SetLanguage(_)
        | Command::SetVariable { .. }
        | Command::GetVariable(_)
        | Command::GetFullVariable(_)
        | Command::SetAutoHangup(_)
        | Command::WaitForDigit(_)
        | Command::Verbose(_)
        | Command::Noop
        | Command::Hangup => tracing::error!(
            "Asterisk has no recordings of digits and letters: install its core sounds"
        ),
    }
}

/// One of something is a recording of its own: "one" before a noun differs from "one" on its own, and from noun to noun.
fn counted(span: Span, language: Language) -> Result<Vec<Command>, ChannelError> {
    let (one, more) = match span.unit {
        Unit::Days => (Prompt::OneDay, Prompt::Days),
        Unit::Hours => (Prompt::OneHour, Prompt::Hours),
        Unit::Minutes => (Prompt::OneMinute, Prompt::Minutes),
    };
    if span.number == 1 {
        return Ok(vec![recording(one)?]);
    }
    let mut commands = match (language, gender(span.unit, language), span.number) {
        // Asterisk has "veintiuno" alone.
        (Language::Es, Some(Gender::Feminine), 21) => core(&["digits/20-and", "digits/1F"])?,
        (Language::Es, Some(Gender::Masculine), 21) => core(&["digits/20-and", "digits/1M"])?,
        (_, gender, number) => vec![Command::SayNumber { number, escape: ESCAPE, gender }],
    };
    commands.push(recording(more)?);
    Ok(commands)
}

fn gender(unit: Unit, language: Language) -> Option<Gender> {
    match (language, unit) {
        (Language::En, _) => None,
        (Language::Es, Unit::Hours)
        | (Language::Fr | Language::De, Unit::Hours | Unit::Minutes) => Some(Gender::Feminine),
        (Language::Es, Unit::Days | Unit::Minutes) | (Language::Fr | Language::De, Unit::Days) => {
            Some(Gender::Masculine)
        }
    }
}

/// Recordings of Asterisk's own.
fn core(files: &[&str]) -> Result<Vec<Command>, ChannelError> {
    let play = |file: &&str| Ok(Command::StreamFile { file: Text::new(*file)?, escape: ESCAPE });
    files.iter().map(play).collect()
}

fn recording(prompt: Prompt) -> Result<Command, ChannelError> {
    Ok(Command::StreamFile { file: Text::new(prompt.file())?, escape: ESCAPE })
}

/// A dot is among the letters that Asterisk knows.
fn spelled(text: &str) -> Result<Command, ChannelError> {
    Ok(Command::SayAlpha { text: Text::new(text)?, escape: ESCAPE })
}

/// A colon is not.
fn spelled_with_colons(text: &str) -> Result<Vec<Command>, ChannelError> {
    let mut commands = Vec::new();
    for (place, group) in text.split(':').enumerate() {
        if place > 0 {
            commands.push(recording(Prompt::Colon)?);
        }
        if !group.is_empty() {
            commands.push(spelled(group)?);
        }
    }
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(speech: &Speech, language: Language) -> Vec<String> {
        let commands = commands(speech, language, Timestamp::UNIX_EPOCH).unwrap();
        let encoded = commands.into_iter().map(|command| command.encode().unwrap());
        encoded.map(|line| String::from_utf8(line).unwrap().trim_end().to_owned()).collect()
    }

    fn said(address: &str) -> String {
        let speech = Speech::Address(address.parse().unwrap());
        let spoken = lines(&speech, Language::En).into_iter();
        let spoken =
            spoken.map(|line| line.split('"').nth(1).unwrap().replace("dialgate/colon", ":"));
        spoken.collect::<Vec<_>>().join(" ")
    }

    /// The commands without their escape digits.
    fn told(number: u32, unit: Unit, language: Language) -> Vec<String> {
        let lines = lines(&Speech::Span(Span { number, unit }), language).into_iter();
        lines.map(|line| line.replace(" \"0123456789*#ABCD\"", "")).collect()
    }

    #[test]
    fn addresses_are_spelled_with_a_word_for_each_separator() {
        assert_eq!(said("12.34.56.78"), "12.34.56.78");
        assert_eq!(said("2001:db8::1"), "2001 : db8 : : 1");
        assert_eq!(said("2001:db8:1:2::"), "2001 : db8 : 1 : 2 : :");
        assert_eq!(said("::"), ": :");
    }

    #[test]
    fn one_is_never_a_number_of_its_own() {
        for language in Language::ALL {
            for (unit, file) in
                [(Unit::Days, "day"), (Unit::Hours, "hour"), (Unit::Minutes, "minute")]
            {
                let line = format!("STREAM FILE \"dialgate/one-{file}\"");
                assert_eq!(told(1, unit, *language), [line], "{language}");
            }
        }
    }

    #[test]
    fn numbers_have_the_gender_of_what_they_count() {
        let number = |number, unit, language| told(number, unit, language).swap_remove(0);
        for (language, unit, line) in [
            (Language::En, Unit::Hours, "SAY NUMBER \"31\""),
            (Language::Es, Unit::Hours, "SAY NUMBER \"31\" \"f\""),
            (Language::Es, Unit::Minutes, "SAY NUMBER \"31\" \"m\""),
            (Language::Fr, Unit::Minutes, "SAY NUMBER \"31\" \"f\""),
            (Language::Fr, Unit::Days, "SAY NUMBER \"31\" \"m\""),
            (Language::De, Unit::Days, "SAY NUMBER \"31\" \"m\""),
        ] {
            assert_eq!(number(31, unit, language), line, "{language} {unit:?}");
        }
        let hours = "STREAM FILE \"dialgate/hours\"";
        assert_eq!(told(5, Unit::Hours, Language::En), ["SAY NUMBER \"5\"", hours]);
        let twenty_one = ["STREAM FILE \"digits/20-and\"", "STREAM FILE \"digits/1F\"", hours];
        assert_eq!(told(21, Unit::Hours, Language::Es), twenty_one);
    }
}
