//! Whose right has ended while this machine goes on sending to him, where a rule of somebody else lets answers in.

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use dialgate_contract::ledger::{LeaseEnd, lease, loss};
use dialgate_reconciler::firewall::{Firewall, Kernel};
use rustix::net::{AddressFamily, SocketType};

use crate::cable::{Neighbour, TRAVELLER};
use crate::heard::{Heard, fall_silent};
use crate::network::{in_own_network, sh};
use crate::program::{Program, now, until};
use crate::site::entries;

const HERE: &str = "10.98.0.1";
/// The sound of a call has fifty packets a second.
const PACE: Duration = Duration::from_millis(20);
const WORDS: usize = 1500;

#[test]
fn a_call_is_heard_no_more_when_the_last_lease_of_its_address_is_taken_back() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        let mut program = machine();
        program.lease([TRAVELLER.to_owned(), TRAVELLER.to_owned()]);
        program.watch();
        let heard = [call(&neighbour), connection(&neighbour)];
        heard.iter().for_each(Heard::goes_on);
        revoke_one(&program);
        until("the first revocation", Duration::from_secs(5), || nothing_is_lost(&program));
        heard.iter().for_each(Heard::goes_on);
        assert!(!sh("ipset list -name").contains("dg-ended"));
        revoke_one(&program);
        fall_silent(["sound of a call", "connection begun here"].into_iter().zip(&heard));
        let network = format!("{TRAVELLER}/32");
        let ended = entries(&Kernel::new().unwrap().read().unwrap(), "dg-ended-4");
        assert_eq!(ended, [network]);
        // A new lease is all that it takes.
        program.lease([TRAVELLER.to_owned()]);
        heard.iter().for_each(Heard::goes_on);
    });
}

#[test]
fn a_call_is_heard_no_more_when_the_time_of_the_lease_is_over() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        let mut program = machine();
        let (account, services) = ("4711".parse().unwrap(), ["sip".parse().unwrap()].into());
        let (from, end) = (now(), now() + Duration::from_secs(5));
        let address = TRAVELLER.parse().unwrap();
        program
            .ledger()
            .write(|tx| lease::open(tx, &account, address, &services, from, end))
            .unwrap();
        program.watch();
        let heard = [call(&neighbour), connection(&neighbour)];
        heard.iter().for_each(Heard::goes_on);
        until("the end", Duration::from_secs(6), || now() >= end);
        fall_silent(["sound of a call", "connection begun here"].into_iter().zip(&heard));
    });
}

#[test]
fn whom_the_operator_lets_in_by_a_rule_of_his_own_may_still_begin() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        let mut program = machine();
        sh(&format!("iptables -A INPUT -s {TRAVELLER} -j ACCEPT"));
        program.lease([TRAVELLER.to_owned()]);
        program.watch();
        revoke_one(&program);
        until("the revocation", Duration::from_secs(5), || nothing_is_lost(&program));
        assert!(sh("iptables -S DIALGATE").contains("--match-set dg-ended-4 src"));
        let here = UdpSocket::bind((HERE, 5062)).unwrap();
        here.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let there = neighbour.enter(|| UdpSocket::bind((TRAVELLER, 4002)).unwrap());
        for _ in 0..3 {
            there.send_to(b"word", (HERE, 5062)).unwrap();
            let (_, sender) = here.recv_from(&mut [0; 16]).unwrap();
            here.send_to(b"answer", sender).unwrap();
        }
    });
}

/// Somebody else's rule lets through what stands, and everything else is dropped.
fn machine() -> Program {
    sh("iptables -P INPUT DROP
        iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
    Program::new("")
}

fn revoke_one(program: &Program) {
    let mut ledger = program.ledger();
    let open = lease::not_ended(ledger.connection()).unwrap();
    ledger.write(|tx| lease::end(tx, open[0].id, now(), LeaseEnd::Revoked)).unwrap();
}

fn nothing_is_lost(program: &Program) -> bool {
    loss::all(program.ledger().connection()).unwrap().is_empty()
}

/// Sound from here to the traveller and back.
fn call(neighbour: &Neighbour) -> Heard {
    let here = UdpSocket::bind((HERE, 5060)).unwrap();
    let there = neighbour.enter(|| UdpSocket::bind((TRAVELLER, 4000)).unwrap());
    here.send_to(b"sound", (TRAVELLER, 4000)).unwrap();
    there.recv(&mut [0; 16]).unwrap();
    let sending = here.try_clone().unwrap();
    for (socket, to) in [(sending, (TRAVELLER, 4000)), (there, (HERE, 5060))] {
        thread::spawn(move || {
            for _ in 0..WORDS {
                socket.send_to(b"sound", to).unwrap();
                thread::sleep(PACE);
            }
        });
    }
    let heard = Heard::nothing();
    let ear = heard.clone();
    thread::spawn(move || {
        while here.recv(&mut [0; 16]).is_ok() {
            ear.word();
        }
    });
    heard
}

/// A connection from here to the traveller, with words in both directions.
fn connection(neighbour: &Neighbour) -> Heard {
    let listener = neighbour.enter(|| TcpListener::bind((TRAVELLER, 6000)).unwrap());
    let address = |host: &str, port| SocketAddrV4::new(host.parse().unwrap(), port);
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &address(HERE, 5061)).unwrap();
    rustix::net::connect(&socket, &address(TRAVELLER, 6000)).unwrap();
    let mut here = TcpStream::from(socket);
    let (there, _) = listener.accept().unwrap();
    for mut stream in [here.try_clone().unwrap(), there] {
        thread::spawn(move || {
            for _ in 0..WORDS {
                stream.write_all(b"word").unwrap();
                thread::sleep(PACE);
            }
        });
    }
    let heard = Heard::nothing();
    let ear = heard.clone();
    thread::spawn(move || {
        while here.read_exact(&mut [0; 4]).is_ok() {
            ear.word();
        }
    });
    heard
}
