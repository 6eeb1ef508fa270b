//! News of changes: the kernel tells of each transaction when it has been made.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SocketFlags};

use super::message::{attribute, messages, name};
use super::{NEW_GENERATION, socket};

/// The multicast group of nf_tables (`NFNLGRP_NFTABLES`), as a bit.
const GROUP: u32 = 1 << (7 - 1);

/// A socket that is told of every change of the rules.
#[derive(Debug)]
pub(crate) struct Events {
    socket: OwnedFd,
}

impl Events {
    /// Listens from now on.
    ///
    /// # Errors
    /// Without `CAP_NET_ADMIN`, and where the kernel has no nf_tables.
    pub(crate) fn open() -> io::Result<Self> {
        let socket = socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, GROUP)?;
        Ok(Self { socket })
    }

    /// What to poll for reading.
    #[must_use]
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Takes the news that have come, without waiting for any: the programs that have changed something, none of them
    /// twice; `None` when nothing has changed.
    pub(crate) fn take(&mut self) -> Option<Vec<String>> {
        let mut programs: Option<Vec<String>> = None;
        let mut buffer = [0; 16 * 1024];
        // What is left after so many comes with the next call.
        for _ in 0..256 {
            match rustix::net::recv(&self.socket, buffer.as_mut_slice(), RecvFlags::empty()) {
                Ok((length, _)) => {
                    let told = buffer.get(..length).unwrap_or_default();
                    let known = programs.get_or_insert_default();
                    for program in changed_by(told) {
                        if !known.contains(&program) {
                            known.push(program);
                        }
                    }
                }
                // More has changed than there was room to tell of.
                Err(Errno::NOBUFS) => drop(programs.get_or_insert_default()),
                Err(_) => break,
            }
        }
        programs
    }
}

/// The programs that made transactions: each ends with the number of the new generation and who made it.
fn changed_by(told: &[u8]) -> impl Iterator<Item = String> {
    const PROGRAM: u16 = 3;
    messages(told).filter(|message| message.kind == NEW_GENERATION).filter_map(|message| {
        let attributes = message.body.get(4..)?;
        attribute(attributes, PROGRAM).map(name)
    })
}
