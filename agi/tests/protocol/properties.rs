//! What holds for all input.

use dialgate_agi::protocol::{
    Codec, Command, DigitString, EXAMPLE_ENVIRONMENT, EscapeDigits, Incoming, MAX_BUFFERED,
    MAX_COMMAND_LINE, MaxDigits, Nonce, ProtocolError, Text, Timeout, VariableName,
};
use proptest::prelude::*;

use super::parse_args::{lines, parse_args};

/// A command with its words as Asterisk should see them.
fn any_command() -> impl Strategy<Value = (Command, Vec<String>)> {
    prop_oneof![any_spoken_command(), any_variable_command(), any_plain_command()]
}

fn words(verb: &str, arguments: &[&str]) -> Vec<String> {
    verb.split(' ').chain(arguments.iter().copied()).map(str::to_owned).collect()
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

fn any_escape() -> impl Strategy<Value = (EscapeDigits, &'static str)> {
    prop::sample::select(vec![(EscapeDigits::None, ""), (EscapeDigits::Any, "0123456789*#ABCD")])
}

fn any_spoken_command() -> impl Strategy<Value = (Command, Vec<String>)> {
    let inputs = (any_text(), any_text(), "[0-9]{1,64}", any_escape(), any::<i64>());
    (0..4, inputs).prop_map(|(which, (one, two, digits, (escape, keys), unix_time))| match which {
        0 => {
            (Command::StreamFile { file: text(&one), escape }, words("STREAM FILE", &[&one, keys]))
        }
        1 => (Command::SayAlpha { text: text(&one), escape }, words("SAY ALPHA", &[&one, keys])),
        2 => (
            Command::SayDigits { digits: DigitString::new(&digits).unwrap(), escape },
            words("SAY DIGITS", &[&digits, keys]),
        ),
        _ => {
            let (format, time_zone) = (text(&one), text(&two));
            (
                Command::SayDateTime { unix_time, escape, format, time_zone },
                words("SAY DATETIME", &[&unix_time.to_string(), keys, &one, &two]),
            )
        }
    })
}

fn any_variable_command() -> impl Strategy<Value = (Command, Vec<String>)> {
    let inputs = (any_text(), "[A-Za-z_][A-Za-z0-9_]{0,30}", any::<[u8; 16]>());
    (0..3, inputs).prop_map(|(which, (value, name, random))| {
        let variable = VariableName::new(&name).unwrap();
        let nonce = Nonce::new(random);
        match which {
            0 => (
                Command::SetVariable { name: variable, value: text(&value) },
                words("SET VARIABLE", &[&name, &value]),
            ),
            1 => (Command::GetVariable(variable), words("GET VARIABLE", &[&name])),
            _ => {
                let hex = nonce.to_string();
                (Command::GetFullVariable(nonce), words("GET FULL VARIABLE", &[&hex]))
            }
        }
    })
}

fn any_plain_command() -> impl Strategy<Value = (Command, Vec<String>)> {
    (0..8, any_text(), any::<u32>(), any::<u8>()).prop_map(|(which, one, number, keys)| {
        let timeout = Timeout::from_millis(number);
        let max = MaxDigits::clamped(keys);
        let (wait, most) = (timeout.to_string(), max.get().to_string());
        match which {
            0 => (
                Command::GetData { file: text(&one), timeout, max },
                words("GET DATA", &[&one, &wait, &most]),
            ),
            1 => (Command::SetAutoHangup(number), words("SET AUTOHANGUP", &[&number.to_string()])),
            2 => (Command::WaitForDigit(timeout), words("WAIT FOR DIGIT", &[&wait])),
            3 => (Command::Verbose(text(&one)), words("VERBOSE", &[&one, "1"])),
            4 => (Command::Answer, words("ANSWER", &[])),
            5 => (Command::ChannelStatus, words("CHANNEL STATUS", &[])),
            6 => (Command::Noop, words("NOOP", &[])),
            _ => (Command::Hangup, words("HANGUP", &[])),
        }
    })
}

/// Text with more than its share of what is special to Asterisk.
fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec!['"', '\\', ' ', '(', ')', '$', '{', '}', ',', '#']);
    let other = any::<char>().prop_map(|other| if other.is_control() { '_' } else { other });
    let character = prop_oneof![special, other];
    prop::collection::vec(character, 0..200).prop_map(String::from_iter)
}

