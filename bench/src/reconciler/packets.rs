//! What rules cost a packet. A stranger's datagrams go from one address of the loopback to another, one at a time, so
//! that the kernel takes each through all rules before the call that sends it returns: the processor time of the sending
//! thread is that of the whole path. A last rule drops them, and what the path takes with that rule alone is taken off.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use dialgate_contract::Service;
use dialgate_contract::config::Anchor;
use dialgate_contract::ledger::{Ledger, service};
use dialgate_reconciler::firewall::{Desired, Firewall, Grant, Kernel, Plan, Time};
use dialgate_tests::namespace::Namespace;
use nix::time::{ClockId, clock_gettime};

use super::extent::Extent;
use super::figures::{heading, row};
use super::site::address;
use super::tools::{printed, restore};

const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const PBX: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 99, 0, 2), 5060);
const DROP: &str = "-A INPUT -p udp -m udp --dport 5060 -j DROP";
/// A burst takes about as long, but has no fewer packets than this, and no more.
const BURST: Duration = Duration::from_millis(20);
const PACKETS: (u32, u32) = (20, 10_000);

/// Of the shipped services, those that a PBX with telephones, browsers and a trunk needs.
const USUAL: [&str; 8] = ["all", "iax", "rtp", "sip", "sips", "ssh", "web", "webrtc"];

/// Eight services that all open the packet's port, so that all of their sets are looked up.
const EIGHT: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// Nanoseconds that N addresses in the rules cost a packet that none of them lets in.
pub(super) fn measure(extent: &Extent) -> io::Result<String> {
    let mut rows = heading(
        "ns of a processor that N addresses cost a stranger's packet, on top of the path without",
        &["N", "path", "shipped", "8 usual", "8 alike", "each", "path", "legacy"],
    );
    for &listed in extent.listed() {
        rows += &costs(listed, extent.bursts())?;
    }
    Ok(rows
        + "shipped: dialgate with the services of a new ledger, N in the two that the packet's port belongs to;\n\
           8 usual: the same with eight of them; 8 alike: dialgate with eight services of that port, N spread\n\
           over them; each: a rule for each of N, by iptables-nft and by iptables-legacy, which has a path of\n\
           its own\n")
}

fn costs(listed: u32, bursts: u32) -> io::Result<String> {
    let (shipped, alike) = (shipped()?, alike()?);
    let mut usual = shipped.clone();
    usual.retain(|service| USUAL.contains(&service.name.as_str()));
    let ours = |services: &[Service], among: &[&str]| ours(services, among, listed);
    let (nft, legacy) = ("iptables", "iptables-legacy");
    let bare = cost(bursts, nft, || Ok(()))?;
    let figures = [
        cost(bursts, nft, || ours(&shipped, &["sip", "all"]))? - bare,
        cost(bursts, nft, || ours(&usual, &["sip", "all"]))? - bare,
        cost(bursts, nft, || ours(&alike, &EIGHT))? - bare,
        cost(bursts, nft, || one_each(nft, listed))? - bare,
    ];
    let bare_legacy = cost(bursts, legacy, || Ok(()))?;
    let legacy = cost(bursts, legacy, || one_each(legacy, listed))? - bare_legacy;
    let mut columns = vec![listed.to_string(), format!("{bare:.0}")];
    columns.extend(figures.map(|figure| format!("{figure:.0}")));
    columns.extend([bare_legacy, legacy].map(|figure| format!("{figure:.0}")));
    Ok(row(&columns))
}

/// Nanoseconds for a packet in a network of its own, with rules that are set up first.
fn cost(
    bursts: u32,
    tool: &str,
    set_up: impl FnOnce() -> io::Result<()> + Send,
) -> io::Result<f64> {
    let namespace = Namespace::create()?;
    namespace.enter(|| {
        for host in [STRANGER, *PBX.ip()] {
            printed("ip", &["address", "add", &format!("{host}/32"), "dev", "lo"])?;
        }
        set_up()?;
        printed(tool, &DROP.split(' ').collect::<Vec<_>>())?;
        per_packet(bursts)
    })?
}

fn per_packet(bursts: u32) -> io::Result<f64> {
    let socket = UdpSocket::bind(SocketAddrV4::new(STRANGER, 0))?;
    socket.connect(PBX)?;
    let (fewest, most) = PACKETS;
    let first = burst(&socket, fewest)?;
    let packets = (BURST.as_secs_f64() / first.as_secs_f64() * f64::from(fewest)).round();
    let packets = (fewest..=most).rev().find(|&most| f64::from(most) <= packets).unwrap_or(fewest);
    let mut taken: Vec<f64> = Vec::new();
    for _ in 0..bursts {
        taken.push(burst(&socket, packets)?.as_secs_f64() * 1e9 / f64::from(packets));
    }
    taken.sort_by(f64::total_cmp);
    taken.get(taken.len() / 2).copied().ok_or_else(|| io::Error::other("no burst was sent"))
}

/// What the processor did for them. Time that it gave to others is not in it.
fn burst(socket: &UdpSocket, packets: u32) -> io::Result<Duration> {
    let clock = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from);
    let begun = clock()?;
    for _ in 0..packets {
        socket.send(b"?")?;
    }
    Ok(clock()?.saturating_sub(begun))
}

fn shipped() -> io::Result<Vec<Service>> {
    let folder = tempfile::tempdir()?;
    let ledger = Ledger::open(&folder.path().join("ledger.db")).map_err(io::Error::other)?;
    service::all(ledger.connection()).map_err(io::Error::other)
}

fn alike() -> io::Result<Vec<Service>> {
    let service = |name: &&str| {
        let (name, ports) = (name.parse(), "udp:5060-5069".parse());
        Ok(Service::new(name.map_err(io::Error::other)?, ports.map_err(io::Error::other)?))
    };
    EIGHT.iter().map(service).collect()
}

/// As dialgate would have it with so many leases, each of one of these services.
fn ours(services: &[Service], among: &[&str], listed: u32) -> io::Result<()> {
    let grants = (0..listed).zip(among.iter().cycle()).map(|(number, service)| {
        let services = [service.parse().map_err(io::Error::other)?].into();
        Ok(Grant { network: address(number)?.into(), services, time: Time::For(3600) })
    });
    let grants = grants.collect::<io::Result<Vec<_>>>()?;
    let chain = "DIALGATE".parse().map_err(io::Error::other)?;
    let desired = Desired::new(chain, Anchor::Auto, services, grants);
    let mut kernel = Kernel::new().map_err(io::Error::other)?;
    let actual = kernel.read().map_err(io::Error::other)?;
    let plan = Plan::between(&desired, &actual).map_err(io::Error::other)?;
    kernel.apply(&plan).map_err(io::Error::other)
}

/// As Travelin' Man 3 has it.
fn one_each(tool: &str, listed: u32) -> io::Result<()> {
    let mut script = "*filter\n:INPUT ACCEPT [0:0]\n".to_owned();
    for number in 0..listed {
        // Writing to a string cannot fail.
        let _ = writeln!(script, "-A INPUT -s {}/32 -j ACCEPT", address(number)?);
    }
    restore(&format!("{tool}-restore"), &[], &(script + "COMMIT\n")).map(|_| ())
}
