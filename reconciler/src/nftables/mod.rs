//! The kernel's nf_tables, asked by netlink: how often its rules were changed, when they are, and who else drops
//! packets. It is only ever read here; iptables and ipset change it.
//!
//! Numbers are those of `linux/netfilter/nf_tables.h`.

mod events;
mod foreign;
mod message;

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

pub(crate) use events::Events;
pub(crate) use foreign::{ForeignChain, keeping_out};
use message::{DONE, ERROR, messages, request};
pub(crate) use message::{attribute, attributes, name, number, written};

/// The subsystem's number, the upper half of a message's kind.
const NFTABLES: u16 = 10 << 8;
const NEW_CHAIN: u16 = NFTABLES | 3;
const GET_CHAIN: u16 = NFTABLES | 4;
const NEW_RULE: u16 = NFTABLES | 6;
const GET_RULE: u16 = NFTABLES | 7;
const NEW_GENERATION: u16 = NFTABLES | 15;
const GET_GENERATION: u16 = NFTABLES | 16;

const REQUEST: u16 = 1;
/// To be answered even where nothing is to be told.
pub(crate) const ACKNOWLEDGE: u16 = 4;
/// To be told of all there are.
pub(crate) const DUMP: u16 = 0x300;

/// The families whose packets are ours to let in, as nf_tables and its command name them.
const FAMILIES: [(u8, &str); 3] = [(1, "inet"), (2, "ip"), (10, "ip6")];

/// Messages that one question is answered by at most.
const MOST: usize = 100_000;

/// How often the rules have been changed since the machine's start, whoever changed them.
///
/// # Errors
/// When the kernel does not tell: rules of iptables-legacy are not counted.
pub(crate) fn generation() -> io::Result<u32> {
    let answers = ask(GET_GENERATION, 0, 0, &[])?;
    let found = answers.iter().find(|(kind, _)| *kind == NEW_GENERATION);
    let generation = found.and_then(|(_, body)| number(attribute(body, 1)?));
    generation.ok_or_else(|| io::Error::other("nf_tables told no generation"))
}

fn ask(kind: u16, flags: u16, family: u8, body: &[u8]) -> io::Result<Vec<(u16, Vec<u8>)>> {
    Inquiry::open()?.ask(kind, flags, family, body)
}

/// Questions to a part of the kernel's netfilter, one after the other.
pub(crate) struct Inquiry {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl Inquiry {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// When the kernel has no netfilter.
    pub(crate) fn open() -> io::Result<Self> {
        let socket = socket(SocketFlags::CLOEXEC, 0)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(5)))?;
        Ok(Self { socket, buffer: vec![0; 64 * 1024] })
    }

    /// Asks, and waits for all answers: their kinds, and their attributes without the header.
    ///
    /// # Errors
    /// The kernel's, when it refuses.
    pub(crate) fn ask(
        &mut self,
        kind: u16,
        flags: u16,
        family: u8,
        body: &[u8],
    ) -> io::Result<Vec<(u16, Vec<u8>)>> {
        let header: &[u8] = &[family, 0, 0, 0];
        let question = request(kind, REQUEST | flags, &[header, body].concat());
        rustix::net::send(&self.socket, &question, SendFlags::empty())?;
        let mut answers = Vec::new();
        while answers.len() < MOST {
            let buffer = self.buffer.as_mut_slice();
            let (length, _) = rustix::net::recv(&self.socket, buffer, RecvFlags::empty())?;
            for message in messages(self.buffer.get(..length).unwrap_or_default()) {
                match message.kind {
                    DONE => return Ok(answers),
                    ERROR => return refusal(message.body).map_or(Ok(answers), Err),
                    kind => {
                        answers.push((kind, message.body.get(4..).unwrap_or_default().to_vec()));
                    }
                }
            }
            if flags & DUMP == 0 {
                return Ok(answers);
            }
        }
        Err(io::Error::other("netfilter answered without end"))
    }
}

/// The kernel's error number; none when all is well.
fn refusal(body: &[u8]) -> Option<io::Error> {
    let code = body.first_chunk().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
    (code != 0).then(|| io::Error::from_raw_os_error(code.saturating_neg()))
}

fn socket(flags: SocketFlags, groups: u32) -> io::Result<OwnedFd> {
    let protocol = Some(netlink::NETFILTER);
    let socket =
        rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
    rustix::net::bind(socket.as_fd(), &SocketAddrNetlink::new(0, groups))?;
    Ok(socket)
}
