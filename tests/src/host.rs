//! Other machines on the network: namespaces that are joined to the PBX by a cable of their own.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

use crate::namespace::{Namespace, command, run};

/// The PBX's address on every cable.
pub const PBX: Ipv4Addr = Ipv4Addr::new(81, 2, 69, 142);

/// A machine with one address.
#[derive(Debug)]
pub struct Host {
    namespace: Namespace,
    address: Ipv4Addr,
}

impl Host {
    /// Joins a new machine at `address` to the PBX.
    ///
    /// # Errors
    /// When `ip` fails, with what it said.
    pub fn join(pbx: &Namespace, address: Ipv4Addr) -> io::Result<Self> {
        let namespace = Namespace::create()?;
        let cable = format!("to-{:08x}", u32::from(address));
        let (here, there) = (pbx.name(), namespace.name());
        let (host, pbx_address) = (format!("{address}/32"), format!("{PBX}/32"));
        for line in [
            vec![
                "-n", here, "link", "add", &cable, "type", "veth", "peer", "name", "pbx", "netns",
                there,
            ],
            vec!["-n", here, "addr", "add", &pbx_address, "dev", &cable],
            vec!["-n", here, "link", "set", &cable, "up"],
            vec!["-n", here, "route", "add", &host, "dev", &cable],
            vec!["-n", there, "addr", "add", &host, "dev", "pbx"],
            vec!["-n", there, "link", "set", "pbx", "up"],
            vec!["-n", there, "route", "add", &pbx_address, "dev", "pbx"],
        ] {
            run(command("ip").args(line))?;
        }
        Ok(Self { namespace, address })
    }

    /// Its address.
    #[must_use]
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The address as it is typed on a telephone, without the `#`.
    #[must_use]
    pub fn typed(&self) -> String {
        self.address.to_string().replace('.', "*")
    }

    /// Runs `work` on this machine.
    ///
    /// # Errors
    /// When its namespace cannot be entered.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        self.namespace.enter(work)
    }

    /// Sends one datagram to a port of the PBX.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn send(&self, port: u16, text: &[u8]) -> io::Result<()> {
        self.enter(|| {
            let socket = UdpSocket::bind(SocketAddrV4::new(self.address, 0))?;
            socket.send_to(text, SocketAddrV4::new(PBX, port)).map(|_| ())
        })?
    }
}
