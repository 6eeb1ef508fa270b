//! What `nft` does, which need not be installed.

use std::io;

use rustix::net::netlink::{NETFILTER, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType};

const NFTABLES: u8 = 10;
const ANY: u8 = 0;
const FAMILIES: [u8; 2] = [2, 10];
const DELETE_TABLE: u8 = 2;
const DELETE_RULE: u8 = 8;
const BATCH: [u16; 2] = [16, 17];
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;

/// `nft flush ruleset`: every table goes, and every policy with it.
pub(crate) fn flush_ruleset() -> io::Result<()> {
    transact(&message(of(DELETE_TABLE), REQUEST | ACKNOWLEDGE, ANY, &[]))
}

/// `nft flush table ip filter` and `nft flush table ip6 filter`: every rule goes, and policies stay.
pub(crate) fn flush_filter() -> io::Result<()> {
    // Its length, NFTA_RULE_TABLE, and the name, up to a multiple of four bytes.
    let table = [&11_u16.to_ne_bytes()[..], &1_u16.to_ne_bytes(), b"filter\0\0"].concat();
    FAMILIES.iter().try_for_each(|family| {
        transact(&message(of(DELETE_RULE), REQUEST | ACKNOWLEDGE, *family, &table))
    })
}

fn of(message: u8) -> u16 {
    u16::from_be_bytes([NFTABLES, message])
}

fn message(kind: u16, flags: u16, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(20 + body.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend([kind.to_ne_bytes(), flags.to_ne_bytes()].concat());
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, family, 0, 0, NFTABLES]);
    bytes.extend(body);
    bytes
}

fn transact(change: &[u8]) -> io::Result<()> {
    let [begin, end] = BATCH.map(|kind| message(kind, REQUEST, ANY, &[]));
    let socket = rustix::net::socket(AddressFamily::NETLINK, SocketType::RAW, Some(NETFILTER))?;
    rustix::net::bind(&socket, &SocketAddrNetlink::new(0, 0))?;
    rustix::net::send(&socket, &[&begin, change, &end].concat(), SendFlags::empty())?;
    let mut answer = [0; 64];
    let (length, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::empty())?;
    let error = answer.get(16..20).filter(|_| length >= 20);
    match error.and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(-error)),
        None => Err(io::Error::other("nf_tables gave no answer")),
    }
}
