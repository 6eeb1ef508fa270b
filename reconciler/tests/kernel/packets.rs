use std::net::UdpSocket;
use std::time::{Duration, Instant};

use dialgate_reconciler::firewall::{Firewall, Kernel, Plan};

use crate::network::{in_own_network, sh};
use crate::site::{settle, sip};

const HERE: &str = "10.99.0.1";
const TRAVELLER: &str = "10.99.0.2";
const STRANGER: &str = "10.99.0.3";

#[test]
fn only_the_travellers_packets_arrive_and_only_until_the_kernel_ends_it() {
    in_own_network(|| {
        for address in [HERE, TRAVELLER, STRANGER] {
            sh(&format!("ip address add {address}/32 dev lo"));
        }
        sh("iptables -A INPUT -p udp --dport 9 -j ACCEPT; iptables -P INPUT DROP");
        let wire = Wire::new();
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &sip(&[]));
        assert_eq!(wire.arrive(), [] as [&str; 0]);
        settle(&mut kernel, &sip(&[(TRAVELLER, 2)]));
        assert_eq!(wire.arrive(), [TRAVELLER]);
        let opened = now();
        while !wire.arrive().is_empty() {
            assert!(opened.elapsed() < Duration::from_secs(4), "it never ends");
            std::thread::sleep(Duration::from_millis(20));
        }
        settle(&mut kernel, &sip(&[(TRAVELLER, 3600)]));
        let counted = |kernel: &mut Kernel| {
            kernel.read().unwrap().packets(format!("{TRAVELLER}/32").parse().unwrap()).unwrap()
        };
        // An entry that has timed out may come back with what it had counted.
        let before = counted(&mut kernel);
        assert_eq!(wire.arrive(), [TRAVELLER]);
        assert_eq!(counted(&mut kernel), before + 1);
        settle(&mut kernel, &sip(&[(TRAVELLER, 9999)]));
        assert_eq!(counted(&mut kernel), before + 1, "more time is no new entry");
        let closings = Plan::closings(&sip(&[]), &kernel.read().unwrap());
        kernel.apply(&closings).unwrap();
        assert_eq!(wire.arrive(), [] as [&str; 0]);
    });
}

/// Sockets of a traveller and of a stranger, and the services that they try to reach.
struct Wire {
    sip: UdpSocket,
    iax: UdpSocket,
    control: UdpSocket,
    callers: Vec<(&'static str, UdpSocket)>,
}

impl Wire {
    fn new() -> Self {
        let [sip, iax] = [5060, 4569].map(|port| UdpSocket::bind((HERE, port)).unwrap());
        sip.set_nonblocking(true).unwrap();
        iax.set_nonblocking(true).unwrap();
        let control = UdpSocket::bind((HERE, 9)).unwrap();
        control.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let callers = [STRANGER, TRAVELLER].map(|from| (from, UdpSocket::bind((from, 0)).unwrap()));
        Self { sip, iax, control, callers: callers.into() }
    }

    /// Whose datagrams arrive at port 5060. Each is followed by one to port 9 that is always let in: when that is
    /// there, the first one is there or never will be.
    fn arrive(&self) -> Vec<&'static str> {
        let arrives = |(from, socket): &(&'static str, UdpSocket)| {
            socket.send_to(b"closed", (HERE, 4569)).unwrap();
            socket.send_to(b"hello", (HERE, 5060)).unwrap();
            socket.send_to(b"control", (HERE, 9)).unwrap();
            self.control.recv(&mut [0; 16]).unwrap();
            assert!(self.iax.recv(&mut [0; 16]).is_err(), "a port that nobody opened is open");
            let (_, sender) = self.sip.recv_from(&mut [0; 16]).ok()?;
            assert_eq!(sender.ip().to_string(), *from);
            Some(*from)
        };
        self.callers.iter().filter_map(arrives).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the kernel's clock ends the entry")]
fn now() -> Instant {
    Instant::now()
}
