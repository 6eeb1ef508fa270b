//! The kernel's sets, asked by netlink: which there are, how many entries each has, and whether it has a certain one. They
//! are only ever looked at here; ipset changes them.
//!
//! Numbers are those of `linux/netfilter/ipset/ip_set.h`.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use ipnet::IpNet;

use crate::nftables::{ACKNOWLEDGE, DUMP, Inquiry, attribute, attributes, name, number, written};

/// The subsystem's number, the upper half of a message's kind.
const IPSET: u16 = 6 << 8;
const LIST: u16 = IPSET | 7;
const TEST: u16 = IPSET | 11;
/// Spoken by every kernel since 2011.
const PROTOCOL: u8 = 6;
/// Only what stands above the entries.
const HEADERS: u32 = 4;
/// The answer that an entry is not there (`IPSET_ERR_EXIST`).
const NOT_THERE: i32 = 4103;

const NESTED: u16 = 0x8000;
const NET_ORDER: u16 = 0x4000;

/// What stands above a set's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its name, as it may be shown.
    pub name: String,
    /// Its type and options, and a number of its own by chance, in few letters.
    pub kind: String,
    /// How many entries it has whose time is not over.
    pub entries: usize,
}

/// The sets of this network.
///
/// # Errors
/// When the kernel does not tell.
pub(crate) fn headers() -> io::Result<Vec<Header>> {
    let flags = written(6 | NET_ORDER, &HEADERS.to_be_bytes());
    let body = [written(1, &[PROTOCOL]), flags].concat();
    let answers = Inquiry::open()?.ask(LIST, DUMP, 0, &body)?;
    Ok(answers.iter().filter_map(|(_, body)| header(body)).collect())
}

fn header(body: &[u8]) -> Option<Header> {
    let (set, of_type) = (attribute(body, 2)?, attribute(body, 3)?);
    let data = attribute(body, 7)?;
    let entries = usize::try_from(number(attribute(data, 24)?)?).ok()?;
    let mut hasher = DefaultHasher::new();
    (of_type, attribute(body, 5)).hash(&mut hasher);
    // Not how many entries there are, who refers to it, and the room it takes.
    let changing = [18, 24, 25, 26];
    for option in attributes(data).filter(|(option, _)| !changing.contains(option)) {
        option.hash(&mut hasher);
    }
    Some(Header { name: name(set), kind: format!("{:016x}", hasher.finish()), entries })
}

/// Whether each of these networks is in the set of that name, or for a single host, a network around it.
///
/// # Errors
/// When the kernel does not tell, because there is no such set.
pub(crate) fn have<'a>(entries: impl IntoIterator<Item = (&'a str, IpNet)>) -> io::Result<bool> {
    let mut inquiry = Inquiry::open()?;
    for (set, network) in entries {
        match inquiry.ask(TEST, ACKNOWLEDGE, family(network), &entry(set, network)) {
            Ok(_) => {}
            Err(error) if error.raw_os_error() == Some(NOT_THERE) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn entry(set: &str, network: IpNet) -> Vec<u8> {
    let address = match network {
        IpNet::V4(network) => written(1 | NET_ORDER, &network.addr().octets()),
        IpNet::V6(network) => written(2 | NET_ORDER, &network.addr().octets()),
    };
    let data = [written(1 | NESTED, &address), written(3, &[network.prefix_len()])].concat();
    let set = [set.as_bytes(), b"\0"].concat();
    [written(1, &[PROTOCOL]), written(2, &set), written(7 | NESTED, &data)].concat()
}

const fn family(network: IpNet) -> u8 {
    match network {
        IpNet::V4(_) => 2,
        IpNet::V6(_) => 10,
    }
}
