//! From the confirming key to the first packet let in: programs as they ship, the kernel's real firewall, and a
//! stand-in for Asterisk whose recordings take no time.
//!
//! Two travellers share one account, so that each call lets one of them in and shuts the other out.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dialgate_phone::Transcript;
use dialgate_tests::host::{Host, PBX};
use dialgate_tests::namespace::run;
use dialgate_tests::site::{Site, asking_for};

use crate::sample::Sample;

const MEDIAN_LIMIT: Duration = Duration::from_millis(50);
const P99_LIMIT: Duration = Duration::from_millis(250);
/// Between two datagrams of the traveller who tries to get in.
const INTERVAL: Duration = Duration::from_micros(250);
/// A call takes two seconds at most; this is ten.
const DATAGRAMS: u32 = 40_000;

/// Makes `calls` calls, and prints what they took.
pub(crate) fn measure(calls: u32) -> io::Result<String> {
    let site = Site::start(
        "[lease]\nmax = \"24h\"\naccount-requests-per-hour = 1000000\nsite-requests-per-hour = 1000000\n",
    )?;
    let travellers =
        [site.host(Ipv4Addr::new(12, 34, 56, 78))?, site.host(Ipv4Addr::new(12, 34, 56, 79))?];
    run(site.namespace().command("ipset").args(["create", "floor", "hash:net", "timeout", "60"]))?;
    let (mut packet, mut spoken, mut floor) =
        (Sample::default(), Sample::default(), Sample::default());
    for (_, traveller) in (0..calls).zip(travellers.iter().cycle()) {
        let (transcript, arrived) = call(&site, traveller)?;
        let confirmed =
            transcript.answered("dialgate/confirm-address").ok_or_else(|| unlike(&transcript))?;
        let outcome = transcript
            .delay("dialgate/confirm-address", &["dialgate/open-until"])
            .ok_or_else(|| unlike(&transcript))?;
        packet.push(arrived.saturating_duration_since(transcript.dialled + confirmed));
        spoken.push(outcome);
        floor.push(bare_ipset(&site)?);
    }
    let mut report = Sample::heading(&format!("milliseconds, {calls} calls"));
    report += &packet.line("confirming key to first packet let in");
    report += &spoken.line("confirming key to the outcome's first word");
    report += &floor.line("floor: one `ipset add` by itself");
    let (median, p99) = (packet.percentile(50), packet.percentile(99));
    let ratio = median.as_secs_f64() / floor.percentile(50).as_secs_f64();
    report += &format!("to the first packet: {ratio:.1} times the floor at the median\n");
    let kept = median <= MEDIAN_LIMIT && p99 <= P99_LIMIT;
    report += &format!(
        "limits, 50 ms at the median and 250 ms at p99: {}\n",
        if kept { "kept" } else { "MISSED" }
    );
    Ok(report)
}

/// One call for `traveller`, who sends datagrams all the while; when the first arrived.
fn call(site: &Site, traveller: &Host) -> io::Result<(Transcript, Instant)> {
    let over = AtomicBool::new(false);
    let socket = site.sip();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| send_until(traveller, &over));
        let receiver = scope.spawn(|| first_arrival(socket, traveller));
        let transcript = site.call(asking_for(&traveller.typed()));
        let arrived = receiver.join().map_err(|_| io::Error::other("the receiver failed"))?;
        over.store(true, Ordering::Relaxed);
        sender.join().map_err(|_| io::Error::other("the sender failed"))??;
        drain(socket)?;
        Ok((transcript?, arrived?))
    })
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn first_arrival(socket: &UdpSocket, traveller: &Host) -> io::Result<Instant> {
    let mut bytes = [0; 16];
    loop {
        let (_, from) = socket.recv_from(&mut bytes)?;
        if from.ip() == traveller.address() {
            return Ok(Instant::now());
        }
    }
}

fn send_until(traveller: &Host, over: &AtomicBool) -> io::Result<()> {
    traveller.enter(|| {
        let socket = UdpSocket::bind(SocketAddrV4::new(traveller.address(), 0))?;
        for _ in 0..DATAGRAMS {
            if over.load(Ordering::Relaxed) {
                break;
            }
            socket.send_to(b"?", SocketAddrV4::new(PBX, 5060))?;
            std::thread::sleep(INTERVAL);
        }
        Ok(())
    })?
}

fn drain(socket: &UdpSocket) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    while socket.recv_from(&mut [0; 16]).is_ok() {}
    socket.set_nonblocking(false)
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn bare_ipset(site: &Site) -> io::Result<Duration> {
    // Entering the namespace by a thread keeps the cost of `ip netns exec` out of the figure.
    site.namespace().enter(|| {
        let add = ["-exist", "add", "floor", "12.34.56.1", "timeout", "1"];
        let begun = Instant::now();
        run(std::process::Command::new("ipset").args(add)).map(|_| begun.elapsed())
    })?
}

fn unlike(transcript: &Transcript) -> io::Error {
    io::Error::other(format!("a call went otherwise: {:?}", transcript.prompts()))
}
