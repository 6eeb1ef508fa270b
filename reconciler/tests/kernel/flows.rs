//! Flows that stand when a right ends, where a rule of somebody else lets through whatever stands.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use dialgate_contract::Network;
use dialgate_contract::config::Anchor;
use dialgate_reconciler::firewall::{Cut, Desired, Firewall, Grant, Kernel, Plan, Time};

use crate::heard::{Heard, fall_silent};
use crate::network::{in_own_network, sh};
use crate::site::{service, settle};

const TRAVELLER: &str = "10.99.0.2";
const OTHER: &str = "10.99.0.3";

#[test]
fn flows_end_when_a_lease_is_taken_back() {
    in_own_network(|| {
        let mut kernel = machine();
        settle(&mut kernel, &leases(&[(TRAVELLER, 3600), (OTHER, 3600)]));
        let (taken, left) = (Talk::begin(TRAVELLER), Talk::begin(OTHER));
        taken.is_heard();
        left.is_heard();
        settle(&mut kernel, &leases(&[(OTHER, 3600)]).silence(ended()));
        taken.falls_silent();
        left.is_heard();
    });
}

#[test]
fn flows_end_when_the_kernel_has_ended_a_lease_by_itself() {
    in_own_network(|| {
        let mut kernel = machine();
        settle(&mut kernel, &leases(&[(TRAVELLER, 2)]));
        let talk = Talk::begin(TRAVELLER);
        talk.is_heard();
        thread::sleep(Duration::from_secs(3));
        talk.is_heard();
        let nobody = leases(&[]);
        assert!(Plan::between(&nobody, &kernel.read().unwrap()).unwrap().is_empty());
        settle(&mut kernel, &nobody.clone().silence(ended()));
        kernel.cut(&cuts(&nobody)).unwrap();
        talk.falls_silent();
    });
}

#[test]
fn flows_go_on_while_another_lease_of_the_address_stands() {
    in_own_network(|| {
        let mut kernel = machine();
        settle(&mut kernel, &leases(&[(TRAVELLER, 3600)]));
        let talk = Talk::begin(TRAVELLER);
        talk.is_heard();
        // Of two leases of the address, one has ended.
        let still = leases(&[(TRAVELLER, 600)]);
        settle(&mut kernel, &still);
        kernel.cut(&cuts(&still)).unwrap();
        talk.is_heard();
        talk.is_heard();
    });
}

/// This machine's address for somebody: whoever connects to it without a word of where from, comes from there.
fn address(from: &str) -> String {
    from.replace("10.99.0.", "10.99.1.")
}

/// Somebody else's rule lets through what stands, and everything else is dropped.
fn machine() -> Kernel {
    for from in [TRAVELLER, OTHER] {
        let here = address(from);
        sh(&format!(
            "ip address add {from}/32 dev lo; ip address add {here}/32 dev lo;
             ip route replace local {here} dev lo src {from} table local"
        ));
    }
    sh(
        "iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -P INPUT DROP",
    );
    Kernel::new().unwrap()
}

fn leases(addresses: &[(&str, u32)]) -> Desired {
    let sip = service("sip", "udp:5060-5069 tcp:5060-5069");
    let grant = |(address, seconds): &(&str, u32)| Grant {
        network: address.parse().unwrap(),
        services: [sip.name.clone()].into(),
        time: Time::For(*seconds),
    };
    let grants: Vec<Grant> = addresses.iter().map(grant).collect();
    Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, std::slice::from_ref(&sip), grants)
}

/// An answer that is on its way when flows are cut would begin one again.
fn ended() -> [(Network, Time); 1] {
    [(TRAVELLER.parse().unwrap(), Time::For(3600))]
}

fn cuts(desired: &Desired) -> Vec<Cut> {
    let services = ["sip".parse().unwrap()].into();
    Cut::of(desired, [(TRAVELLER.parse().unwrap(), &services)])
}

/// Somebody who sends five datagrams a second and writes on a connection as often; each is answered.
struct Talk {
    heard: [Heard; 2],
    ended: Arc<AtomicBool>,
}

impl Talk {
    fn begin(from: &'static str) -> Self {
        let heard = [Heard::nothing(), Heard::nothing()];
        let ended = Arc::new(AtomicBool::new(false));
        let port = if from == OTHER { 5061 } else { 5060 };
        datagrams(from, port, heard[0].clone(), Arc::clone(&ended));
        connection(from, port, heard[1].clone(), Arc::clone(&ended));
        Self { heard, ended }
    }

    fn is_heard(&self) {
        self.heard.iter().for_each(Heard::goes_on);
    }

    /// The last word comes within a second, and none for three.
    fn falls_silent(&self) {
        fall_silent(["datagram", "connection"].into_iter().zip(&self.heard));
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

fn datagrams(from: &'static str, port: u16, heard: Heard, ended: Arc<AtomicBool>) {
    let here = UdpSocket::bind((address(from), port)).unwrap();
    let there = UdpSocket::bind((from, 0)).unwrap();
    let to = format!("{}:{port}", address(from));
    thread::spawn(move || {
        while let Ok((_, sender)) = here.recv_from(&mut [0; 16]) {
            heard.word();
            here.send_to(b"answer", sender).unwrap();
        }
    });
    thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            there.send_to(b"word", &to).unwrap();
            thread::sleep(Duration::from_millis(200));
        }
    });
}

fn connection(from: &'static str, port: u16, heard: Heard, ended: Arc<AtomicBool>) {
    let here = TcpListener::bind((address(from), port)).unwrap();
    let mut there = TcpStream::connect((address(from), port)).unwrap();
    let (mut answering, _) = here.accept().unwrap();
    assert_eq!(there.local_addr().unwrap().ip().to_string(), from);
    thread::spawn(move || {
        while answering.read_exact(&mut [0; 4]).is_ok() {
            heard.word();
            answering.write_all(b"word").unwrap();
        }
    });
    thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) && there.write_all(b"word").is_ok() {
            thread::sleep(Duration::from_millis(200));
        }
    });
}
