//! Whole calls over TCP, against a server that plays the part of dialgate-agi.
#![expect(clippy::expect_used, reason = "this file is a test from end to end")]

use std::net::SocketAddr;
use std::time::Duration;

use dialgate_phone::{Call, CallError, CallerId, Clock, Ending, Script, Step};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A server that sends these commands one after the other, waits for each reply, and closes.
async fn server(commands: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, commands));
        }
    });
    address
}

async fn serve(stream: TcpStream, commands: &[&str]) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\n" {
        line.clear();
        stream.read_line(&mut line).await.expect("the environment");
    }
    for command in commands {
        stream.write_all(format!("{command}\n").as_bytes()).await.expect("a command");
        line.clear();
        while line.is_empty() || line == "HANGUP\n" {
            line.clear();
            stream.read_line(&mut line).await.expect("a reply");
        }
    }
}

const SESSION: &[&str] = &[
    "ANSWER",
    "STREAM FILE dialgate/welcome \"0123456789*#\"",
    "GET DATA dialgate/enter-account 5000 13",
    "GET DATA dialgate/enter-pin 5000 13",
    "GET DATA dialgate/enter-address 10000 17",
    "SAY ALPHA \"12.34.56.78\" \"0123456789*#\"",
    "GET DATA dialgate/confirm-address 5000 1",
    "STREAM FILE dialgate/open-until \"\"",
    "SAY DATETIME 1795159489 \"\" \"ABdY\" \"Europe/Paris\"",
    "SET VARIABLE \"DIALGATE_RESULT\" \"open\"",
    "HANGUP",
];

fn traveller() -> Script {
    Script::new()
        .on("dialgate/enter-account", "4711#")
        .on("dialgate/enter-pin", "12345678#")
        .on("dialgate/enter-address", "12*34*56*78#")
        .on("dialgate/confirm-address", "1")
}

#[tokio::test]
async fn a_scripted_call_is_heard_typed_and_timed() {
    let address = server(SESSION).await;
    let transcript =
        Call::dial(address, CallerId::number("2001"), traveller()).await.expect("a call");
    assert_eq!(transcript.result(), Some("open"));
    assert_eq!(transcript.ending, Ending::Server);
    assert_eq!(transcript.mistakes, Vec::<String>::new());
    assert_eq!(
        transcript.prompts(),
        ["welcome", "enter-account", "enter-pin", "enter-address", "confirm-address", "open-until"]
            .map(|name| format!("dialgate/{name}"))
    );
    assert_eq!(transcript.pressed.len(), 5 + 9 + 12 + 1);
    assert_eq!(transcript.commands.len(), SESSION.len());
    let delay = transcript.delay("dialgate/confirm-address", &["dialgate/open-until"]);
    assert!(delay.expect("an outcome") < transcript.length);
}

#[tokio::test]
async fn a_hundred_calls_go_on_at_once() {
    let address = server(SESSION).await;
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(Call::dial(address, CallerId::withheld(), traveller())))
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("a task").expect("a call").result(), Some("open"));
    }
}

#[tokio::test]
async fn a_caller_can_hang_up_amid_the_address_and_while_the_server_thinks() {
    let address = server(SESSION).await;
    let amid =
        traveller_until("dialgate/enter-address").hang_up_amid("dialgate/enter-address", "12*3");
    let transcript = Call::dial(address, CallerId::withheld(), amid).await.expect("a call");
    assert_eq!(transcript.ending, Ending::Caller);
    assert_eq!(transcript.prompts().last(), Some(&"dialgate/enter-address"));
    assert_eq!(transcript.result(), Some("open"), "variables may be set after a hang-up");

    let thinking = Script::new().step("dialgate/welcome", Step::HangUpAfter);
    let transcript = Call::dial(address, CallerId::withheld(), thinking).await.expect("a call");
    assert_eq!((transcript.ending, transcript.prompts().len()), (Ending::Caller, 1));
}

fn traveller_until(prompt: &str) -> Script {
    let answers = [("dialgate/enter-account", "4711#"), ("dialgate/enter-pin", "12345678#")];
    answers
        .into_iter()
        .filter(|(name, _)| *name != prompt)
        .fold(Script::new(), |script, (name, keys)| script.on(name, keys))
}

#[tokio::test]
async fn steps_are_taken_in_turn_and_what_is_left_over_meets_the_next_command() {
    const COMMANDS: &[&str] = &[
        "GET DATA a 1000 4",
        "GET DATA a 1000 4",
        "GET DATA a 1000 4",
        "STREAM FILE b \"#\"",
        "STREAM FILE b \"\"",
    ];
    let script = Script::new().step("a", Step::Silence).on("a", "1234#");
    let address = server(COMMANDS).await;
    let transcript = Call::dial(address, CallerId::withheld(), script).await.expect("a call");
    let during: Vec<_> =
        transcript.pressed.iter().filter_map(|press| press.what.as_deref()).collect();
    assert_eq!(
        during.concat(),
        "aaaaabbbbb",
        "the # ends the next entry at once, the rest is pressed amid b"
    );
}

#[tokio::test]
async fn a_recording_takes_its_time_on_a_real_clock() {
    let address = server(&["STREAM FILE abcde \"\"", "GET DATA \"\" 60 4"]).await;
    let call =
        Call::new(address, CallerId::withheld()).clock(Clock::Real(Duration::from_millis(10)));
    let transcript = call.place(&mut Script::new()).await.expect("a call");
    assert!(transcript.length >= Duration::from_millis(110), "{:?}", transcript.length);
    assert_eq!(transcript.ending, Ending::Dialplan);
}

#[tokio::test]
async fn the_automatic_hang_up_ends_a_wait() {
    let address = server(&["SET AUTOHANGUP 0.05", "WAIT FOR DIGIT -1"]).await;
    let transcript =
        Call::dial(address, CallerId::withheld(), Script::new()).await.expect("a call");
    assert_eq!(transcript.ending, Ending::Autohangup);
}

#[tokio::test]
async fn a_call_that_does_not_end_is_given_up() {
    let address = server(&["WAIT FOR DIGIT -1"]).await;
    let call = Call::new(address, CallerId::withheld()).longest(Some(Duration::from_millis(50)));
    let error = call.place(&mut Script::new()).await.expect_err("no end");
    assert!(error.to_string().contains("last command was WAIT FOR DIGIT -1"), "{error}");
}

#[tokio::test]
async fn a_script_with_a_wrong_key_and_a_server_that_is_down_are_errors() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let wrong = Call::dial(address, CallerId::withheld(), Script::new().on("a", "12.34")).await;
    assert!(matches!(wrong, Err(CallError::Script(_))));
    let down = Call::dial(address, CallerId::withheld(), Script::new()).await;
    assert!(matches!(down, Err(CallError::Connect { .. })));
}
