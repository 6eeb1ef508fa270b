//! What arrives behind the firewall: real sockets listen, and a rule behind the filter counts.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dialgate_tests::host::PBX;
use dialgate_tests::internet::PBX_V6;
use dialgate_tests::namespace::{Namespace, run};

/// Whoever has a right is here.
pub(crate) const LISTED: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(12, 99, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2a00, 0x99, 0, 0, 0, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::new(12, 99, 0, 2)),
    IpAddr::V6(Ipv6Addr::new(0x2a00, 0x99, 0, 0, 0, 0, 0, 2)),
];
/// The tools of both families, and the network of whoever has a right.
const FAMILIES: [(&str, &str); 2] = [("iptables", "12.99.0.0/24"), ("ip6tables", "2a00:99::/64")];
/// One port of SIP, one of RTP.
pub(crate) const PORTS: [u16; 2] = [5060, 10_000];

/// What has arrived until now.
#[derive(Default)]
struct Seen {
    listed: usize,
    others: usize,
    last_other: Option<Instant>,
}

/// Sockets, and who listens at them.
pub(crate) struct Arrivals {
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Arrivals {
    pub(crate) fn listen(pbx: &Namespace) -> io::Result<Self> {
        for (tool, listed) in FAMILIES {
            for chain in ["-t raw -A PREROUTING", "-t security -A INPUT"] {
                let words =
                    format!("{chain} -p udp -m multiport --dports 5060,10000 ! -s {listed}");
                run(pbx.command(tool).args(words.split(' ')))?;
            }
        }
        let (seen, over) =
            (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let mut threads = Vec::new();
        let addresses = [IpAddr::V4(PBX), IpAddr::V6(PBX_V6)];
        let ends = PORTS.iter().flat_map(|port| addresses.map(|at| SocketAddr::new(at, *port)));
        for end in ends {
            let socket = pbx.enter(|| UdpSocket::bind(end))??;
            socket.set_read_timeout(Some(Duration::from_millis(50)))?;
            let (seen, over) = (Arc::clone(&seen), Arc::clone(&over));
            threads.push(std::thread::spawn(move || hear(&socket, &seen, &over)));
        }
        Ok(Self { seen, over, threads })
    }

    /// How many datagrams came from whoever has a right.
    pub(crate) fn listed(&self) -> usize {
        self.seen.lock().unwrap().listed
    }

    /// How many came from others, and when the last.
    pub(crate) fn others(&self) -> (usize, Option<Instant>) {
        let seen = self.seen.lock().unwrap();
        (seen.others, seen.last_other)
    }

    /// How many datagrams of others reached the machine, and how many of them its filter let through.
    pub(crate) fn counted(pbx: &Namespace) -> io::Result<(u64, u64)> {
        let count_of = |tool: &str, table: &str, chain: &str| {
            let words = ["-t", table, "-nvxL", chain];
            let listing = run(pbx.command(tool).args(words))?;
            let line = listing.lines().find(|line| line.contains("5060,10000")).unwrap_or_default();
            let packets: Option<u64> =
                line.split_whitespace().next().and_then(|count| count.parse().ok());
            packets.ok_or_else(|| io::Error::other(listing.clone()))
        };
        let count = |table: &str, chain: &str| {
            let of = FAMILIES.map(|(tool, _)| count_of(tool, table, chain));
            of.into_iter().sum::<io::Result<u64>>()
        };
        Ok((count("raw", "PREROUTING")?, count("security", "INPUT")?))
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It panics no test that has passed.
            let _ = thread.join();
        }
    }
}

fn hear(socket: &UdpSocket, seen: &Mutex<Seen>, over: &AtomicBool) {
    let mut bytes = [0; 16];
    while !over.load(Ordering::Relaxed) {
        let Ok((_, from)) = socket.recv_from(&mut bytes) else { continue };
        let mut seen = seen.lock().unwrap();
        if LISTED.contains(&from.ip()) {
            seen.listed += 1;
        } else {
            seen.others += 1;
            seen.last_other = Some(now());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "arrivals are read off a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
