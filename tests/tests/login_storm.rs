//! Hundreds of travellers who log in at the same moment.

use std::collections::BTreeMap;
use std::io::{self, Write};

use dialgate_phone::Transcript;
use dialgate_tests::telephone_side::TelephoneSide;

const MOST_MEMORY: u64 = 150 * 1024;

fn results(calls: &[Transcript]) -> BTreeMap<&str, usize> {
    let mut results = BTreeMap::new();
    for call in calls {
        *results.entry(call.result().unwrap_or("none")).or_default() += 1;
    }
    results
}

/// Past the harness, which keeps what a test that passes prints.
fn say(side: &TelephoneSide, calls: &[Transcript]) {
    let longest = calls.iter().map(|call| call.length).max().unwrap_or_default();
    let memory = side.peak_memory().unwrap_or_default() / 1024;
    let text =
        format!("{} at once: {:?}, {longest:?}, {memory} MiB at most", calls.len(), results(calls));
    let _ = writeln!(io::stderr(), "{text}");
}

#[test]
fn a_hundred_at_once_are_all_let_in() {
    let side = TelephoneSide::start(100, "max-calls = 100").unwrap();
    let calls = side.calls(100).unwrap();
    say(&side, &calls);
    assert_eq!(results(&calls), [("open", 100)].into());
}

#[test]
fn of_five_hundred_some_hear_that_all_lines_are_busy_and_memory_stays_small() {
    let side = TelephoneSide::start(500, "max-calls = 500").unwrap();
    let calls = side.calls(500).unwrap();
    say(&side, &calls);
    let results = results(&calls);
    let count = |result| results.get(result).copied().unwrap_or(0);
    assert!(count("open") >= 100 && count("busy") > 0, "{results:?}");
    assert_eq!(count("open") + count("busy"), 500, "{results:?}");
    let memory = side.peak_memory().unwrap();
    assert!(memory <= MOST_MEMORY, "{memory} KiB");
}
