//! What Asterisk prints, read.

use std::net::IpAddr;

use serde::Deserialize;

use super::{End, Place, Signalling};

/// `pjsip show contacts`: a line `Contact:  AOR/URI HASH STATUS RTT` each, the first two cut to a width
/// (`cli_contact_print_body` of `res_pjsip/pjsip_options.c`). Those that are cut within the address come second.
pub(super) fn contacts(text: &str) -> (Vec<End>, Vec<String>) {
    let (mut ends, mut cut) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let Some(rest) = line.trim_start().strip_prefix("Contact:") else { continue };
        let rest = rest.trim_start();
        let (contact, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let Some((name, uri)) = contact.split_once('/') else { continue };
        if uri.starts_with("ContactUri") || after.contains("Unavail") {
            continue;
        }
        // A column that is not full is followed by more than one space.
        let full = !after.starts_with(' ');
        match parse_uri(uri) {
            Some((place, by, ended)) if ended || !full => {
                ends.push(End { name: name.to_owned(), place, by });
            }
            Some(_) | None if full => cut.push(name.to_owned()),
            Some(_) | None => {}
        }
    }
    (ends, cut)
}

/// What the database keeps of a registration (`res_pjsip_registrar.c`).
#[derive(Deserialize)]
struct Registration {
    uri: String,
}

/// `database show registrar/contact`: a line `/registrar/contact/AOR;@HASH : JSON` each.
pub(super) fn registrar(text: &str) -> Vec<End> {
    let lines = text.lines().filter_map(|line| {
        let (key, value) = line.strip_prefix("/registrar/contact/")?.split_once(": ")?;
        let name = key.split(";@").next()?.trim().to_owned();
        let registration: Registration = serde_json::from_str(value.trim()).ok()?;
        let (place, by, _) = parse_uri(&registration.uri)?;
        Some(End { name, place, by })
    });
    lines.collect()
}

/// `sip show peers` and `iax2 show peers`: name and address first, in columns.
pub(super) fn peers(text: &str, by: Signalling) -> Vec<End> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next()?.split('/').next()?.to_owned();
        let address = words.next()?.parse::<IpAddr>().ok()?.to_canonical();
        Some(End { name, place: Place::Address(address), by })
    });
    lines.collect()
}

/// `pjsip show registrations`: a line `NAME/URI AUTH STATUS` each, of which the name is taken.
pub(super) fn registrations(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| {
        let (name, uri) = line.split_whitespace().next()?.split_once('/')?;
        uri.starts_with("sip").then(|| name.to_owned())
    });
    lines.collect()
}

/// The URIs in a parameter of `pjsip show aor NAME` or `pjsip show registration NAME`: a line `PARAMETER : VALUE`.
pub(super) fn parameter(text: &str, parameter: &str, name: &str) -> Vec<End> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let values =
        pairs.filter(|(key, _)| key.trim() == parameter).flat_map(|(_, value)| value.split(','));
    let places = values.filter_map(|uri| parse_uri(uri.trim()));
    places.map(|(place, by, _)| End { name: name.to_owned(), place, by }).collect()
}

