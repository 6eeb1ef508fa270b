//! What went wrong in other AGI libraries, or can be done to one.

use dialgate_agi::protocol::{
    ArgumentError, Codec, Command, Digits, EXAMPLE_ENVIRONMENT, Ended, EscapeDigits, Incoming,
    MAX_COMMAND_LINE, MaxDigits, Nonce, OutOfStep, Outcome, ProtocolError, Reply, ReplyError,
    SendError, Text, Timeout, VariableName,
};

use super::parse_args::{lines, parse_args};

/// A session whose environment has been read.
fn session() -> Codec {
    let mut codec = Codec::new();
    codec.feed(EXAMPLE_ENVIRONMENT);
    assert!(matches!(codec.poll(), Ok(Some(Incoming::Environment(_)))));
    codec
}

/// A session in which `command` is unanswered.
fn in_flight(command: &Command) -> Codec {
    let mut codec = session();
    codec.send(command).unwrap();
    codec
}

fn next_reply(codec: &mut Codec) -> Reply {
    match codec.poll() {
        Ok(Some(Incoming::Reply(reply))) => reply,
        other => panic!("expected a reply, got {other:?}"),
    }
}

fn set_variable(value: &str) -> Command {
    let name = VariableName::new("DIALGATE_RESULT").unwrap();
    Command::SetVariable { name, value: Text::new(value).unwrap() }
}

fn play() -> Command {
    Command::StreamFile { file: Text::new("beep").unwrap(), escape: EscapeDigits::Any }
}

fn get_data() -> Command {
    let (timeout, max) = (Timeout::from_secs(5), MaxDigits::clamped(16));
    Command::GetData { file: Text::new("beep").unwrap(), timeout, max }
}

#[test]
fn hangup_glued_to_the_reply_after_it_is_two_events() {
    let mut codec = in_flight(&play());
    codec.feed(b"HANGUP\n511 Command Not Permitted on a dead channel or intercept routine\n");
    assert_eq!(codec.poll(), Ok(Some(Incoming::HangUp)));
    assert_eq!(codec.poll(), Ok(Some(Incoming::Reply(Reply::DeadChannel))));
    assert_eq!(codec.poll(), Ok(None));
}

#[test]
fn hangup_glued_to_the_reply_before_it_is_two_events() {
    let mut codec = in_flight(&play());
    codec.feed(b"200 result=-1\nHANGUP\nHANGUP\n");
    let reply = next_reply(&mut codec);
    assert_eq!(play().outcome(reply), Ok(Outcome::HungUpOrMissing));
    assert_eq!(codec.poll(), Ok(Some(Incoming::HangUp)));
    assert_eq!(codec.poll(), Ok(None), "a second HANGUP says nothing new");
    assert_eq!(codec.send(&play()), Err(SendError::HungUp { command: "STREAM FILE" }));
    assert!(codec.send(&set_variable("hangup")).is_ok(), "the outcome can still be recorded");
}

#[test]
fn hangup_glued_to_the_environment_is_two_events() {
    let mut codec = Codec::new();
    codec.feed(&[EXAMPLE_ENVIRONMENT, b"HANGUP\n"].concat());
    assert!(matches!(codec.poll(), Ok(Some(Incoming::Environment(_)))));
    assert_eq!(codec.poll(), Ok(Some(Incoming::HangUp)));
}

#[test]
fn hangup_before_junk_is_told_before_the_junk_is_refused() {
    let mut codec = session();
    codec.feed(b"HANGUP\nHANGUX\n");
    assert_eq!(codec.poll(), Ok(Some(Incoming::HangUp)));
    assert_eq!(codec.poll(), Err(ProtocolError::Unsolicited));
}

#[test]
fn hangup_that_has_not_yet_arrived_whole_is_not_taken_for_junk() {
    let mut codec = session();
    codec.feed(b"HANG");
    assert_eq!(codec.poll(), Ok(None));
    codec.send(&Command::Noop).unwrap();
    codec.feed(b"UP\n200 result=0\n");
    assert_eq!(codec.poll(), Ok(Some(Incoming::HangUp)));
    assert!(matches!(next_reply(&mut codec), Reply::Success(_)));
}

