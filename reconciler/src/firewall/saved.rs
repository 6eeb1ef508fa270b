//! What `ipset save` prints, read line by line.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;

use super::actual::{COUNTERS, Packets, UnreadableError, kind};
use super::set_name::Purpose;
use super::{Actual, Family, Filter, KernelSet, SetName, Time};

/// The sets that lines have told of so far.
#[derive(Debug, Default)]
pub(super) struct SavedSets {
    sets: BTreeMap<SetName, KernelSet>,
    packets: Option<Packets>,
    last: Option<Last>,
    /// What came behind the last whole line.
    rest: Vec<u8>,
    unreadable: Option<UnreadableError>,
}

/// The set of the last line: the lines of a set follow each other.
#[derive(Debug)]
struct Last {
    text: String,
    /// None when it is not ours.
    name: Option<SetName>,
    as_created: Option<bool>,
    entries: Vec<(IpNet, Option<Time>)>,
}

impl SavedSets {
    /// Reads a piece of what is printed.
    pub(super) fn piece(&mut self, piece: &[u8]) {
        let end = piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let (whole, begun) = piece.split_at(end);
        if !whole.is_empty() {
            self.rest.extend_from_slice(whole);
            let lines = std::mem::take(&mut self.rest);
            for line in String::from_utf8_lossy(&lines).lines() {
                if self.unreadable.is_none() {
                    self.unreadable = self.line(line).err();
                }
            }
        }
        self.rest.extend_from_slice(begun);
    }

    /// Reads one more line.
    pub(super) fn line(&mut self, line: &str) -> Result<(), UnreadableError> {
        let mut words = line.split(' ');
        let (verb, Some(text)) = (words.next(), words.next()) else { return Ok(()) };
        if self.last.as_ref().is_none_or(|last| last.text != text) {
            self.turn_to(text);
        }
        let Some(Last { name: Some(name), as_created, entries, .. }) = &mut self.last else {
            return Ok(());
        };
        let unreadable = || UnreadableError::new("ipset", line);
        match (verb, *as_created) {
            (Some("create"), _) => {
                *as_created = Some(is_as_created(name.family(), words));
                entries.clear();
                self.sets.remove(name);
            }
            (Some("add"), Some(true)) => {
                let entry = entry(words).filter(|entry| Family::of(entry.network) == name.family());
                let Entry { network, remaining, packets } = entry.ok_or_else(unreadable)?;
                entries.push((network, remaining));
                if matches!(name.purpose(), Purpose::Service(_)) {
                    count(&mut self.packets, network, packets);
                }
            }
            (Some("add"), Some(false)) => {}
            _ => return Err(unreadable()),
        }
        Ok(())
    }

    /// What there is, with the tables of these families.
    pub(super) fn with(
        mut self,
        filters: BTreeMap<Family, Filter>,
    ) -> Result<Actual, UnreadableError> {
        self.piece(b"\n");
        self.turn_to("");
        let Self { sets, packets, unreadable, .. } = self;
        let counts = packets.filter(|packets| packets.counts);
        unreadable.map_or(Ok(Actual { sets, filters, packets: counts }), Err)
    }

    fn turn_to(&mut self, text: &str) {
        let name = text.parse::<SetName>().ok();
        let so_far = name.as_ref().and_then(|name| self.sets.get(name)).map(|set| set.as_created);
        let next = Last { text: text.to_owned(), name, as_created: so_far, entries: Vec::new() };
        if let Some(Last { name: Some(name), as_created: Some(as_created), entries, .. }) =
            self.last.replace(next)
        {
            let set = self.sets.entry(name).or_default();
            set.as_created = as_created;
            if set.entries.is_empty() {
                set.entries = Arc::new(entries.into_iter().collect());
            } else {
                Arc::make_mut(&mut set.entries).extend(entries);
            }
        }
    }
}

fn count(counted: &mut Option<Packets>, network: IpNet, packets: Option<u64>) {
    let counted = counted.get_or_insert_default();
    match packets {
        Some(packets) => {
            counted.counts = true;
            if packets > 0 {
                let sum = counted.some.entry(network).or_default();
                *sum = sum.saturating_add(packets);
            }
        }
        None => {
            counted.unknown.insert(network);
        }
    }
}

/// The words after the name are those of [`creation`], in any order, and ones that say nothing of what a set does. One
/// that does not count lets in and ends like the others.
fn is_as_created<'a>(family: Family, words: impl Iterator<Item = &'a str>) -> bool {
    let mut said = String::new();
    let mut words = words.filter(|&word| word != COUNTERS);
    if let Some(kind) = words.next() {
        said.push_str(kind);
    }
    let mut options: BTreeMap<&str, &str> = BTreeMap::new();
    while let Some(option) = words.next() {
        options.insert(option, words.next().unwrap_or_default());
    }
    for inner in ["hashsize", "bucketsize", "initval"] {
        options.remove(inner);
    }
    for (option, value) in options {
        said.push_str(&format!(" {option} {value}"));
    }
    said == kind(family)
}

struct Entry {
    network: IpNet,
    remaining: Option<Time>,
    packets: Option<u64>,
}

fn entry<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Entry> {
    let network = words.next()?;
    let network = if network.contains('/') {
        network.parse().ok()?
    } else {
        IpNet::from(network.parse::<std::net::IpAddr>().ok()?)
    };
    let words = [(); 7].map(|()| words.next());
    let (seconds, packets) = match words {
        [Some("timeout"), Some(seconds), None, ..] => (seconds, None),
        [
            Some("timeout"),
            Some(seconds),
            Some("packets"),
            Some(packets),
            Some("bytes"),
            Some(_),
            None,
        ] => (seconds, Some(packets)),
        _ => return Some(Entry { network, remaining: None, packets: None }),
    };
    let remaining = match seconds {
        "0" => Time::Always,
        seconds => Time::For(seconds.parse().ok()?),
    };
    let packets = packets.map(str::parse).transpose().ok()?;
    Some(Entry { network, remaining: Some(remaining), packets })
}
