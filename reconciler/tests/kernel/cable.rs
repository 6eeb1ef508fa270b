//! Another machine, at the other end of a cable.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::{Child, Command};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::network::sh;

/// Addresses of the other machine.
pub(crate) const NEIGHBOUR: &str = "10.98.0.2";
pub(crate) const TRAVELLER: &str = "81.2.69.142";

/// The other machine.
pub(crate) struct Neighbour(Child);

impl Neighbour {
    /// Here is 10.98.0.1, and a service on each of the ports 5060, 22 and 8080.
    pub(crate) fn join() -> Self {
        let neighbour = Self(command("unshare").args(["--net", "sleep", "60"]).spawn().unwrap());
        let pid = neighbour.0.id();
        sh(&format!(
            "for n in $(seq 100); do
               [ $(readlink /proc/{pid}/ns/net) != $(readlink /proc/self/ns/net) ] && break; sleep 0.02
             done
             ip link add here type veth peer name there netns {pid}
             ip address add 10.98.0.1/24 dev here; ip link set here up
             ip route add default via 10.98.0.2
             nsenter --net=/proc/{pid}/ns/net sh -ec '
               for address in {NEIGHBOUR} {TRAVELLER} 9.9.9.9; do ip address add $address/24 dev there; done
               ip link set there up'"
        ));
        for port in [5060, 22, 8080] {
            let listener = std::net::TcpListener::bind(("0.0.0.0", port)).unwrap();
            std::thread::spawn(move || while listener.accept().is_ok() {});
        }
        neighbour
    }

    /// Does some work on the other machine.
    pub(crate) fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let link = File::open(format!("/proc/{}/ns/net", self.0.id())).unwrap();
        let inside = || {
            move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        };
        std::thread::scope(|scope| scope.spawn(inside).join().unwrap())
    }

    /// Which of the ports can be reached from one of its addresses.
    pub(crate) fn reaches(&self, from: &str) -> [bool; 3] {
        let pid = self.0.id();
        [5060, 22, 8080].map(|port| {
            let tried = sh(&format!(
                "nsenter --net=/proc/{pid}/ns/net sh -ec '
                   ip route replace 10.98.0.1 dev there src {from}
                   timeout 1 bash -c \"exec 3<>/dev/tcp/10.98.0.1/{port}\" 2>&- && echo yes || echo no'"
            ));
            tried == "yes\n"
        })
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests set the kernel up with its tools")]
fn command(program: &str) -> Command {
    Command::new(program)
}
