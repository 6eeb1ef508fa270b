use std::net::UdpSocket;
use std::time::Duration;

use dialgate_contract::Network;
use dialgate_contract::config::Anchor;
use dialgate_reconciler::firewall::{
    BasePolicy, Denial, Desired, Family, Firewall, Grant, Kernel, Plan, Time,
};

use crate::cable::{NEIGHBOUR, Neighbour, TRAVELLER};
use crate::network::{in_own_network, sh};
use crate::site::{service, settle};

#[test]
fn the_kernel_shows_every_rule_as_it_was_given() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        for trial in [Some(60), None] {
            // That nothing is left to do afterwards is part of settling.
            let plan = settle(&mut kernel, &alone(trial, &[]));
            assert!(!plan.is_empty());
        }
        assert!(sh("ip6tables -S DIALGATE").contains("--icmpv6-type 135 -m hl --hl-eq 255"));
        settle(&mut kernel, &site(&[]).silence(ended()));
        assert!(sh("iptables -S DIALGATE; ip6tables -S DIALGATE").contains("dg-ended-6 src"));
        settle(&mut kernel, &site(&[]));
        assert_eq!(
            sh("ipset list -name | grep -c -e dg-lan -e dg-trial -e dg-ended || true"),
            "0\n"
        );
        assert!(!sh("iptables -S DIALGATE; ip6tables -S DIALGATE").contains("DROP"));
    });
}

#[test]
fn the_older_kind_of_tables_shows_every_rule_as_it_was_given() {
    in_own_network(|| {
        let denied = Denial { network: "9.9.9.0/24".parse().unwrap(), time: Time::Always };
        let desired = [alone(Some(60), &[]).deny([denied]), site(&[]).silence(ended())];
        sh("for set in deny ended lan sip ssh trial; do
              ipset create dg-$set-4 hash:net family inet timeout 60
              ipset create dg-$set-6 hash:net family inet6 timeout 60
            done");
        for (family, tool) in [(Family::V4, "iptables-legacy"), (Family::V6, "ip6tables-legacy")] {
            let rules = desired.iter().flat_map(|desired| desired.rules(family));
            let rules: Vec<String> = rules.map(|rule| format!("-A DIALGATE {rule}\n")).collect();
            let script = format!("*filter\n:DIALGATE - [0:0]\n{}COMMIT\n", rules.concat());
            sh(&format!("{tool}-restore --noflush <<'END'\n{script}END"));
            assert_eq!(sh(&format!("{tool}-save -t filter | grep '^-A'")), rules.concat());
        }
    });
}

#[test]
fn whoever_has_no_right_is_kept_out_and_whoever_has_one_is_let_in() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &alone(None, &[(TRAVELLER, 3600)]));
        // Of the machine's own ports, whoever is in the LAN reaches all of them.
        assert_eq!(neighbour.reaches(NEIGHBOUR), [true, true, true]);
        assert_eq!(neighbour.reaches(TRAVELLER), [true, true, false]);
        assert_eq!(neighbour.reaches("9.9.9.9"), [false, true, false]);
        sh("bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080'");
        let denied = ["10.98.0.0/24", "81.2.69.142"];
        let denials = denied
            .map(|network| Denial { network: network.parse().unwrap(), time: Time::For(600) });
        settle(&mut kernel, &alone(None, &[(TRAVELLER, 3600)]).deny(denials));
        assert_eq!(neighbour.reaches(NEIGHBOUR), [false, false, false]);
        assert_eq!(neighbour.reaches(TRAVELLER), [false, false, false]);
        assert_eq!(neighbour.reaches("9.9.9.9"), [false, true, false]);
        settle(&mut kernel, &site(&[]));
        assert_eq!(neighbour.reaches("9.9.9.9"), [true, true, true]);
    });
}

#[test]
fn a_trial_keeps_nobody_out_when_its_time_is_over_and_nobody_acts() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &alone(Some(3), &[]));
        assert_eq!(neighbour.reaches("9.9.9.9"), [false, true, false]);
        std::thread::sleep(Duration::from_millis(3500));
        assert_eq!(neighbour.reaches("9.9.9.9"), [true, true, true]);
        // A confirmation that comes in time leaves no moment in between.
        settle(&mut kernel, &alone(Some(3), &[]));
        settle(&mut kernel, &alone(None, &[]));
        std::thread::sleep(Duration::from_millis(3500));
        assert_eq!(neighbour.reaches("9.9.9.9"), [false, true, false]);
        assert!(Plan::between(&alone(None, &[]), &kernel.read().unwrap()).unwrap().is_empty());
    });
}

/// A call's sound is sent from here, whatever comes back: each datagram would begin the flow again that was cut.
#[test]
fn nothing_arrives_from_whom_the_machine_still_sends_to_when_his_lease_is_over() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        sh("iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &alone(None, &[(TRAVELLER, 3600)]));
        let here = UdpSocket::bind("10.98.0.1:5060").unwrap();
        here.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let there = neighbour.enter(|| UdpSocket::bind((TRAVELLER, 4000)).unwrap());
        let (sending, back) = (here.try_clone().unwrap(), there.local_addr().unwrap());
        there.connect(here.local_addr().unwrap()).unwrap();
        for socket in [there, sending] {
            std::thread::spawn(move || {
                loop {
                    // Where the sender is kept out, the kernel says so to nobody.
                    let _ = socket.send(b"sound").or_else(|_| socket.send_to(b"sound", back));
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        for _ in 0..50 {
            here.recv_from(&mut [0; 16]).unwrap();
        }
        settle(&mut kernel, &alone(None, &[]));
        while here.set_nonblocking(true).is_ok() && here.recv_from(&mut [0; 16]).is_ok() {}
        here.set_nonblocking(false).unwrap();
        assert!(here.recv_from(&mut [0; 16]).is_err(), "it is heard after its lease is over");
    });
}

/// Telephones for leases, a login for everybody.
fn site(leases: &[(&str, u32)]) -> Desired {
    let services = [service("sip", "tcp:5060-5069 udp:5060-5069"), service("ssh", "tcp:22")];
    let grants = leases.iter().map(|(address, seconds)| Grant {
        network: address.parse().unwrap(),
        services: ["sip".parse().unwrap()].into(),
        time: Time::For(*seconds),
    });
    Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, &services, grants)
}

/// Whose right has ended, of both families.
fn ended() -> [(Network, Time); 2] {
    ["81.2.69.142", "2a01:4f8::/64"].map(|network| (network.parse().unwrap(), Time::For(600)))
}

/// The same as [`site`], and everybody else is kept out.
fn alone(trial: Option<u32>, leases: &[(&str, u32)]) -> Desired {
    let lan = ["10.98.0.0/24", "fd00::/64"].map(|network| network.parse().unwrap()).into();
    let open = ["ssh".parse().unwrap()].into();
    site(leases).keep_others_out(BasePolicy { trial, lan, open })
}