#[test]
fn twelve_split_between_its_digits_is_not_read_as_one() {
    let mut codec = in_flight(&get_data());
    codec.feed(b"200 result=1");
    assert_eq!(codec.poll(), Ok(None));
    assert_eq!(codec.buffered(), 12);
    codec.feed(b"2\n");
    let digits = Digits::new("12").unwrap();
    let reply = next_reply(&mut codec);
    assert_eq!(get_data().outcome(reply), Ok(Outcome::Digits { digits, ended: Ended::Hash }));
}

#[test]
fn keys_are_neither_a_number_nor_cut_at_ten() {
    let mut codec = in_flight(&get_data());
    codec.feed(b"200 result=0042*12345678 (timeout)\n");
    let digits = Digits::new("0042*12345678").unwrap();
    let reply = next_reply(&mut codec);
    assert_eq!(get_data().outcome(reply), Ok(Outcome::Digits { digits, ended: Ended::Timeout }));
}

#[test]
fn a_provisional_answer_is_not_the_answer() {
    let mut codec = in_flight(&Command::Noop);
    codec.feed(b"100 result=0 Trying...\n");
    assert_eq!(codec.poll(), Ok(None));
    let refused = SendError::InFlight { command: "NOOP", in_flight: "NOOP" };
    assert_eq!(codec.send(&Command::Noop), Err(refused));
    codec.feed(b"200 result=0\n");
    assert!(matches!(next_reply(&mut codec), Reply::Success(_)));
}

#[test]
fn a_second_command_is_refused_because_asterisk_would_drop_the_first() {
    let mut codec = in_flight(&play());
    let refused = SendError::InFlight { command: "GET DATA", in_flight: "STREAM FILE" };
    assert_eq!(codec.send(&get_data()), Err(refused));
    codec.feed(b"200 result=0 endpos=3520\n");
    assert!(matches!(next_reply(&mut codec), Reply::Success(_)), "the first is still awaited");
}

#[test]
fn a_dead_channel_does_not_end_the_session() {
    let mut codec = in_flight(&play());
    codec.feed(b"511 Command Not Permitted on a dead channel or intercept routine\n");
    assert_eq!(next_reply(&mut codec), Reply::DeadChannel);
    assert!(codec.is_hung_up(), "511 says so even where AGISIGHUP=no keeps HANGUP away");
    assert!(codec.send(&set_variable("hangup")).is_ok());
}

#[test]
fn a_quote_in_a_value_does_not_end_the_argument() {
    for value in [r#"x" 1"#, r"x\", r#"\"x"#, "", " ", r#""""#, "failure"] {
        let line = session().send(&set_variable(value)).unwrap();
        let expected: [&[u8]; 4] = [b"SET", b"VARIABLE", b"DIALGATE_RESULT", value.as_bytes()];
        assert_eq!(lines(&line).len(), 1);
        assert_eq!(parse_args(lines(&line)[0]), expected, "{value}");
    }
}

#[test]
fn a_line_feed_in_a_value_does_not_become_a_command() {
    let refused = Text::new("hello\nSET VARIABLE EVIL yes");
    assert_eq!(refused, Err(ArgumentError::ControlCharacter { character: '\n', at: 5 }));
}

#[test]
fn a_line_that_asterisk_would_cut_in_two_is_not_sent() {
    let fixed = "SET VARIABLE \"DIALGATE_RESULT\" \"\"\n".len();
    let mut codec = session();
    let long = set_variable(&"x".repeat(MAX_COMMAND_LINE - fixed + 1));
    assert!(matches!(codec.send(&long), Err(SendError::LineTooLong(_))));
    let longest = set_variable(&"x".repeat(MAX_COMMAND_LINE - fixed));
    assert_eq!(codec.send(&longest).unwrap().len(), MAX_COMMAND_LINE);
}

#[test]
fn bytes_outside_ascii_do_not_panic_wherever_they_stand() {
    for junk in [&b"\xc3\xa9\xff\n"[..], b"200\xc3\xa9\n", b"200 result=\xff\n", b"520\xf0\x9f\n"] {
        let mut codec = in_flight(&Command::Noop);
        codec.feed(junk);
        let malformed = ProtocolError::Reply { command: "NOOP", reason: ReplyError::Malformed };
        assert_eq!(codec.poll(), Err(malformed));
    }
}

