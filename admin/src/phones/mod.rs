//! The telephones and trunks that Asterisk talks with now, as it tells.

mod dns;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use dialgate_contract::HostName;

use crate::asterisk;

/// How many ends are asked for one by one, at most.
const ONE_BY_ONE: usize = 50;

/// A telephone, or another end that Asterisk knows by its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Phone {
    /// What Asterisk calls it.
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    pub(crate) by: Signalling,
}

/// An end that Asterisk knows by its host's name, such as a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trunk {
    /// What Asterisk calls it.
    pub(crate) name: String,
    pub(crate) host: HostName,
    pub(crate) by: Signalling,
    /// Where the host is; none when the DNS did not say.
    pub(crate) addresses: Vec<IpAddr>,
}

/// How an end talks to Asterisk.
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
    pub(crate) trunks: Vec<Trunk>,
    /// What could not be looked at, in words.
    pub(crate) notes: Vec<String>,
}

/// An end, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    name: String,
    place: Place,
    by: Signalling,
}

/// Where an end is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Address(IpAddr),
    Host(HostName),
}

/// Asks the Asterisk of this machine.
pub(crate) fn find(asterisk: &Path) -> Phones {
    let mut phones = Phones::default();
    if !asterisk.exists() {
        let note = format!("{} is not there: no telephones were looked at", asterisk.display());
        phones.notes.push(note);
        return phones;
    }
    let mut cut = BTreeSet::new();
    match ends(asterisk, &mut cut) {
        Ok(ends) => phones.sort(ends, &mut cut),
        Err(problem) => phones.notes.push(format!("{problem}: no telephones were looked at")),
    }
    if !cut.is_empty() {
        let names = cut.into_iter().collect::<Vec<_>>().join(", ");
        phones.notes.push(format!("where Asterisk finds these could not be told: {names}"));
    }
    phones
}

/// All ends. Those in `cut` are known to Asterisk, but where they are could not be read.
fn ends(asterisk: &Path, cut: &mut BTreeSet<String>) -> Result<BTreeSet<End>, String> {
    let ask = |question: &str| {
        let answer = asterisk::ask(asterisk, question);
        answer.map_err(|problem| format!("Asterisk was asked `{question}` and {problem}"))
    };
    let registered = parse::registrar(&ask("database show registrar/contact")?);
    let (shown, hidden) = parse::contacts(&ask("pjsip show contacts")?);
    let known: BTreeSet<String> = registered.iter().map(|end| end.name.clone()).collect();
    let mut ends: BTreeSet<End> = registered.into_iter().chain(shown).collect();
    ends.extend(parse::peers(&ask("sip show peers")?, Signalling::Sip));
    ends.extend(parse::peers(&ask("iax2 show peers")?, Signalling::Iax));
    let hidden = hidden.into_iter().filter(|name| !known.contains(name));
    for name in few(hidden.collect(), String::clone, cut) {
        let mut found = Vec::new();
        if is_plain(&name) {
            let shown = ask(&format!("pjsip show aor {name}"))?;
            found = parse::parameter(&shown, "contact", &name);
        }
        if found.is_empty() {
            cut.insert(name);
        }
        ends.extend(found);
    }
    let trunks = parse::registrations(&ask("pjsip show registrations")?);
    let (trunks, odd): (Vec<_>, Vec<_>) = trunks.into_iter().partition(|name| is_plain(name));
    cut.extend(odd);
    for name in few(trunks, String::clone, cut) {
        let shown = ask(&format!("pjsip show registration {name}"))?;
        ends.extend(parse::parameter(&shown, "server_uri", &name));
    }
    Ok(ends)
}

/// The first of them, and not more than can be asked for; the names of the rest go to `cut`.
fn few<T>(mut all: Vec<T>, name: impl Fn(&T) -> String, cut: &mut BTreeSet<String>) -> Vec<T> {
    let rest = all.split_off(all.len().min(ONE_BY_ONE));
    cut.extend(rest.iter().map(name));
    all
}

/// Whether a name can be part of a command to Asterisk.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte))
}

impl Phones {
    fn sort(&mut self, ends: BTreeSet<End>, cut: &mut BTreeSet<String>) {
        let mut hosts = Vec::new();
        for End { name, place, by } in ends {
            match place {
                Place::Address(address) => {
                    self.seen.insert(Phone { name, address, by });
                }
                Place::Host(host) => hosts.push((name, host, by)),
            }
        }
        let hosts = few(hosts, |(name, ..)| name.clone(), cut);
        let names: Vec<HostName> = hosts.iter().map(|(_, host, _)| host.clone()).collect();
        let trunks = hosts.into_iter().zip(dns::resolve(&names));
        let trunks =
            trunks.map(|((name, host, by), addresses)| Trunk { name, host, by, addresses });
        self.trunks.extend(trunks);
    }
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
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn an_asterisk_that_is_not_there_or_does_not_answer_is_told_and_no_more() {
        let none = find(Path::new("/nonexistent/asterisk"));
        assert!(none.notes.iter().any(|note| note.contains("/nonexistent/asterisk")));
        let dumb = find(Path::new("/bin/false"));
        assert!(dumb.notes.iter().any(|note| note.contains("does it run?")), "{:?}", dumb.notes);
        assert!(find(Path::new("/bin/true")).notes.is_empty());
    }

    #[test]
    fn every_end_is_asked_for_until_its_place_is_known() {
        let asterisk = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand-in/asterisk");
        let phones = find(&asterisk);
        let seen: Vec<_> =
            phones.seen.iter().map(|phone| (phone.name.as_str(), phone.by)).collect();
        let expected = [
            ("6001", Signalling::Sip),
            ("long-name", Signalling::Sip),
            ("mytrunk", Signalling::Sips),
        ];
        assert_eq!((seen.as_slice(), phones.notes.len()), (expected.as_slice(), 0));
    }

    #[test]
    fn ends_that_are_too_many_to_be_asked_for_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let asterisk = folder.path().join("asterisk");
        let script = "#!/bin/sh\ncase \"$2\" in 'pjsip show contacts')\n\
            for n in $(seq 10 61); do echo \"  Contact:  long-$n/sip:a-long-user-name-and-more@ b3ff8ba5bf Avail 1\"; done ;;\n\
            'pjsip show aor '*) echo ' contact : sip:a-long-user-name@12.34.56.79:5060' ;;\nesac\n";
        std::fs::write(&asterisk, script).unwrap();
        std::fs::set_permissions(&asterisk, Permissions::from_mode(0o700)).unwrap();
        let phones = find(&asterisk);
        assert_eq!(phones.seen.len(), ONE_BY_ONE);
        assert!(phones.notes.iter().any(|note| note.ends_with(": long-60, long-61")), "{phones:?}");
    }

    #[test]
    fn of_too_many_some_are_kept_and_the_rest_named() {
        let mut left = BTreeSet::new();
        let kept = few((0..52).collect(), |number: &i32| number.to_string(), &mut left);
        assert_eq!((kept.len(), left), (50, ["50".to_owned(), "51".to_owned()].into()));
    }
}
