//! Who is connected now and would not get in any more.

use std::net::IpAddr;

use dialgate_contract::{Origin, Ports, Protocol, Service};

use crate::phones::{Phones, Signalling, Trunk, by_address};
use crate::report::LockedOut;
use crate::rights::{Access, Rights};
use crate::ssh_peer::SshPeer;

/// How many names of telephones at one address are told.
const NAMED: usize = 5;

/// Those who would lose access with these rights.
pub(crate) fn locked_out(rights: &Rights, ssh: &[SshPeer], phones: &Phones) -> Vec<LockedOut> {
    let peers = ssh.iter().filter(|peer| {
        !peer.address.is_loopback() && !rights.reaches(peer.address, Protocol::Tcp, peer.port)
    });
    let mut all: Vec<LockedOut> = peers.map(|peer| ssh_peer(rights, *peer)).collect();
    for ((address, by), names) in by_address(&phones.seen) {
        let missing = missing(rights, address, by);
        if !missing.is_empty() {
            let named: Vec<&str> = names.iter().copied().take(NAMED).collect();
            let more = match names.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let who = format!("telephone {}{more}", named.join(", "));
            let remedy = remedy(rights, address, &missing);
            all.push(LockedOut { who, from: address.to_string(), remedy, missing });
        }
    }
    all.extend(phones.trunks.iter().filter_map(|one| trunk(rights, one)));
    all
}

/// A provider gets in when its host is on the allow list, or wherever the DNS says it is.
fn trunk(rights: &Rights, trunk: &Trunk) -> Option<LockedOut> {
    let host = Origin::Host(trunk.host.clone());
    if rights.allow.iter().any(|entry| entry.origin == host) {
        return None;
    }
    let lacking = trunk.addresses.iter().map(|address| missing(rights, *address, trunk.by));
    let missing = match lacking.max_by_key(Vec::len) {
        None => needed(rights, trunk.by),
        Some(missing) if missing.is_empty() => return None,
        Some(missing) => missing,
    };
    let remedy = format!("dialgate allow add {} --services {}", trunk.host, missing.join(","));
    let who = format!("trunk {}", trunk.name);
    Some(LockedOut { who, from: trunk.host.to_string(), missing, remedy: vec![remedy] })
}

fn ssh_peer(rights: &Rights, peer: SshPeer) -> LockedOut {
    let SshPeer { address, port, own } = peer;
    let whose = if own { "you, by SSH" } else { "somebody, by SSH (is it you?)" };
    let has_port = |service: &&Service| match &service.ports {
        Ports::All => false,
        ranges @ Ports::Ranges(_) => ranges.contain(Protocol::Tcp, port),
    };
    let (service, first) = match rights.services.iter().find(has_port) {
        Some(service) => (service.name.to_string(), None),
        None => (format!("tcp{port}"), Some(format!("dialgate service add tcp{port} tcp:{port}"))),
    };
    let missing = vec![service];
    let mut remedy = remedy(rights, address, &missing);
    remedy.splice(0..0, first);
    let who = format!("{whose} to port {port}");
    LockedOut { who, from: address.to_string(), missing, remedy }
}

/// The services that a telephone needs and would not have.
fn missing(rights: &Rights, address: IpAddr, by: Signalling) -> Vec<String> {
    let (signalling, protocol, port) = port(by);
    let speaks = rights.reaches(address, protocol, port);
    let lacks = |name: &String| match rights.service(name) {
        Some(service) => rights.access(address, &service.ports).0 != Access::Open,
        None => rights.access(address, &Ports::All).0 != Access::Open,
    };
    let mut needed = needed(rights, by);
    needed.retain(|name| !(speaks && name == signalling) && lacks(name));
    needed
}

/// The services that an end needs.
fn needed(rights: &Rights, by: Signalling) -> Vec<String> {
    // IAX carries the voice in the same flow (RFC 5456); and without a service for it nobody could be let in to the
    // ports that voice comes to.
    let voice = match by {
        Signalling::Sip | Signalling::Sips | Signalling::WebRtc => rights.service("rtp"),
        Signalling::Iax => None,
    };
    let voice = voice.map(|service| service.name.to_string());
    std::iter::once(port(by).0.to_owned()).chain(voice).collect()
}

/// The service, and the port that Asterisk listens at unless told otherwise.
const fn port(by: Signalling) -> (&'static str, Protocol, u16) {
    match by {
        Signalling::Sip => ("sip", Protocol::Udp, 5060),
        Signalling::Sips => ("sips", Protocol::Tcp, 5061),
        Signalling::WebRtc => ("webrtc", Protocol::Tcp, 8089),
        Signalling::Iax => ("iax", Protocol::Udp, 4569),
    }
}

