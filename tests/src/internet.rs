//! Everybody else: one machine that may send from every address of half of IPv4, and of some of IPv6.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::host::PBX;
use crate::namespace::{Namespace, command, run};

/// The cable's ends know each other: nobody asks for an address that somebody sends from.
const HERE: &str = "02:00:00:00:00:01";
const THERE: &str = "02:00:00:00:00:02";

/// The PBX's address on it.
pub const PBX_V6: Ipv6Addr = Ipv6Addr::new(0x2600, 0, 0, 0, 0, 0, 0, 1);

/// Who may be anybody from 0.0.0.0 to 127.255.255.255, and in 2a00::/12.
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
        for line in [
            format!("-n {here} addr add {PBX_V6}/128 dev wan nodad"),
            format!("-n {there} neigh add {PBX_V6} lladdr {HERE} dev pbx"),
            format!("-n {there} -6 route add {PBX_V6}/128 dev pbx"),
            format!("-n {there} -6 route add local 2a00::/12 dev lo table local"),
        ] {
            run(command("ip").args(line.split(' ')))?;
        }
        // To IPv4 a route is enough.
        namespace.enter(|| std::fs::write("/proc/sys/net/ipv6/ip_nonlocal_bind", "1"))??;
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
pub fn send(from: IpAddr, port: u16, text: &[u8]) -> io::Result<()> {
    let pbx = if from.is_ipv4() { IpAddr::V4(PBX) } else { IpAddr::V6(PBX_V6) };
    let socket = UdpSocket::bind(SocketAddr::new(from, 0))?;
    socket.send_to(text, SocketAddr::new(pbx, port)).map(|_| ())
}
