//! Every recorded session means what its `.events` file says, however its bytes are cut.

use std::fs;
use std::path::{Path, PathBuf};

use super::recording::{Replay, Step, read};

struct Fixture {
    name: String,
    steps: Vec<Step>,
    events: PathBuf,
}

fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut fixtures: Vec<Fixture> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| Fixture {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            steps: read(&fs::read_to_string(&path).unwrap()),
            events: path.with_extension("events"),
        })
        .collect();
    fixtures.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(fixtures.len() > 30, "only {} recordings in {}", fixtures.len(), folder.display());
    fixtures
}

/// Plays a recording, each received piece cut by `cut`.
fn replay(steps: &[Step], cut: impl Fn(&[u8]) -> Vec<&[u8]>) -> Vec<String> {
    let mut replay = Replay::new();
    for step in steps {
        match step {
            Step::Received(bytes) => cut(bytes).into_iter().for_each(|part| replay.receive(part)),
            Step::Sent(line) => replay.send(line),
        }
        if replay.failed {
            break;
        }
    }
    replay.events
}

#[test]
fn every_recorded_session_means_what_its_events_file_says() {
    let mut failures = String::new();
    for Fixture { name, steps, events } in fixtures() {
        let actual = replay(&steps, |bytes| vec![bytes]).join("\n");
        let expected: Vec<String> = fs::read_to_string(&events)
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(str::to_owned)
            .collect();
        if actual != expected.join("\n") {
            failures += &format!("=== {name}.events should, if it is right, be\n{actual}\n");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn a_session_fed_byte_by_byte_means_the_same() {
    for Fixture { name, steps, .. } in fixtures() {
        let whole = replay(&steps, |bytes| vec![bytes]);
        assert_eq!(replay(&steps, |bytes| bytes.chunks(1).collect()), whole, "{name}");
    }
}

#[test]
fn a_session_cut_at_any_one_byte_means_the_same() {
    for Fixture { name, steps, .. } in fixtures() {
        let whole = replay(&steps, |bytes| vec![bytes]);
        let received = |step: &Step| match step {
            Step::Received(bytes) => bytes.len(),
            Step::Sent(_) => 0,
        };
        let longest = steps.iter().map(received).max().unwrap_or(0);
        for at in 1..longest {
            let cut = replay(&steps, |bytes| match bytes.split_at_checked(at) {
                Some((head, tail)) => vec![head, tail],
                None => vec![bytes],
            });
            assert_eq!(cut, whole, "{name} cut after {at} bytes");
        }
    }
}

#[test]
fn pieces_that_arrive_together_mean_the_same() {
    for Fixture { name, steps, .. } in fixtures() {
        let mut joined: Vec<Step> = Vec::new();
        for step in steps.clone() {
            match (joined.last_mut(), step) {
                (Some(Step::Received(bytes)), Step::Received(more)) => bytes.extend(more),
                (_, step) => joined.push(step),
            }
        }
        let whole = replay(&steps, |bytes| vec![bytes]);
        assert_eq!(replay(&joined, |bytes| vec![bytes]), whole, "{name}");
    }
}
