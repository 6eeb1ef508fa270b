//! Arbitrary bytes as a line of the queue's reader, which root believes to be no more than a line: what is read prints
//! as it was, and any reason to stop arrives as plain text.
#![no_main]

#[path = "../../reconciler/src/reader/line.rs"]
mod line;

use libfuzzer_sys::fuzz_target;
use line::{Line, MAX_LINE};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = Line::parse(bytes) {
        assert!(bytes.len() <= MAX_LINE && bytes.iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert_eq!(read.print().as_bytes(), bytes);
    }
    let failed = Line::failed(&String::from_utf8_lossy(bytes));
    assert_eq!(Line::parse(failed.print().as_bytes()), Ok(failed));
});
