use crate::own_namespace::in_own_namespaces;

pub(crate) use crate::own_namespace::sh;

/// What the kernel's side of a test takes.
const TOOLS: [&str; 4] =
    ["/usr/sbin/ipset", "/usr/sbin/iptables", "/usr/sbin/ip6tables", "/usr/sbin/ip"];

/// Runs a test of this program in a network namespace of its own.
pub(crate) fn in_own_network<F: FnOnce()>(body: F) {
    in_own_namespaces(&["--net"], &TOOLS, "ip link set lo up", body);
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
