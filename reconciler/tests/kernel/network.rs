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

/// What `nft flush ruleset` does: deletes every table.
pub(crate) fn flush_ruleset() {
    transact(&[(2, 0, Vec::new())]);
}

/// What `nft` does to make `table inet native { chain in { type filter hook input priority 0; policy drop; } }`.
pub(crate) fn add_native_chain_that_drops() {
    const INET: u8 = 1;
    let attribute = |number: u16, content: &[u8]| {
        let length = u16::try_from(content.len() + 4).unwrap();
        let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let hook = [attribute(1, &1u32.to_be_bytes()), attribute(2, &0u32.to_be_bytes())].concat();
    let chain = [
        attribute(1, b"native\0"),
        attribute(3, b"in\0"),
        attribute(4 | 0x8000, &hook),
        attribute(5, &0u32.to_be_bytes()),
        attribute(7, b"filter\0"),
    ];
    transact(&[(0, INET, attribute(1, b"native\0")), (3, INET, chain.concat())]);
}

/// One transaction of nf_tables: messages, each of a family and with attributes.
fn transact(messages: &[(u16, u8, Vec<u8>)]) {
    use rustix::net::netlink::{NETFILTER, SocketAddrNetlink};
    use rustix::net::{AddressFamily, SendFlags, SocketType};
    const NFTABLES: u8 = 10;
    const REQUEST: u16 = 1;
    const ACKNOWLEDGE: u16 = 4;
    const CREATE: u16 = 0x400;
    let message = |kind: u16, flags: u16, family: u8, body: &[u8]| {
        let mut bytes = u32::try_from(20 + body.len()).unwrap().to_ne_bytes().to_vec();
        bytes.extend([kind.to_ne_bytes(), flags.to_ne_bytes()].concat());
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, family, 0, 0, NFTABLES]);
        bytes.extend(body);
        bytes
    };
    // NFNL_MSG_BATCH_BEGIN and NFNL_MSG_BATCH_END around them.
    let mut batch = message(16, REQUEST, 0, &[]);
    for (kind, family, body) in messages {
        let last = messages.last().is_some_and(|last| last.0 == *kind);
        let flags = REQUEST | CREATE | if last { ACKNOWLEDGE } else { 0 };
        batch.extend(message((u16::from(NFTABLES) << 8) | kind, flags, *family, body));
    }
    batch.extend(message(17, REQUEST, 0, &[]));
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
