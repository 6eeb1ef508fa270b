//! Recorded sessions: how they are written down, and how they are played to the codec.

use dialgate_agi::protocol::{
    Codec, Command, DigitString, Ended, EnvironmentError, EscapeDigits, Incoming, MaxDigits, Nonce,
    Outcome, ProtocolError, Reply, ReplyError, SendError, Text, Timeout, UnexpectedReply,
    VariableName,
};

use super::parse_args::parse_args;

/// One line of a recording that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Received(Vec<u8>),
    Sent(Vec<u8>),
}

/// Reads the `<<` and `>>` lines of a recording; all others are for people.
pub(super) fn read(text: &str) -> Vec<Step> {
    text.lines()
        .filter_map(|line| {
            let (_, line) = line.trim_start().split_once(' ')?;
            let (direction, rest) = line.split_once(' ')?;
            match direction {
                "<<" => bytes_literal(rest).map(Step::Received),
                ">>" => bytes_literal(rest).map(Step::Sent),
                _ => None,
            }
        })
        .collect()
}

/// The bytes of `b'…'` or `b"…"`; `None` for words such as `EOF` and `close()`.
fn bytes_literal(literal: &str) -> Option<Vec<u8>> {
    let quoted = literal.strip_prefix('b')?;
    let quote = quoted.chars().next().expect("a literal has a quote");
    let body = quoted.strip_prefix(quote).and_then(|body| body.strip_suffix(quote));
    let body = body.unwrap_or_else(|| panic!("{literal} is not one bytes literal"));
    let mut bytes = Vec::new();
    let mut rest = body.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().expect("an escape is complete") {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other @ (b'\\' | b'\'' | b'"') => other,
            other => panic!("unknown escape \\{} in {literal}", char::from(other)),
        });
    }
    Some(bytes)
}

/// A session being played to a codec, and the events so far as lines of an `.events` file.
pub(super) struct Replay {
    codec: Codec,
    in_flight: Option<Command>,
    pub(super) events: Vec<String>,
    pub(super) failed: bool,
}

impl Replay {
    pub(super) fn new() -> Self {
        Self { codec: Codec::new(), in_flight: None, events: Vec::new(), failed: false }
    }

    /// Feeds bytes and takes every event that they complete.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.codec.feed(bytes);
        while !self.failed {
            match self.codec.poll() {
                Ok(None) => return,
                Ok(Some(incoming)) => self.record(incoming),
                Err(error) => self.fail(&error),
            }
        }
    }

    /// Sends what the recording sent. A command that is not ours, or that we would not send here,
    /// is replaced by one that moves the codec on in the same way.
    pub(super) fn send(&mut self, line: &[u8]) {
        let command = command(line);
        let shown = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        match self.codec.send(command.as_ref().unwrap_or(&Command::Noop)) {
            Ok(_) => self.in_flight = command,
            Err(SendError::HungUp { .. }) => {
                self.events.push(format!("refused after the hang-up: {shown}"));
                self.codec.send(&Command::Noop).expect("NOOP is permitted on a dead channel");
                self.in_flight = command;
            }
            Err(SendError::InFlight { .. }) => {
                self.events.push(format!("refused while another is in flight: {shown}"));
            }
            Err(SendError::Poisoned(error)) => self.fail(&error),
            Err(error @ (SendError::NoEnvironment { .. } | SendError::LineTooLong(_))) => {
                panic!("{shown}: {error}")
            }
        }
    }

    fn record(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::HangUp => self.events.push("hangup".to_owned()),
            Incoming::Environment(environment) => self.events.push(format!(
                "environment script={:?} query={:?} channel={:?} language={:?} caller={:?} \
                 extension={:?} args={:?}",
                environment.script(),
                environment.query().unwrap_or_default(),
                environment.channel(),
                environment.language(),
                environment.caller_id().unwrap_or_default(),
                environment.extension(),
                environment.args(),
            )),
            Incoming::Reply(reply) => {
                self.events.push(format!("reply {}", describe_reply(&reply)));
                if let Some(command) = self.in_flight.take() {
                    let outcome = describe_outcome(command.outcome(reply));
                    self.events.push(format!("    {}: {outcome}", command.verb()));
                }
            }
        }
    }

    fn fail(&mut self, error: &ProtocolError) {
        self.failed = true;
        self.events.push(format!("error {}", describe_error(error)));
        self.codec.feed(b"HANGUP\n");
        assert_eq!(self.codec.poll().as_ref(), Err(error), "an error is for ever");
        assert_eq!(self.codec.send(&Command::Noop), Err(SendError::Poisoned(error.clone())));
    }
}