/// What would let the address in to these services.
fn remedy(rights: &Rights, address: IpAddr, services: &[String]) -> Vec<String> {
    if let Some(denied) = rights.denied(address) {
        return vec![format!("dialgate deny remove {}", denied.network)];
    }
    vec![format!("dialgate allow add {address} --services {}", services.join(","))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phones::Phone;
    use crate::rights::tests::rights;
    use dialgate_contract::ledger::Exempt;

    fn peer(address: &str, port: u16) -> SshPeer {
        SshPeer { address: address.parse().unwrap(), port, own: true }
    }

    fn phones(address: &str, by: Signalling) -> Phones {
        let phone = Phone { name: "6001".to_owned(), address: address.parse().unwrap(), by };
        Phones { seen: [phone].into(), ..Phones::default() }
    }

    fn remedies(lost: &[LockedOut]) -> Vec<&str> {
        lost.iter().flat_map(|lost| lost.remedy.iter().map(String::as_str)).collect()
    }

    #[test]
    fn the_operator_without_a_right_to_his_port_is_named_with_what_lets_him_in() {
        let rights = rights(&[("12.34.56.78", "ssh")], &[]).with_policy(&Exempt::default());
        let lost = |peer| locked_out(&rights, &[peer], &Phones::default());
        assert_eq!(lost(peer("12.34.56.78", 22)), []);
        assert_eq!(lost(peer("127.0.0.1", 22)), []);
        let other = lost(peer("12.34.56.79", 22));
        assert_eq!(remedies(&other), ["dialgate allow add 12.34.56.79 --services ssh"]);
        assert_eq!(
            remedies(&lost(peer("12.34.56.78", 2222))),
            [
                "dialgate service add tcp2222 tcp:2222",
                "dialgate allow add 12.34.56.78 --services tcp2222"
            ]
        );
    }

    #[test]
    fn whoever_is_denied_is_told_that_first() {
        let rights =
            rights(&[("12.34.56.78", "all")], &["12.34.0.0/16"]).with_policy(&Exempt::default());
        let lost = locked_out(&rights, &[peer("12.34.56.78", 22)], &Phones::default());
        assert_eq!(remedies(&lost), ["dialgate deny remove 12.34.0.0/16"]);
    }

    #[test]
    fn a_telephone_needs_its_signalling_and_its_voice() {
        let sip = rights(&[("12.34.56.78", "sip")], &[]).with_policy(&Exempt::default());
        let both = rights(&[("12.34.56.78", "sip rtp")], &[]).with_policy(&Exempt::default());
        let missing = |rights: &Rights, by| -> Vec<String> {
            let lost = locked_out(rights, &[], &phones("12.34.56.78", by));
            lost.into_iter().flat_map(|lost| lost.missing).collect()
        };
        assert_eq!(missing(&sip, Signalling::Sip), ["rtp"]);
        assert_eq!(missing(&both, Signalling::Sip), [""; 0]);
        assert_eq!(missing(&both, Signalling::Sips), [""; 0]);
        assert_eq!(missing(&both, Signalling::Iax), ["iax"]);
        assert_eq!(missing(&both, Signalling::WebRtc), ["webrtc"]);
        let nobody = rights(&[], &[]).with_policy(&Exempt::default());
        assert_eq!(missing(&nobody, Signalling::Sip), ["sip", "rtp"]);
    }

    #[test]
    fn a_provider_gets_in_by_its_name_or_by_where_it_is() {
        let lost = |allow: &[(&str, &str)], addresses: &[&str]| -> Vec<String> {
            let trunk = Trunk {
                name: "mine".to_owned(),
                host: "sip.example.net".parse().unwrap(),
                by: Signalling::Sip,
                addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            };
            let phones = Phones { trunks: vec![trunk], ..Phones::default() };
            let lost =
                locked_out(&rights(allow, &[]).with_policy(&Exempt::default()), &[], &phones);
            remedies(&lost).into_iter().map(str::to_owned).collect()
        };
        let both = ["dialgate allow add sip.example.net --services sip,rtp"];
        assert_eq!(lost(&[], &["12.34.56.78"]), both);
        assert_eq!(lost(&[], &[]), both);
        assert_eq!(lost(&[("sip.example.net", "sip rtp")], &[]), [""; 0]);
        assert_eq!(lost(&[("12.34.56.0/24", "sip rtp")], &["12.34.56.78"]), [""; 0]);
        assert_eq!(lost(&[("12.34.56.78", "all")], &["12.34.56.78", "12.34.57.1"]), both);
    }
}