/// Pieces of what Asterisk writes, whole and broken, and noise.
fn any_piece() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"HANGUP\n",
        b"200 result=1\n",
        b"200 result=12*34 (timeout)\n",
        b"200 result=1 (a) b)\n",
        b"200 result=1 (cut\n",
        b"200 result=0 endpos=3520\n",
        b"100 result=0 Trying...\n",
        b"510 Invalid or unknown command\n",
        b"511 Command Not Permitted on a dead channel or intercept routine\n",
        b"520-Invalid command syntax.  Proper usage follows:\nusage\n520 End of proper usage.\n",
        b"520-Invalid command syntax.  Proper usage follows:\n",
        b"200 result=",
        b"HANG",
        b"\n",
    ];
    prop_oneof![
        6 => prop::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (0..9000usize).prop_map(|length| vec![b'y'; length]),
    ]
}

/// What arrives before the first command and after each, in pieces.
fn any_session() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let round = prop::collection::vec(any_piece(), 0..6).prop_map(|pieces| pieces.concat());
    let environment = prop_oneof![
        8 => Just(EXAMPLE_ENVIRONMENT.to_vec()),
        1 => (0..EXAMPLE_ENVIRONMENT.len()).prop_map(|end| EXAMPLE_ENVIRONMENT[..end].to_vec()),
    ];
    (environment, prop::collection::vec(round, 0..6)).prop_map(|(environment, mut rounds)| {
        rounds.insert(0, environment);
        rounds
    })
}

/// Plays a session, feeding at most `step` bytes between polls.
fn play(rounds: &[Vec<u8>], step: usize) -> (Vec<Incoming>, Option<ProtocolError>) {
    let mut codec = Codec::new();
    let mut events = Vec::new();
    for (number, round) in rounds.iter().enumerate() {
        if number > 0 {
            // Refused or not, it must make no difference how the bytes before it were cut.
            let _ = codec.send(&Command::Noop);
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
            }
        }
    }
    (events, None)
}

proptest! {
    #[test]
    fn asterisk_sees_every_argument_as_it_was_given((command, words) in any_command()) {
        match command.encode() {
            Ok(bytes) => {
                prop_assert!(bytes.len() <= MAX_COMMAND_LINE);
                prop_assert!(!bytes.contains(&0) && !bytes.contains(&b'\r'));
                prop_assert!(!bytes.to_ascii_lowercase().starts_with(b"failure"));
                let lines = lines(&bytes);
                prop_assert_eq!(lines.len(), 1);
                let words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
                prop_assert_eq!(parse_args(lines[0]), words);
            }
            Err(too_long) => prop_assert!(too_long.length > MAX_COMMAND_LINE),
        }
    }

    #[test]
    fn it_makes_no_difference_how_the_stream_is_cut(rounds in any_session(), step in 1..200usize) {
        let whole = play(&rounds, usize::MAX);
        prop_assert_eq!(&play(&rounds, 1), &whole);
        prop_assert_eq!(&play(&rounds, step), &whole);
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_pass_the_bounds(
        bytes in prop::collection::vec(any::<u8>(), 0..20_000),
        environment in any::<bool>(),
        step in 1..5000usize,
    ) {
        let first = if environment { EXAMPLE_ENVIRONMENT.to_vec() } else { Vec::new() };
        let (events, _) = play(&[first, bytes], step);
        prop_assert!(events.len() <= 3, "an environment, a reply and a hang-up at most");
    }
}
