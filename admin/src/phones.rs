//! The telephones that are registered now, as Asterisk tells.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::Deserialize;

/// Where packages and `make install` put it.
pub(crate) const ASTERISK: &str = "/usr/sbin/asterisk";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is read of an answer at most.
const LONGEST: u64 = 4 << 20;

/// A telephone, or another end that Asterisk talks with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Phone {
    /// What Asterisk calls it.
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    pub(crate) by: Signalling,
}

/// How a telephone talks to Asterisk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signalling {
    Sip,
    Sips,
    WebRtc,
    Iax,
}

/// What Asterisk told.
#[derive(Debug, Default)]
pub(crate) struct Phones {
    pub(crate) seen: BTreeSet<Phone>,
    /// What could not be looked at, in words.
    pub(crate) notes: Vec<String>,
}

/// Asks the Asterisk of this machine.
pub(crate) fn find(asterisk: &Path) -> Phones {
    let mut phones = Phones::default();
    if !asterisk.exists() {
        phones
            .notes
            .push(format!("{} is not there: no telephones were looked at", asterisk.display()));
        return phones;
    }
    let mut answers = Vec::new();
    for question in [
        "pjsip show contacts",
        "database show registrar/contact",
        "sip show peers",
        "iax2 show peers",
    ] {
        match ask(asterisk, question) {
            Ok(answer) => answers.push(answer),
            Err(problem) => {
                phones.notes.push(format!("Asterisk was asked `{question}` and {problem}: not all telephones were looked at"));
                return phones;
            }
        }
    }
    if let [contacts, registrar, sip, iax] = answers.as_slice() {
        let registered = self::registrar(registrar);
        let (shown, cut) = self::contacts(contacts);
        let names: BTreeSet<&str> = registered.iter().map(|phone| phone.name.as_str()).collect();
        let lost = cut.iter().filter(|name| !names.contains(name.as_str())).count();
        if lost > 0 {
            phones.notes.push(format!(
                "Asterisk shows {lost} contacts too shortly to tell their addresses"
            ));
        }
        phones.seen.extend(registered.into_iter().chain(shown));
        phones
            .seen
            .extend(peers(sip, Signalling::Sip).into_iter().chain(peers(iax, Signalling::Iax)));
    }
    phones
}

#[expect(
    clippy::disallowed_methods,
    reason = "asks the Asterisk of this machine, and nothing else"
)]
fn ask(asterisk: &Path, question: &str) -> Result<String, String> {
    let mut command = Command::new(asterisk);
    command.args(["-rx", question]).env_clear().env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("could not be started ({error})"))?;
    let answer = listen(&mut child);
    if answer.is_err() {
        // It may have ended by now.
        let _ = child.kill();
    }
    let ended = child.wait();
    let answer = answer?;
    match ended {
        Ok(status) if status.success() => Ok(answer),
        Ok(_) | Err(_) => Err("did not answer (does it run?)".to_owned()),
    }
}

fn listen(child: &mut Child) -> Result<String, String> {
    let Some(output) = child.stdout.take() else { return Err("said nothing".to_owned()) };
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.take(LONGEST).read_to_end(&mut bytes);
        // Nobody listens any more when it took too long.
        let _ = told.send(read.map(|_| bytes));
    });
    match heard.recv_timeout(PATIENCE) {
        Ok(Ok(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(Err(error)) => Err(format!("could not be heard ({error})")),
        Err(_) => Err(format!("did not answer within {} s", PATIENCE.as_secs())),
    }
}

/// `pjsip show contacts`: a line `Contact:  AOR/URI HASH STATUS RTT` each, the first two cut to a width
/// (`cli_contact_print_body` of `res_pjsip/pjsip_options.c`). Those that are cut within the address come second.
fn contacts(text: &str) -> (Vec<Phone>, Vec<String>) {
    let (mut phones, mut cut) = (Vec::new(), Vec::new());
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
            Some((address, by, ended)) if ended || !full => {
                phones.push(Phone { name: name.to_owned(), address, by });
            }
            Some(_) | None if full => cut.push(name.to_owned()),
            Some(_) | None => {}
        }
    }
    (phones, cut)
}

/// What the database keeps of a registration (`res_pjsip_registrar.c`).
#[derive(Deserialize)]
struct Registration {
    uri: String,
}

/// `database show registrar/contact`: a line `/registrar/contact/AOR;@HASH : JSON` each.
fn registrar(text: &str) -> Vec<Phone> {
    let lines = text.lines().filter_map(|line| {
        let (key, value) = line.strip_prefix("/registrar/contact/")?.split_once(": ")?;
        let name = key.split(";@").next()?.trim().to_owned();
        let registration: Registration = serde_json::from_str(value.trim()).ok()?;
        let (address, by, _) = parse_uri(&registration.uri)?;
        Some(Phone { name, address, by })
    });
    lines.collect()
}

/// `sip show peers` and `iax2 show peers`: name and address first, in columns.
fn peers(text: &str, by: Signalling) -> Vec<Phone> {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next()?.split('/').next()?.to_owned();
        let address = words.next()?.parse::<IpAddr>().ok()?.to_canonical();
        Some(Phone { name, address, by })
    });
    lines.collect()
}

/// The address in a SIP URI (RFC 3261, 19.1), how it is reached, and whether something follows the address, so that
/// none of it can be missing. `None` for a name.
fn parse_uri(uri: &str) -> Option<(IpAddr, Signalling, bool)> {
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
    let address = address.parse::<IpAddr>().ok()?.to_canonical();
    let parameters = after.unwrap_or_default().to_ascii_lowercase();
    let by = if parameters.contains("transport=ws") {
        Signalling::WebRtc
    } else if scheme == "sips" || parameters.contains("transport=tls") {
        Signalling::Sips
    } else {
        Signalling::Sip
    };
    Some((address, by, after.is_some()))
}

/// The names of several telephones at one address, for people.
pub(crate) fn by_address(phones: &BTreeSet<Phone>) -> BTreeMap<(IpAddr, Signalling), Vec<&str>> {
    let mut all: BTreeMap<(IpAddr, Signalling), Vec<&str>> = BTreeMap::new();
    for phone in phones {
        all.entry((phone.address, phone.by)).or_default().push(&phone.name);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn phone(name: &str, address: &str, by: Signalling) -> Phone {
        Phone { name: name.to_owned(), address: address.parse().unwrap(), by }
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
    fn an_asterisk_that_is_not_there_or_does_not_answer_is_told_and_no_more() {
        let none = find(Path::new("/nonexistent/asterisk"));
        assert!(none.notes.iter().any(|note| note.contains("/nonexistent/asterisk")));
        let dumb = find(Path::new("/bin/false"));
        assert!(dumb.notes.iter().any(|note| note.contains("does it run?")), "{:?}", dumb.notes);
        assert!(find(Path::new("/bin/true")).notes.is_empty());
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
            prop_assert_eq!(read.map(|(address, by, _)| (address, by)), Some((address, Signalling::Sip)));
        }

        #[test]
        fn whatever_asterisk_says_is_read_without_harm(text in any::<String>()) {
            contacts(&text);
            contacts(&format!("Contact: {text}"));
            registrar(&format!("/registrar/contact/{text}"));
            peers(&text, Signalling::Iax);
        }
    }
}
