//! A network that ends with the demo: this machine's PBX, a traveller and a neighbour, each in a namespace of its own.
//!
//! A namespace has no name and lasts as long as something holds it open, so nothing is left behind however the demo ends.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};

use super::process;

/// The PBX. TEST-NET-1 (RFC 5737): no traveller can have it.
const PBX: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const SIP: u16 = 5060;
/// A datagram between namespaces takes microseconds.
const PATIENCE: Duration = Duration::from_millis(300);

/// The PBX's network, which this process is in, and the two networks beside it.
pub(super) struct Network {
    phone: UdpSocket,
    traveller: Place,
    neighbour: Place,
}

/// Whose datagrams to the PBX's SIP port have arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Arrivals {
    pub(super) traveller: bool,
    pub(super) neighbour: bool,
}

struct Place {
    name: &'static str,
    namespace: File,
}

impl Network {
    /// Moves this process into a network of its own whose firewall lets nothing in. It must have one thread still.
    pub(super) fn build() -> io::Result<Self> {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|error| {
            io::Error::other(format!("a network of its own is not allowed here: {}", error.desc()))
        })?;
        ip("link set lo up")?;
        ip(&format!("address add {PBX}/32 dev lo"))?;
        for tables in ["iptables", "ip6tables"] {
            process::tool(tables, "-P INPUT DROP")?;
            process::tool(tables, "-A INPUT -i lo -j ACCEPT")?;
        }
        let (traveller, neighbour) = (Place::build("traveller")?, Place::build("neighbour")?);
        let phone = UdpSocket::bind((PBX, SIP))?;
        phone.set_read_timeout(Some(PATIENCE))?;
        Ok(Network { phone, traveller, neighbour })
    }

    /// Sends a datagram from `address` and one from the address after it, and looks which arrive.
    pub(super) fn knock(&self, address: Ipv4Addr) -> io::Result<Arrivals> {
        self.traveller.knock(address)?;
        self.neighbour.knock(neighbour_of(address))?;
        let mut arrivals = Arrivals { traveller: false, neighbour: false };
        let mut buffer = [0; 16];
        loop {
            match self.phone.recv_from(&mut buffer) {
                Ok((_, from)) => {
                    arrivals.traveller |= from.ip() == address;
                    arrivals.neighbour |= from.ip() == neighbour_of(address);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(arrivals),
                Err(error) => return Err(error),
            }
        }
    }
}

/// The address that differs from the traveller's by one.
pub(super) fn neighbour_of(address: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from_bits(address.to_bits() ^ 1)
}

impl Place {
    fn build(name: &'static str) -> io::Result<Self> {
        let namespace = elsewhere(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            File::open("/proc/thread-self/ns/net")
        })?;
        let held = format!("/proc/{}/fd/{}", std::process::id(), namespace.as_raw_fd());
        ip(&format!("link add {name} type veth peer name pbx netns {held}"))?;
        ip(&format!("link set {name} up"))?;
        let place = Place { name, namespace };
        place.inside(|| {
            ip("link set pbx up")?;
            ip(&format!("route add {PBX} dev pbx"))
        })?;
        Ok(place)
    }

    fn knock(&self, address: Ipv4Addr) -> io::Result<()> {
        ip(&format!("route replace {address} dev {}", self.name))?;
        self.inside(|| {
            ip(&format!("address replace {address}/32 dev pbx"))?;
            UdpSocket::bind((address, 0))?.send_to(b"knock", (PBX, SIP))?;
            Ok(())
        })
    }

    fn inside<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        elsewhere(|| {
            setns(&self.namespace, CloneFlags::CLONE_NEWNET)?;
            work()
        })
    }
}

/// Does `work` on a thread of its own, which may go into another namespace.
fn elsewhere<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let worker = scope.spawn(work).join();
        worker.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn ip(arguments: &str) -> io::Result<()> {
    process::tool("ip", arguments).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn only_whom_the_firewall_lets_in_arrives() {
        if !nix::unistd::geteuid().is_root() {
            // Not eprintln!, which the test harness keeps to itself.
            let said = writeln!(
                io::stderr(),
                "SKIPPED only_whom_the_firewall_lets_in_arrives: needs root"
            );
            said.unwrap();
            return;
        }
        let network = Network::build().unwrap();
        let address = Ipv4Addr::new(12, 34, 56, 78);
        let arrivals = |traveller, neighbour| Arrivals { traveller, neighbour };
        assert_eq!(network.knock(address).unwrap(), arrivals(false, false));
        process::tool("iptables", "-A INPUT -s 12.34.56.78 -p udp --dport 5060 -j ACCEPT").unwrap();
        assert_eq!(network.knock(address).unwrap(), arrivals(true, false));
        let other = Ipv4Addr::new(12, 34, 56, 79);
        assert_eq!(network.knock(other).unwrap(), arrivals(false, true));
    }
}
