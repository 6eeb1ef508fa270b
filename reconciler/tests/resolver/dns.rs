//! A name server that says whatever it is told to (RFC 1035 section 4).

use std::net::{IpAddr, UdpSocket};
use std::thread;

/// What is said of a name.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// These addresses, each to who asks for its family.
    Addresses(Vec<IpAddr>),
    /// Another name has this address.
    Alias(&'static str, IpAddr),
    /// There is no such name (`NXDOMAIN`).
    NoSuchName,
    /// The server is broken (`SERVFAIL`).
    Failure,
    /// Nothing.
    Silence,
    /// Bytes that are no answer.
    Garbage,
}

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;

/// Serves at 127.0.0.1 until the process ends.
pub(crate) fn serve(says: impl Fn(&str) -> Says + Send + 'static) {
    let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            if let Some(answer) = answer(&query[..length], &says) {
                socket.send_to(&answer, from).unwrap();
            }
        }
    });
}

fn answer(query: &[u8], says: &impl Fn(&str) -> Says) -> Option<Vec<u8>> {
    let (name, end) = name(query);
    let question = &query[12..end + 4];
    let kind = u16::from_be_bytes([query[end], query[end + 1]]);
    let (code, records) = match says(&name) {
        Says::Silence => return None,
        Says::Garbage => return Some([&query[..2], &[0xff; 90]].concat()),
        Says::NoSuchName => (3, Vec::new()),
        Says::Failure => (2, Vec::new()),
        Says::Addresses(addresses) => (0, addresses_of(kind, &[0xc0, 12], &addresses)),
        Says::Alias(other, address) => {
            let other = labels(other);
            let mut records = vec![record(&[0xc0, 12], CNAME, &other)];
            records.append(&mut addresses_of(kind, &other, &[address]));
            (0, records)
        }
    };
    let count = u16::try_from(records.len()).unwrap().to_be_bytes();
    let header = [&query[..2], &[0x81, 0x80 | code, 0, 1], &count, &[0, 0, 0, 0]].concat();
    Some([header, question.to_vec(), records.concat()].concat())
}

fn addresses_of(kind: u16, owner: &[u8], addresses: &[IpAddr]) -> Vec<Vec<u8>> {
    let of_kind = addresses.iter().filter_map(|address| match (kind, address) {
        (A, IpAddr::V4(v4)) => Some(v4.octets().to_vec()),
        (AAAA, IpAddr::V6(v6)) => Some(v6.octets().to_vec()),
        _ => None,
    });
    of_kind.map(|octets| record(owner, kind, &octets)).collect()
}

/// With no time to live at all.
fn record(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [owner, &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 0], &length, data].concat()
}

fn labels(name: &str) -> Vec<u8> {
    let mut labels = Vec::new();
    for label in name.split('.') {
        labels.push(u8::try_from(label.len()).unwrap());
        labels.extend_from_slice(label.as_bytes());
    }
    labels.push(0);
    labels
}

/// The name that is asked for, and where it ends.
fn name(query: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while query[at] > 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).into_owned());
        at = end;
    }
    (labels.join("."), at + 1)
}