fn describe_reply(reply: &Reply) -> String {
    let success = match reply {
        Reply::Success(success) => success,
        Reply::OutOfMemory => return "503".to_owned(),
        Reply::UnknownCommand => return "510".to_owned(),
        Reply::DeadChannel => return "511".to_owned(),
        Reply::BadSyntax => return "520".to_owned(),
    };
    let data = success.data().map_or(String::new(), |data| format!(" data={data:?}"));
    let endpos = success.endpos().map_or(String::new(), |endpos| format!(" endpos={endpos}"));
    let text = Some(success.text()).filter(|text| !text.is_empty());
    let text = text.map_or(String::new(), |text| format!(" text={text:?}"));
    format!("200 result={:?}{data}{endpos}{text}", success.result())
}

fn describe_outcome(outcome: Result<Outcome, UnexpectedReply>) -> String {
    match outcome {
        Ok(Outcome::Done) => "done".to_owned(),
        Ok(Outcome::Played { interrupted_by: None }) => "played to the end".to_owned(),
        Ok(Outcome::Played { interrupted_by: Some(key) }) => {
            format!("interrupted by {}", key.as_char())
        }
        Ok(Outcome::Digits { digits, ended }) => {
            let ended = match ended {
                Ended::Hash => "ended by #",
                Ended::Timeout => "ended by silence",
                Ended::Full => "ended by the maximum",
            };
            format!("keys {:?} {ended}", digits.as_str())
        }
        Ok(Outcome::Key(None)) => "no key".to_owned(),
        Ok(Outcome::Key(Some(key))) => format!("key {}", key.as_char()),
        Ok(Outcome::Variable(None)) => "not set".to_owned(),
        Ok(Outcome::Variable(Some(value))) => format!("value {value:?}"),
        Ok(Outcome::HungUpOrMissing) => "hung up or missing".to_owned(),
        Ok(Outcome::Dead) => "dead channel".to_owned(),
        Err(UnexpectedReply::Refused { code, .. }) => format!("refused with {code}"),
        Err(UnexpectedReply::Senseless { .. }) => "senseless".to_owned(),
    }
}

fn describe_error(error: &ProtocolError) -> String {
    match error {
        ProtocolError::Environment(EnvironmentError::Unexpected { line, expected }) => {
            format!("environment: line {line} is not {expected}")
        }
        ProtocolError::Environment(EnvironmentError::ControlCharacter { line }) => {
            format!("environment: control character in line {line}")
        }
        ProtocolError::Environment(EnvironmentError::TooLong) => "environment: too long".to_owned(),
        ProtocolError::Reply { reason: ReplyError::Malformed, .. } => "malformed reply".to_owned(),
        ProtocolError::Reply { reason: ReplyError::UnterminatedData, .. } => {
            "unterminated data".to_owned()
        }
        ProtocolError::Unsolicited => "unsolicited".to_owned(),
        ProtocolError::LineTooLong => "line too long".to_owned(),
        ProtocolError::TooMuch => "too much".to_owned(),
    }
}

/// The command of a recorded line, when it is one of ours. Only what decides the meaning of the
/// reply is taken over: the verb, and how many keys `GET DATA` asked for.
fn command(line: &[u8]) -> Option<Command> {
    let words: Vec<String> = parse_args(line.strip_suffix(b"\n").unwrap_or(line))
        .into_iter()
        .map(|word| String::from_utf8_lossy(&word).to_uppercase())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = || Text::new("x").unwrap();
    let escape = EscapeDigits::Any;
    let timeout = Timeout::from_secs(1);
    Some(match words.as_slice() {
        ["ANSWER", ..] => Command::Answer,
        ["STREAM", "FILE", ..] => Command::StreamFile { file: text(), escape },
        ["GET", "DATA", rest @ ..] => {
            let max = rest.get(2).map_or(1, |max| max.parse().unwrap());
            Command::GetData { file: text(), timeout, max: MaxDigits::clamped(max) }
        }
        ["SAY", "ALPHA", ..] => Command::SayAlpha { text: text(), escape },
        ["SAY", "DIGITS", ..] => {
            Command::SayDigits { digits: DigitString::new("1").unwrap(), escape }
        }
        ["SET", "VARIABLE", ..] => {
            Command::SetVariable { name: VariableName::new("X").unwrap(), value: text() }
        }
        ["GET", "VARIABLE", ..] => Command::GetVariable(VariableName::new("X").unwrap()),
        ["GET", "FULL", "VARIABLE", ..] => Command::GetFullVariable(Nonce::new([0; 16])),
        ["SET", "AUTOHANGUP", ..] => Command::SetAutoHangup(1),
        ["WAIT", "FOR", "DIGIT", ..] => Command::WaitForDigit(timeout),
        ["VERBOSE", ..] => Command::Verbose(text()),
        ["NOOP", ..] => Command::Noop,
        ["HANGUP", ..] => Command::Hangup,
        _ => return None,
    })
}
