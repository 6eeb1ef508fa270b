use std::process::Command;

use dialgate_contract::SystemUser;

/// Makes the system's resolver ask this machine, and nobody but it.
const ASK_HERE: &str = "
    ip link set lo up
    mount -t tmpfs tmpfs /mnt
    echo 'nameserver 127.0.0.1' >/mnt/resolv.conf
    echo 'hosts: files dns' >/mnt/nsswitch.conf
    echo '127.0.0.1 localhost' >/mnt/hosts
    for file in resolv.conf nsswitch.conf hosts; do mount --bind /mnt/$file /etc/$file; done
";

/// Runs a test of this program where the DNS is at 127.0.0.1: the program starts itself again there, for the one test
/// that the closure is written in.
pub(crate) fn with_own_dns<F: FnOnce()>(body: F) {
    const INSIDE: &str = "DIALGATE_TEST_NAMESPACE";
    if std::env::var_os(INSIDE).is_some() {
        let output = command("sh").args(["-ec", ASK_HERE]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return body();
    }
    let path = std::any::type_name::<F>();
    let test = path.split_once("::").unwrap().1.trim_end_matches("::{{closure}}");
    if !SystemUser::is_root() {
        println!("SKIPPED {test}: needs root");
        let required = std::env::var_os("DIALGATE_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "{test} was skipped");
        return;
    }
    let output = command("unshare")
        .args(["--net", "--mount"])
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
}

#[expect(clippy::disallowed_methods, reason = "tests make namespaces with the system's tools")]
fn command(program: &str) -> Command {
    Command::new(program)
}
