//! The measurement of the root side, small enough to be made at every change.

use std::process::Command;

use dialgate_tests::real::{self, Need};

#[test]
#[expect(clippy::disallowed_methods, reason = "the program is what is tested")]
fn the_root_side_is_measured_beside_the_kernels_own_tools() {
    let needs = [Need::Root, Need::Tool("ip"), Need::Tool("ipset"), Need::Tool("iptables-legacy")];
    if real::skipped("the_root_side_is_measured_beside_the_kernels_own_tools", &needs) {
        return;
    }
    let bench = env!("CARGO_BIN_EXE_dialgate-bench");
    let output = Command::new(bench).args(["reconciler", "--quick"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.lines().all(|line| line.chars().count() <= 105), "{report}");
    let rows: Vec<usize> = report
        .lines()
        .map(|line| line.split_whitespace().map(str::parse::<f64>).collect::<Vec<_>>())
        .filter(|row| !row.is_empty() && row.iter().all(Result::is_ok))
        .map(|row| row.len())
        .collect();
    assert_eq!(rows, [7, 7, 11, 6, 8, 8], "{report}");
}
