use std::time::Duration;

use super::collect::Patience;
use super::sound::Sound;
use super::verb::{Entry, Verb};

/// A command with its arguments, read as the handlers of `res_agi.c` read them.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Command {
    Answer,
    ChannelStatus { other: Option<Vec<u8>> },
    Exec { application: Vec<u8> },
    GetData { file: String, patience: Patience, max: i64 },
    GetFullVariable { expression: Vec<u8> },
    GetVariable { name: Vec<u8> },
    Hangup { other: Option<Vec<u8>> },
    Noop,
    Say { sound: Sound, escape: Vec<u8> },
    SetAutohangup { after: Duration },
    SetVariable { name: Vec<u8>, value: Vec<u8> },
    StreamFile { file: String, escape: Vec<u8> },
    Verbose,
    WaitForDigit { limit: Option<Duration> },
}

impl Command {
    /// The command of `entry` with the arguments in `argv`; `None` when it answers with its usage.
    pub(super) fn parse(entry: &Entry, argv: &[Vec<u8>]) -> Option<Self> {
        let argument = |index: usize| argv.get(index).cloned();
        let count = argv.len();
        match entry.verb {
            Verb::Answer => Some(Command::Answer),
            Verb::ChannelStatus => {
                (count <= 3).then(|| Command::ChannelStatus { other: argument(2) })
            }
            Verb::Exec => Some(Command::Exec { application: argument(1)? }),
            Verb::GetData => get_data(argv),
            Verb::GetFullVariable if count > 5 => None,
            Verb::GetFullVariable => Some(Command::GetFullVariable { expression: argument(3)? }),
            Verb::GetVariable if count > 3 => None,
            Verb::GetVariable => Some(Command::GetVariable { name: argument(2)? }),
            Verb::Hangup => (count <= 2).then(|| Command::Hangup { other: argument(1) }),
            Verb::Noop => Some(Command::Noop),
            Verb::SayAlpha => say(argv, 4, |what| Some(Sound::Alpha(text(what)))),
            Verb::SayDateTime => say_date_time(argv),
            Verb::SayDigits => {
                say(argv, 4, |what| leading_integer(what).map(|_| Sound::Digits(text(what))))
            }
            Verb::SayNumber => say(argv, 5, |what| leading_integer(what).map(Sound::Number)),
            Verb::SetAutohangup if count > 3 => None,
            Verb::SetAutohangup => Some(Command::SetAutohangup { after: seconds(argv.get(2)?)? }),
            Verb::SetVariable if count > 4 => None,
            Verb::SetVariable => {
                Some(Command::SetVariable { name: argument(2)?, value: argument(3)? })
            }
            Verb::StreamFile if count > 5 => None,
            Verb::StreamFile => {
                Some(Command::StreamFile { file: text(argv.get(2)?), escape: argument(3)? })
            }
            Verb::Verbose => argument(1).map(|_| Command::Verbose),
            Verb::WaitForDigit if count > 4 => None,
            Verb::WaitForDigit => {
                let milliseconds = leading_integer(argv.get(3)?)?;
                Some(Command::WaitForDigit {
                    limit: u64::try_from(milliseconds).ok().map(Duration::from_millis),
                })
            }
        }
    }
}

fn get_data(argv: &[Vec<u8>]) -> Option<Command> {
    let file = text(argv.get(2)?);
    let number = |index: usize| argv.get(index).map(|word| leading_integer(word).unwrap_or(0));
    let patience = Patience::from_milliseconds(number(3).unwrap_or(0));
    Some(Command::GetData { file, patience, max: number(4).unwrap_or(1024) })
}

/// A `SAY` command of at most `most` words, the third of which `sound` makes audible.
fn say(argv: &[Vec<u8>], most: usize, sound: impl Fn(&[u8]) -> Option<Sound>) -> Option<Command> {
    let (what, escape) = (argv.get(2)?, argv.get(3)?.clone());
    if argv.len() > most {
        return None;
    }
    Some(Command::Say { sound: sound(what)?, escape })
}

fn say_date_time(argv: &[Vec<u8>]) -> Option<Command> {
    let optional = |index: usize| argv.get(index).map(|word| text(word));
    let (format, zone) = (optional(4), optional(5));
    say(argv, 6, |at| {
        Some(Sound::DateTime {
            at: leading_integer(at)?,
            format: format.clone(),
            zone: zone.clone(),
        })
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `sscanf("%d")`: blanks, a sign, figures; what follows is not looked at.
fn leading_integer(bytes: &[u8]) -> Option<i64> {
    let text = text(bytes);
    let text = text.trim_start();
    let (negative, figures) = match text.strip_prefix('-') {
        Some(figures) => (true, figures),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let figures: String = figures.chars().take_while(char::is_ascii_digit).take(18).collect();
    figures.parse::<i64>().ok().map(|number| if negative { -number } else { number })
}

fn seconds(bytes: &[u8]) -> Option<Duration> {
    let seconds = text(bytes).trim().parse::<f64>().ok()?;
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}
