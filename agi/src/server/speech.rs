//! How Asterisk is made to say things.

use std::net::IpAddr;

use super::channel::ChannelError;
use crate::Prompt;
use crate::conversation::Speech;
use crate::protocol::{Command, EscapeDigits, Text};

/// Such as "Friday November twentieth at ten fifteen p m". In quotes is a core recording.
const DATE_AND_TIME: &str = "ABd 'digits/at' IMp";

const ESCAPE: EscapeDigits = EscapeDigits::Any;

/// The commands that say it, one after the other.
pub(super) fn commands(speech: &Speech) -> Result<Vec<Command>, ChannelError> {
    Ok(match speech {
        Speech::Prompt(prompt) => vec![recording(*prompt)?],
        Speech::Address(IpAddr::V4(address)) => vec![spelled(&address.to_string())?],
        Speech::Address(IpAddr::V6(address)) => spelled_with_colons(&address.to_string())?,
        Speech::Number(number) => vec![Command::SayNumber { number: *number, escape: ESCAPE }],
        Speech::DateTime { at, time_zone } => vec![Command::SayDateTime {
            unix_time: at.as_second(),
            escape: ESCAPE,
            format: Text::new(DATE_AND_TIME)?,
            time_zone: Text::new(time_zone)?,
        }],
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

    fn said(address: &str) -> String {
        let speech = Speech::Address(address.parse().unwrap());
        let encoded = commands(&speech).unwrap().into_iter().map(|command| {
            let line = String::from_utf8(command.encode().unwrap()).unwrap();
            line.split('"').nth(1).unwrap().replace("dialgate/colon", ":")
        });
        encoded.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn addresses_are_spelled_with_a_word_for_each_separator() {
        assert_eq!(said("12.34.56.78"), "12.34.56.78");
        assert_eq!(said("2001:db8::1"), "2001 : db8 : : 1");
        assert_eq!(said("2001:db8:1:2::"), "2001 : db8 : 1 : 2 : :");
        assert_eq!(said("::"), ": :");
    }
}
