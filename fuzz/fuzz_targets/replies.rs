//! Arbitrary bytes as the answers to one command after another.
//!
//! The first byte says how the stream is cut; a 0x01 byte in the rest is where the next command is
//! sent.
#![no_main]

use dialgate_agi::protocol::{
    Codec, Command, EXAMPLE_ENVIRONMENT, EscapeDigits, Incoming, MAX_BUFFERED, MaxDigits, Outcome,
    ProtocolError, Reply, Text, Timeout, VariableName,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((step, bytes)) = bytes.split_first() else { return };
    let commands = commands();
    assert_eq!(play(bytes, usize::MAX, &commands), play(bytes, usize::from(*step) + 1, &commands));
});

fn commands() -> Vec<Command> {
    let text = || Text::new("beep").expect("plain text");
    let variable = || VariableName::new("DIALGATE_RESULT").expect("a plain name");
    let max = MaxDigits::clamped(16);
    vec![
        Command::GetData { file: text(), timeout: Timeout::from_secs(5), max },
        Command::StreamFile { file: text(), escape: EscapeDigits::Any },
        Command::SetVariable { name: variable(), value: text() },
        Command::GetVariable(variable()),
        Command::WaitForDigit(Timeout::from_secs(1)),
        Command::Noop,
    ]
}

fn play(bytes: &[u8], step: usize, commands: &[Command]) -> (Vec<Incoming>, Option<ProtocolError>) {
    let mut codec = Codec::new();
    codec.feed(EXAMPLE_ENVIRONMENT);
    assert!(matches!(codec.poll(), Ok(Some(Incoming::Environment(_)))));
    let mut events = Vec::new();
    let mut in_flight = None;
    for (round, command) in bytes.split(|byte| *byte == 1).zip(commands.iter().cycle()) {
        if codec.send(command).is_ok() {
            in_flight = Some(command);
        }
        for part in round.chunks(step) {
            codec.feed(part);
            assert!(codec.buffered() <= MAX_BUFFERED);
            loop {
                match codec.poll() {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => break,
                    Err(error) => return (events, Some(error)),
                }
                if let Some(Incoming::Reply(reply)) = events.last() {
                    check(in_flight.take(), reply.clone());
                }
            }
        }
    }
    (events, None)
}

/// A reply answers a command, and its keys fit what was asked for.
fn check(command: Option<&Command>, reply: Reply) {
    let Some(command) = command else { return };
    if let Ok(Outcome::Digits { digits, .. }) = command.outcome(reply) {
        assert!(digits.len() <= 16);
    }
}
