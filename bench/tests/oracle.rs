//! The measurement of how long it takes to reject a login, small enough to be made at every change.

use std::process::Command;

#[test]
#[expect(clippy::disallowed_methods, reason = "the program is what is tested")]
fn the_time_until_a_login_is_rejected_does_not_tell_why() {
    let bench = env!("CARGO_BIN_EXE_dialgate-bench");
    let output = Command::new(bench).args(["oracle", "--quick", "--sites", "4"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(report.lines().filter(|line| line.ends_with(": kept")).count(), 4, "{report}");
}
