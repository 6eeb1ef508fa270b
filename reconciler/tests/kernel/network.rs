use std::path::Path;
use std::process::Command;

use dialgate_contract::SystemUser;

/// Runs a test of this program in a network namespace that is gone afterwards: the program starts itself again
/// there, for the one test that the closure is written in.
pub(crate) fn in_own_network<F: FnOnce()>(body: F) {
    const INSIDE: &str = "DIALGATE_TEST_NAMESPACE";
    if std::env::var_os(INSIDE).is_some() {
        sh("ip link set lo up");
        return body();
    }
    let path = std::any::type_name::<F>();
    let test = path.split_once("::").unwrap().1.trim_end_matches("::{{closure}}");
    let tools = ["ipset", "iptables", "ip6tables", "ip"].map(|tool| format!("/usr/sbin/{tool}"));
    let missing: Vec<_> = tools.iter().filter(|tool| !Path::new(tool).exists()).collect();
    if !SystemUser::is_root() || !missing.is_empty() {
        println!("SKIPPED {test}: needs root and all tools (missing: {missing:?})");
        let required = std::env::var_os("DIALGATE_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "{test} was skipped");
        return;
    }
    let output = command("unshare")
        .arg("--net")
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

/// What `nft flush ruleset` does: one transaction that deletes every table.
pub(crate) fn flush_ruleset() {
    use rustix::net::netlink::{NETFILTER, SocketAddrNetlink};
    use rustix::net::{AddressFamily, SendFlags, SocketType};
    const NFTABLES: u8 = 10;
    let message = |kind: u16, flags: u16| {
        let mut bytes = 20u32.to_ne_bytes().to_vec();
        bytes.extend([kind.to_ne_bytes(), flags.to_ne_bytes()].concat());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NFTABLES]);
        bytes
    };
    // NFNL_MSG_BATCH_BEGIN, NFT_MSG_DELTABLE of nothing in particular, NFNL_MSG_BATCH_END.
    let delete = (u16::from(NFTABLES) << 8) | 2;
    let batch = [message(16, 1), message(delete, 1 | 4), message(17, 1)].concat();
    let socket =
        rustix::net::socket(AddressFamily::NETLINK, SocketType::RAW, Some(NETFILTER)).unwrap();
    rustix::net::bind(&socket, &SocketAddrNetlink::new(0, 0)).unwrap();
    rustix::net::send(&socket, &batch, SendFlags::empty()).unwrap();
    let mut answer = [0; 64];
    let (length, _) =
        rustix::net::recv(&socket, &mut answer, rustix::net::RecvFlags::empty()).unwrap();
    assert!(length >= 20 && answer[16..20] == [0; 4], "{answer:?}");
}

#[expect(clippy::disallowed_methods, reason = "tests set the kernel up with its tools")]
fn command(program: &str) -> Command {
    Command::new(program)
}
