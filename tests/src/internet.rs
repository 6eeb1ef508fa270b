//! Everybody else: one machine that may send from every address of half of IPv4.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

use crate::host::PBX;
use crate::namespace::{Namespace, command, run};

/// The cable's ends know each other: nobody asks for an address that somebody sends from.
const HERE: &str = "02:00:00:00:00:01";
const THERE: &str = "02:00:00:00:00:02";

/// Who may be anybody from 0.0.0.0 to 127.255.255.255.
#[derive(Debug)]
pub struct Internet {
    namespace: Namespace,
}

impl Internet {
    /// Joins it to the PBX, whose way to everywhere it is from then on.
    ///
    /// # Errors
    /// When `ip` fails, with what it said.
    pub fn join(pbx: &Namespace) -> io::Result<Self> {
        let namespace = Namespace::create()?;
        let (here, there) = (pbx.name(), namespace.name());
        for line in [
            format!(
                "-n {here} link add wan address {HERE} type veth peer name pbx address {THERE} netns {there}"
            ),
            format!("-n {here} addr add {PBX}/32 dev wan"),
            format!("-n {here} link set wan up"),
            format!("-n {here} neigh add 192.0.2.1 lladdr {THERE} dev wan"),
            format!("-n {here} route add default via 192.0.2.1 dev wan onlink"),
            format!("-n {there} link set pbx up"),
            format!("-n {there} neigh add {PBX} lladdr {HERE} dev pbx"),
            format!("-n {there} route add local 0.0.0.0/1 dev lo table local"),
            // More precise than the half of the world that is here.
            format!("-n {there} route add {PBX}/32 dev pbx table local"),
        ] {
            run(command("ip").args(line.split(' ')))?;
        }
        Ok(Self { namespace })
    }

    /// Runs `work` there.
    ///
    /// # Errors
    /// When its namespace cannot be entered.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        self.namespace.enter(work)
    }
}

/// Sends one datagram to a port of the PBX, from an address of the [`Internet`] that this thread has entered.
///
/// # Errors
/// When it cannot be sent.
pub fn send(from: Ipv4Addr, port: u16, text: &[u8]) -> io::Result<()> {
    let socket = UdpSocket::bind(SocketAddrV4::new(from, 0))?;
    socket.send_to(text, SocketAddrV4::new(PBX, port)).map(|_| ())
}
