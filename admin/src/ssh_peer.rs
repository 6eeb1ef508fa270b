//! From where the operator is connected: whoever changes a firewall from afar must not lock himself out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::service;
use dialgate_contract::{Ports, Protocol};
use rusqlite::Connection;

/// An SSH connection to this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SshPeer {
    /// Where it comes from.
    pub(crate) address: IpAddr,
    /// To which port of ours.
    pub(crate) port: u16,
    /// Whether it is certainly the operator's.
    pub(crate) own: bool,
}

/// How far up the tree of processes is looked.
const GENERATIONS: usize = 64;
/// `TCP_ESTABLISHED` of the kernel's `net/tcp_states.h`.
const ESTABLISHED: &str = "01";
/// What sshd sets, the newer one first.
const SSH: [&str; 2] = ["SSH_CONNECTION", "SSH_CLIENT"];
/// What tmux and screen set.
const KEPT: [&str; 2] = ["TMUX", "STY"];

/// The operator's own connection, by what sshd left in the environment of this process or of one it descends from
/// (sudo takes it away); where that says nothing, or may be out of date, everybody's to the ports of the service `ssh`.
pub(crate) fn find(ledger: &Connection) -> Result<Vec<SshPeer>, DatabaseError> {
    let told = from_environment(&own_environment())
        .or_else(|| ancestors().find_map(|environment| from_environment(&environment)));
    let own = match told {
        Some(Told { peer, kept: false }) => return Ok(vec![peer]),
        Some(Told { peer, kept: true }) => Some(peer),
        None => None,
    };
    let services = service::all(ledger)?;
    let ssh = services.iter().find(|service| service.name.as_str() == "ssh");
    let is_ssh = |port| {
        ssh.is_some_and(|service| has_tcp(&service.ports, port))
            || own.is_some_and(|own| own.port == port)
    };
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|table| {
        // A machine without IPv6 has no table of it.
        std::fs::read_to_string(table).ok()
    });
    let peers = tables.flat_map(|table| established(&table)).filter(|peer| is_ssh(peer.port));
    Ok(or_own(peers.collect(), own))
}

/// Those who are connected, each once; where nobody is seen to be, the one that the environment tells of.
fn or_own(mut peers: Vec<SshPeer>, own: Option<SshPeer>) -> Vec<SshPeer> {
    if peers.is_empty() {
        peers.extend(own);
    }
    peers.sort_unstable();
    peers.dedup();
    peers
}

fn has_tcp(ports: &Ports, port: u16) -> bool {
    match ports {
        Ports::All => false,
        Ports::Ranges(ranges) => ranges.iter().any(|range| {
            range.protocol() == Protocol::Tcp && (range.first()..=range.last()).contains(&port)
        }),
    }
}

/// A connection that an environment tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    peer: SshPeer,
    /// By a terminal that is kept while its user goes and comes again from elsewhere: screen's or tmux's.
    kept: bool,
}

