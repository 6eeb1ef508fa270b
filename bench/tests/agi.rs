//! The measurement of calls, small enough to be made at every change.

use std::process::Command;

#[test]
#[expect(clippy::disallowed_methods, reason = "the program is what is tested")]
fn calls_are_measured_and_end_as_scripted() {
    let bench = env!("CARGO_BIN_EXE_dialgate-bench");
    let output = Command::new(bench).args(["agi", "--quick"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.lines().all(|line| line.chars().count() <= 100), "{report}");
    let rows: Vec<Vec<&str>> = report
        .lines()
        .filter(|line| line.starts_with("dialgate-agi") || line.starts_with("floor"))
        .map(|line| line.get(21..).unwrap().split_whitespace().collect())
        .collect();
    assert_eq!(rows.len(), 12, "{report}");
    // Calls at a time, calls a second and its ratio, processor and its ratio, median, p99, busy, odd.
    for row in rows {
        assert_eq!((row[7], row[8]), ("0", "0"), "{report}");
        assert_ne!(row[3], "0", "{report}");
    }
}