#[test]
fn the_last_of_two_environment_lines_does_not_win() {
    let forged = String::from_utf8(EXAMPLE_ENVIRONMENT.to_vec())
        .unwrap()
        .replace("agi_callerid: 2001\n", "agi_callerid: 2001\nagi_uniqueid: evil\n");
    let mut codec = Codec::new();
    codec.feed(forged.as_bytes());
    assert!(matches!(codec.poll(), Err(ProtocolError::Environment(_))));
}

/// What a caller can achieve with `%0A` in the From header: a complete environment of his own,
/// followed by `reply`, and then the rest of the true one.
fn forged_stream(reply: &str) -> (Vec<u8>, Vec<u8>) {
    let genuine = String::from_utf8(EXAMPLE_ENVIRONMENT.to_vec()).unwrap();
    let (head, rest) = genuine.split_once("agi_calleridname").unwrap();
    let forged = format!("{head}agi_calleridname{rest}{reply}");
    (forged.into_bytes(), format!("\nagi_calleridname{rest}").into_bytes())
}

#[test]
fn a_reply_that_came_before_the_command_poisons_the_session() {
    let mut codec = Codec::new();
    codec.feed(&forged_stream("200 result=1 (yes)\n").0);
    assert!(matches!(codec.poll(), Ok(Some(Incoming::Environment(_)))));
    let unsolicited = Err(SendError::Poisoned(ProtocolError::Unsolicited));
    assert_eq!(codec.send(&Command::Noop), unsolicited);
    assert_eq!(codec.poll(), Err(ProtocolError::Unsolicited));
}

#[test]
fn a_forged_reply_that_comes_late_does_not_repeat_the_nonce() {
    let mut codec = Codec::new();
    let (environment, rest) = forged_stream("");
    codec.feed(&environment);
    assert!(matches!(codec.poll(), Ok(Some(Incoming::Environment(_)))));
    let nonce = Nonce::new([9; 16]);
    codec.send(&Command::GetFullVariable(nonce.clone())).unwrap();
    codec.feed(b"200 result=1 (yes)\n");
    assert_eq!(nonce.verify(&next_reply(&mut codec)), Err(OutOfStep));
    codec.feed(&rest);
    assert_eq!(codec.poll(), Err(ProtocolError::Unsolicited));
}

#[test]
fn the_rest_of_the_true_environment_poisons_the_session() {
    let mut codec = Codec::new();
    let (environment, rest) = forged_stream("");
    codec.feed(&environment);
    assert!(matches!(codec.poll(), Ok(Some(Incoming::Environment(_)))));
    codec.send(&Command::Noop).unwrap();
    codec.feed(&rest);
    let malformed = ProtocolError::Reply { command: "NOOP", reason: ReplyError::Malformed };
    assert_eq!(codec.poll(), Err(malformed));
}

#[test]
fn floods_of_every_kind_end_in_an_error() {
    let floods: [(&[u8], ProtocolError); 4] = [
        (b"x", ProtocolError::LineTooLong),
        (b"HANGUP\n", ProtocolError::TooMuch),
        (b"100 result=0 Trying...\n", ProtocolError::TooMuch),
        (b"520-Invalid command syntax.  Proper usage follows:\n", ProtocolError::TooMuch),
    ];
    for (flood, error) in floods {
        let mut codec = in_flight(&Command::Noop);
        let mut last = Ok(None);
        for _ in 0..5000 {
            if last.is_ok() {
                codec.feed(flood);
                last = codec.poll();
            }
        }
        assert_eq!(last, Err(error));
    }
}

#[test]
fn nothing_shows_the_keys_that_a_caller_typed() {
    let mut codec = in_flight(&get_data());
    codec.feed(b"200 result=98765432\n");
    let reply = next_reply(&mut codec);
    let mut shown = format!("{reply:?} {:?}", Incoming::Reply(reply.clone()));
    shown += &format!("{:?}", get_data().outcome(reply));
    codec.feed(b"200 result=98765432\n");
    let error = codec.poll().unwrap_err();
    shown += &format!("{error:?} {error}");
    assert!(!shown.contains("98765432"), "{shown}");
}
