//! The child that asks the DNS for one name. Whatever an answer does to the machine's resolver, it does to a process
//! without rights that ends after it.

use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};

use dialgate_contract::{Exit, HostName};

use super::line::Line;
use crate::child::{confine, renounce};

/// Asks for `name`, tells what came of it, and ends.
#[must_use]
pub(crate) fn run(name: &HostName) -> Exit {
    let line = match confine().and_then(|()| renounce()).and_then(|()| ask(name)) {
        Ok(addresses) => Line::addresses(addresses.iter().map(SocketAddr::ip)),
        Err(error) => Line::failed(&error.to_string()),
    };
    let mut parent = io::stdout().lock();
    match writeln!(parent, "{}", line.print()).and_then(|()| parent.flush()) {
        Ok(()) => Exit::Ok,
        Err(_) => Exit::IoErr,
    }
}

/// As every program on this machine does: by what `nsswitch.conf` says. The dot at the end keeps the search list of
/// `resolv.conf` from making another name of it.
fn ask(name: &HostName) -> io::Result<Vec<SocketAddr>> {
    (format!("{name}."), 0).to_socket_addrs().map(Iterator::collect)
}