/// The place in a SIP URI (RFC 3261, 19.1), how it is reached, and whether something follows the place, so that
/// none of it can be missing.
fn parse_uri(uri: &str) -> Option<(Place, Signalling, bool)> {
    let (scheme, rest) = uri.split_once(':')?;
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let (address, after) = match host.strip_prefix('[') {
        Some(six) => six.split_once(']').map(|(address, after)| (address, Some(after)))?,
        None => match host.find([':', ';', '?', '>']) {
            Some(end) => {
                host.split_at_checked(end).map(|(address, after)| (address, Some(after)))?
            }
            None => (host, None),
        },
    };
    let place = match address.parse::<IpAddr>() {
        Ok(address) => Place::Address(address.to_canonical()),
        Err(_) => Place::Host(address.parse().ok()?),
    };
    let parameters = after.unwrap_or_default().to_ascii_lowercase();
    let by = if parameters.contains("transport=ws") {
        Signalling::WebRtc
    } else if scheme == "sips" || parameters.contains("transport=tls") {
        Signalling::Sips
    } else {
        Signalling::Sip
    };
    Some((place, by, after.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn phone(name: &str, address: &str, by: Signalling) -> End {
        End { name: name.to_owned(), place: Place::Address(address.parse().unwrap()), by }
    }

    fn trunk(name: &str, host: &str) -> End {
        let place = Place::Host(host.parse().unwrap());
        End { name: name.to_owned(), place, by: Signalling::Sip }
    }

    #[test]
    fn contacts_of_pjsip_are_read_and_what_is_cut_is_told() {
        let text = "\n  Contact:  <Aor/ContactUri............................> <Hash....> <Status> <RTT(ms)..>\n\
            ==========================================================================================\n\n  \
            Contact:  6001/sip:6001@12.34.56.78:5060;transport=udp  d2c8ba4ba1 Avail        24.503\n  \
            Contact:  6002/sip:6002@12.34.56.79:40022;transport=TLS 0b1a2c3d4e NonQual         nan\n  \
            Contact:  6003/sip:a-very-long-user-name-indeed@12.34.56. 0b1a2c3d4f Avail     1.0\n  \
            Contact:  6004/sip:a-very-long-user-name-indeed@12.34.5.6 0b1a2c3d50 Avail     1.0\n  \
            Contact:  6005/sip:6005@[2a01:4f8::7]:5060              0b1a2c3d51 Avail     1.0\n  \
            Contact:  6006/sip:6006@12.34.56.80                     0b1a2c3d52 Avail     1.0\n  \
            Contact:  6007/sip:6007@12.34.56.81:1234;transport=wss  0b1a2c3d53 Avail     1.0\n  \
            Contact:  6008/sip:6008@12.34.56.82:5060                0b1a2c3d54 Unavail   nan\n  \
            Contact:  a-rather-long-endpoint-name/sip:a-rather-long- b3ff8ba5bf NonQual        -nan\n  \
            Contact:  trunk/sip:sip.example.net:5060                0b1a2c3d55 Avail     1.0\n\n\
            Objects found: 9\n\n";
        let (phones, cut) = contacts(text);
        assert_eq!(
            phones,
            [
                phone("6001", "12.34.56.78", Signalling::Sip),
                phone("6002", "12.34.56.79", Signalling::Sips),
                phone("6005", "2a01:4f8::7", Signalling::Sip),
                phone("6006", "12.34.56.80", Signalling::Sip),
                phone("6007", "12.34.56.81", Signalling::WebRtc),
                trunk("trunk", "sip.example.net"),
            ]
        );
        assert_eq!(cut, ["6003", "6004", "a-rather-long-endpoint-name"]);
    }

    #[test]
    fn registrations_are_read_whole_from_the_database() {
        let text = "/registrar/contact/6003;@0b1a: {\"via_addr\":\"192.168.1.5\",\"uri\":\"sip:a-very-long-user-name-indeed@12.34.56.80:5060\",\"path\":\"\"}\n\
            /registrar/contact/6004;@0b1b                     : {\"uri\":\"sips:6004@[::ffff:12.34.5.6]:5061\"}\n\
            /registrar/contact/6005;@0b1c: not JSON\n2 results found.\n";
        assert_eq!(
            registrar(text),
            [
                phone("6003", "12.34.56.80", Signalling::Sip),
                phone("6004", "12.34.5.6", Signalling::Sips)
            ]
        );
    }

    #[test]
    fn peers_of_the_older_drivers_are_read() {
        let sip = "Name/username             Host                                    Dyn Forcerport Comedia    ACL Port     Status      Description\n\
            6001/6001                 12.34.56.78                              D  Auto (No)  No             5060     OK (12 ms)\n\
            6002                      (Unspecified)                            D  Auto (No)  No             0        UNKNOWN\n\
            2 sip peers [Monitored: 1 online, 1 offline Unmonitored: 0 online, 0 offline]\n";
        assert_eq!(peers(sip, Signalling::Sip), [phone("6001", "12.34.56.78", Signalling::Sip)]);
        let none = "No such command 'sip show peers' (type 'core show help sip show' for other possible commands)\n";
        assert_eq!(peers(none, Signalling::Iax), []);
    }

    #[test]
    fn trunks_are_named_and_their_servers_read_whole() {
        let text = "\n <Registration/ServerURI..............................>  <Auth....................>  <Status.......>\n\
            ==========================================================================================\n\n \
            a-trunk-with-a-long-name/sip:a-very-long-name-of-a-ser  n/a                         Unregistered      (exp. 1s)\n \
            mytrunk/sip:sip.example.net                             n/a                         Registered        (exp. 7s)\n\n\
            Objects found: 2\n\n";
        assert_eq!(registrations(text), ["a-trunk-with-a-long-name", "mytrunk"]);
        let shown = " ParameterName : ParameterValue\n =====\n client_uri : sip:me@other.example.net\n server_uri               : sip:sip.example.net:5060\n";
        assert_eq!(
            parameter(shown, "server_uri", "mytrunk"),
            [trunk("mytrunk", "sip.example.net")]
        );
        let shown = " contact : sip:6002@12.34.56.78,sips:6003@[2a01:4f8::7]:5061\n";
        assert_eq!(
            parameter(shown, "contact", "6002"),
            [
                phone("6002", "12.34.56.78", Signalling::Sip),
                phone("6002", "2a01:4f8::7", Signalling::Sips)
            ]
        );
    }

    proptest! {
        #[test]
        fn an_address_in_a_uri_is_read_back(
            bits in any::<u128>(),
            four in any::<bool>(),
            user in "[a-z0-9]{0,8}@|",
            rest in "(:[1-9][0-9]{0,3})?(;transport=udp)?",
        ) {
            let (address, written) = if four {
                let address = std::net::Ipv4Addr::from((bits >> 96) as u32);
                (IpAddr::from(address), address.to_string())
            } else {
                let address = std::net::Ipv6Addr::from(bits);
                (IpAddr::from(address).to_canonical(), format!("[{address}]"))
            };
            let read = parse_uri(&format!("sip:{user}{written}{rest}"));
            prop_assert_eq!(read.map(|(place, by, _)| (place, by)), Some((Place::Address(address), Signalling::Sip)));
        }

        #[test]
        fn whatever_asterisk_says_is_read_without_harm(text in any::<String>()) {
            contacts(&text);
            contacts(&format!("Contact: {text}"));
            registrar(&format!("/registrar/contact/{text}"));
            peers(&text, Signalling::Iax);
            registrations(&text);
            parameter(&format!("contact: {text}"), "contact", "x");
        }
    }
}
