//! Arbitrary bytes as the start of an AGI session, cut in two ways that must mean the same.
#![no_main]

use dialgate_agi::protocol::{Codec, Incoming, MAX_BUFFERED, ProtocolError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(play(bytes, bytes.len()), play(bytes, 1));
});

fn play(bytes: &[u8], step: usize) -> (Vec<Incoming>, Option<ProtocolError>) {
    let mut codec = Codec::new();
    let mut events = Vec::new();
    for part in bytes.chunks(step.max(1)) {
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
    for event in &events {
        if let Incoming::Environment(environment) = event {
            let line = format!("{}{}", environment.script(), environment.channel());
            assert!(!line.chars().any(char::is_control));
        }
    }
    (events, None)
}
