//! Probes from random addresses, as fast as they go, beside datagrams of those who have a right.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use dialgate_tests::internet::{Internet, send};

use crate::arrivals::{LISTED, PORTS};

/// For each datagram of one who has a right, so many probes.
const PROBES: u64 = 100;

/// The senders at work.
pub(crate) struct Storm {
    over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<io::Result<u64>>>,
}

impl Storm {
    /// Sends from now on. The same seed makes the same addresses.
    pub(crate) fn begin(internet: &Arc<Internet>, seed: u64) -> Self {
        let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stop, count, internet) = (Arc::clone(&over), Arc::clone(&sent), Arc::clone(internet));
        let thread = std::thread::spawn(move || internet.enter(|| rage(seed, &stop, &count))?);
        Self { over, sent, thread: Some(thread) }
    }

    /// Probes sent until now.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Ends it: the probes, and the datagrams of those who have a right.
    pub(crate) fn end(mut self) -> (u64, u64) {
        self.over.store(true, Ordering::Relaxed);
        let listed = self.thread.take().unwrap().join().unwrap().unwrap();
        (self.sent(), listed)
    }
}

fn rage(seed: u64, over: &AtomicBool, sent: &AtomicU64) -> io::Result<u64> {
    let (mut random, mut listed) = (seed | 1, 0);
    let mut those = LISTED.into_iter().cycle();
    // Both ports twice, and so both families at each.
    for (port, number) in PORTS.iter().flat_map(|port| [*port; 2]).cycle().zip(1_u64..) {
        if over.load(Ordering::Relaxed) {
            break;
        }
        send(stranger(&mut random, number.is_multiple_of(2)), port, b"probe")?;
        sent.fetch_add(1, Ordering::Relaxed);
        if number.is_multiple_of(PROBES) {
            those.next().map_or(Ok(()), |who| send(who, port, b"listed"))?;
            listed += 1;
            // So that others on this machine get on.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(listed)
}

/// Somebody from 13.0.0.0 to 76.255.255.255 or in 2a01::/16 to 2a0f::/16: xorshift64 (Marsaglia, 2003).
fn stranger(random: &mut u64, six: bool) -> IpAddr {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    let [a, b, c, d, ..] = random.to_le_bytes();
    if !six {
        return Ipv4Addr::new(13 + a % 64, b, c, d).into();
    }
    let network = 0x2a01 + u16::from(a) % 15;
    Ipv6Addr::from((u128::from(network) << 112) | (u128::from(*random) << 32)).into()
}
