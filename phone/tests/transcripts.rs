//! The stand-in answers as a real Asterisk 22.10.1 was recorded to: each file in `transcripts` is such a recording,
//! brought into this form:
//!
//! ```text
//! > COMMAND            a line from the server
//! < REPLY              a line from Asterisk; nothing else may come
//! press KEYS [at MS]   the caller's keys, MS milliseconds into the recording
//! played MS            the recording has ended, after MS milliseconds
//! silence              nobody presses a key in time
//! hang up [at MS]      the caller hangs up
//! without NAME         the recording is not installed
//! ```
#![expect(clippy::expect_used, clippy::panic, reason = "this file is a test from end to end")]

use std::time::Duration;

use dialgate_phone::{CallerId, Channel, Environment, Key, Typeahead};

fn channel() -> Channel {
    let server = ([127, 0, 0, 1], 4573).into();
    let environment = Environment::new(server, CallerId::withheld(), 1, 1_795_159_489);
    let mut channel = Channel::new(&environment, Typeahead::Lost);
    assert!(channel.output().ends_with(b"\n\n"));
    channel
}

/// `rest` without a final ` at MS`, and that many milliseconds.
fn split_position(rest: &str) -> (&str, Duration) {
    let (rest, milliseconds) = rest.split_once(" at ").unwrap_or((rest, "0"));
    (rest, Duration::from_millis(milliseconds.parse().expect("milliseconds")))
}

fn replay(name: &str, text: &str) {
    let mut channel = channel();
    let mut replies: Vec<u8> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let place = format!("{name}:{number}: {line}");
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word != "<" {
            assert_eq!(String::from_utf8_lossy(&replies), "", "unasked for, before {place}");
        }
        match word {
            "#" => {}
            ">" => drop(channel.line(rest.as_bytes())),
            "<" => {
                let expected = [rest.as_bytes(), b"\n"].concat();
                assert!(
                    replies.starts_with(&expected),
                    "{place}\ngot {:?}",
                    String::from_utf8_lossy(&replies)
                );
                replies.drain(..expected.len());
            }
            "press" => {
                let (keys, position) = split_position(rest);
                for key in Key::parse_all(keys).expect("keys") {
                    let _ = channel.key(key, position);
                }
            }
            "played" => {
                let _ = channel.played(Duration::from_millis(rest.parse().expect("milliseconds")));
            }
            "silence" => drop(channel.timed_out()),
            "hang" => drop(channel.hang_up(split_position(rest).1)),
            "without" => channel.remove_sound(rest),
            _ => panic!("{place}: no such step"),
        }
        replies.extend(channel.output());
    }
    assert_eq!(String::from_utf8_lossy(&replies), "", "left over at the end of {name}");
}

#[test]
fn the_stand_in_answers_as_the_recorded_asterisk_does() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");
    let files = std::fs::read_dir(folder).expect("the folder of transcripts");
    let mut names: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    names.sort();
    assert!(names.len() > 10, "transcripts are missing: {names:?}");
    for path in names {
        let text = std::fs::read_to_string(&path).expect("a transcript");
        replay(&path.file_name().unwrap_or_default().to_string_lossy(), &text);
    }
}

#[test]
fn what_asterisk_takes_amiss_is_noted() {
    let mut channel = channel();
    let _ = channel.line(b"GET DATA beep 1000 2000");
    let _ = channel.line(b"NOOP");
    assert_eq!(channel.mistakes().len(), 2, "{:?}", channel.mistakes());
}

#[test]
fn keys_wait_for_the_next_command_when_asked_to() {
    let environment = Environment::new(([127, 0, 0, 1], 1).into(), CallerId::withheld(), 1, 0);
    let mut channel = Channel::new(&environment, Typeahead::Kept);
    let _ = channel.output();
    for key in Key::parse_all("12#3").expect("keys") {
        let _ = channel.key(key, Duration::ZERO);
    }
    let _ = channel.line(b"GET DATA beep 1000 10");
    let _ = channel.line(b"WAIT FOR DIGIT 1000");
    assert_eq!(channel.output(), b"200 result=12\n200 result=51\n");
}

#[test]
fn a_last_line_without_a_line_feed_is_executed_when_the_server_closes() {
    let mut channel = channel();
    let _ = channel.server_closed(b"SET VARIABLE PARTIAL exec");
    assert_eq!(channel.output(), b"200 result=1\nHANGUP\n");
    assert_eq!(channel.variables().get("PARTIAL").map(String::as_str), Some("exec"));
}
