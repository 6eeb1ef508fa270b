//! Tests that change the machine they run on get one of their own.

use std::path::Path;
use std::process::Command;

use dialgate_contract::SystemUser;

/// Runs a test of this program in new namespaces, named as options of `unshare`, that are gone afterwards: the program
/// starts itself again there, for the one test that the closure is written in, and runs the shell script `set_up` first.
/// Without root or the `tools`, by their paths, the test says that it was skipped.
pub(crate) fn in_own_namespaces<F: FnOnce()>(
    namespaces: &[&str],
    tools: &[&str],
    set_up: &str,
    body: F,
) {
    const INSIDE: &str = "DIALGATE_TEST_NAMESPACE";
    if std::env::var_os(INSIDE).is_some() {
        sh(set_up);
        return body();
    }
    let path = std::any::type_name::<F>();
    let test = path.split_once("::").unwrap().1.trim_end_matches("::{{closure}}");
    let missing: Vec<_> = tools.iter().filter(|tool| !Path::new(tool).exists()).collect();
    if !SystemUser::is_root() || !missing.is_empty() {
        println!("SKIPPED {test}: needs root and all tools (missing: {missing:?})");
        let required = std::env::var_os("DIALGATE_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "{test} was skipped");
        return;
    }
    let output = command("unshare")
        .args(namespaces)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{test} in its namespace:\n{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.lines().filter(|line| line.starts_with("measured: ")).for_each(|line| println!("{line}"));
}

/// Runs a shell script and returns what it printed.
pub(crate) fn sh(script: &str) -> String {
    let output = command("sh")
        .args(["-ec", script])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tests set the machine up with its tools")]
fn command(program: &str) -> Command {
    Command::new(program)
}