/// The variables of this process that are looked at, as the kernel shows those of others.
fn own_environment() -> Vec<u8> {
    let told = SSH.iter().chain(&KEPT).filter_map(|name| Some((name, std::env::var(name).ok()?)));
    told.flat_map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

/// The environments of the processes that this one descends from, as far as they may be read.
fn ancestors() -> impl Iterator<Item = Vec<u8>> {
    let parents = std::iter::successors(parent_of("self"), |process| parent_of(process));
    parents
        .take(GENERATIONS)
        .filter_map(|process| std::fs::read(process_file(&process, "environ")).ok())
}

fn parent_of(process: &str) -> Option<String> {
    let status = std::fs::read_to_string(process_file(process, "status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim();
    (parent != "0").then(|| parent.to_owned())
}

fn process_file(process: &str, name: &str) -> PathBuf {
    ["/proc", process, name].iter().collect()
}

fn from_environment(environment: &[u8]) -> Option<Told> {
    let variables = environment.split(|byte| *byte == 0);
    let variables =
        variables.filter_map(|variable| std::str::from_utf8(variable).ok()?.split_once('='));
    let named = |names: [&'static str; 2]| {
        variables.clone().filter(move |(name, _)| names.contains(name)).map(|(_, value)| value)
    };
    let peer = named(SSH).find_map(from_variable)?;
    Some(Told { peer, kept: named(KEPT).next().is_some() })
}

/// `CLIENT PORT SERVER PORT` or, in the older variable, `CLIENT PORT PORT` (sshd's `session.c`).
fn from_variable(value: &str) -> Option<SshPeer> {
    let words: Vec<&str> = value.split_whitespace().collect();
    if !(3..=4).contains(&words.len()) {
        return None;
    }
    let address = words.first()?.split('%').next()?.parse::<IpAddr>().ok()?.to_canonical();
    Some(SshPeer { address, port: words.last()?.parse().ok()?, own: true })
}

/// The connections that a table such as `/proc/net/tcp` shows, from elsewhere than this machine.
fn established(table: &str) -> Vec<SshPeer> {
    let connections = table.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (here, there, state) = (words.next()?, words.next()?, words.next()?);
        if state != ESTABLISHED {
            return None;
        }
        let address = socket(there)?.ip().to_canonical();
        let peer = SshPeer { address, port: socket(here)?.port(), own: false };
        (!address.is_loopback()).then_some(peer)
    });
    connections.collect()
}

/// An address as words of 32 bits in the machine's own order, and a port, all in hexadecimal (`net/ipv4/tcp_ipv4.c`).
fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |from: usize| {
        let digits = address.get(from * 8..from * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut octets = [0; 16];
            for (index, chunk) in octets.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index)?);
            }
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn peer(address: &str, port: u16) -> SshPeer {
        SshPeer { address: address.parse().unwrap(), port, own: true }
    }

    fn somebody(address: &str) -> SshPeer {
        SshPeer { own: false, ..peer(address, 22) }
    }

    #[test]
    fn what_sshd_leaves_in_the_environment_is_read() {
        for (value, expected) in [
            ("12.34.56.78 50022 10.0.0.1 22", peer("12.34.56.78", 22)),
            ("12.34.56.78 50022 2222", peer("12.34.56.78", 2222)),
            ("::ffff:12.34.56.78 1 ::1 22", peer("12.34.56.78", 22)),
            ("fe80::1%eth0 1 fe80::2%eth0 22", peer("fe80::1", 22)),
        ] {
            assert_eq!(from_variable(value), Some(expected));
        }
        for bad in ["", "x", "12.34.56.78", "12.34.56.78 1", "a b c d", "1.2.3.4 1 2 3 4"] {
            assert_eq!(from_variable(bad), None, "{bad:?}");
        }
        let environment = b"A=1\0SSH_CONNECTION=12.34.56.78 1 10.0.0.1 22\0B=\xff\0";
        let told = |kept| Some(Told { peer: peer("12.34.56.78", 22), kept });
        assert_eq!(from_environment(environment), told(false));
        let kept = b"SSH_CONNECTION=12.34.56.78 1 10.0.0.1 22\0TMUX=/tmp/tmux-0/default,1,0\0";
        assert_eq!(from_environment(kept), told(true));
        assert_eq!(from_environment(b"NOT_SSH_CONNECTION=12.34.56.78 1 2 22\0"), None);
    }

    #[test]
    fn whoever_came_again_from_elsewhere_is_where_his_connection_is() {
        let first = Some(peer("12.34.56.78", 22));
        let now = [somebody("12.34.56.79"), somebody("12.34.56.79")];
        assert_eq!(or_own(now.to_vec(), first), [somebody("12.34.56.79")]);
        assert_eq!(or_own(Vec::new(), first), [peer("12.34.56.78", 22)]);
        assert_eq!(or_own(Vec::new(), None), []);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn established_connections_are_read_from_the_kernels_tables() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr\n\
            0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000\n\
            1: 0100000A:0016 4E38220C:C366 01 00000000:00000000 02:000A7B5D\n\
            2: 0100000A:0016 4F38220C:C366 06 00000000:00000000 02:000A7B5D\n\
            3: 0100007F:0016 0100007F:C366 01 00000000:00000000 02:000A7B5D\n";
        assert_eq!(established(table), [somebody("12.34.56.78")]);
        let six = "head\n0: 0000000000000000FFFF00000100000A:0016 \
            0000000000000000FFFF00004E38220C:1F90 01 0\n\
            1: B80D01200000000000000000010000A0:0016 F804012A000000000000000001000000:1F90 01 0\n";
        assert_eq!(established(six), [somebody("12.34.56.78"), somebody("2a01:4f8::1")]);
    }

    #[test]
    fn nonsense_in_the_tables_is_passed_over() {
        for bad in ["", "x", "h\n0: 1:2 3:4 01", "h\n0: ZZZZZZZZ:0016 00000000:0 01", "h\n0:"] {
            assert_eq!(established(bad), []);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            from_variable(&text);
            from_environment(&bytes);
            established(&format!("head\n0: {text}"));
        }
    }
}
