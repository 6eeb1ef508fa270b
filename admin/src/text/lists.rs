//! The allow and deny lists, in words.

use dialgate_contract::Network;
use jiff::Timestamp;

use super::{Reader, names};
use crate::layout::{table, wrapped};
use crate::report::{AllowChange, AllowRow, DenyChange, DenyRow, HostRow};

impl Reader<'_> {
    pub(super) fn allow_list(&self, entries: &[AllowRow]) -> String {
        if entries.is_empty() {
            return "nobody is let in without a call: `dialgate allow add --help` says how\n"
                .to_owned();
        }
        let rows = entries.iter().map(|entry| {
            vec![
                entry.origin.to_string(),
                names(&entry.services),
                entry.name.clone(),
                self.end(entry.expires_at),
            ]
        });
        let mut text = table(&["from", "services", "name", "until"], &[0, 3], rows);
        for entry in entries {
            if let Some(host) = &entry.host {
                text.push_str(&self.host(&entry.origin.to_string(), host));
            }
        }
        text
    }

    pub(super) fn allow_change(&self, change: &AllowChange) -> String {
        let AllowRow { origin, services, name, expires_at, host, .. } = &change.entry;
        let mut text = format!("{origin} {}\nservices   {}\n", change.done, names(services));
        if !name.is_empty() {
            text.push_str(&wrapped("name       ", name));
        }
        text.push_str(&format!("until      {}\n", self.end(*expires_at)));
        if let Some(old) = &change.replaced {
            text.push_str(&wrapped("before     ", &self.differences(old, &change.entry)));
        }
        text.push_str(&denied(&change.denied));
        if host.as_ref().is_some_and(|host| host.asked_at.is_none()) {
            text.push_str("The reconciler asks the DNS for its addresses.\n");
        }
        text + &self.next_pass("acts on", change.last_pass)
    }

    pub(super) fn deny_list(&self, entries: &[DenyRow]) -> String {
        if entries.is_empty() {
            return "nobody is on the deny list\n".to_owned();
        }
        let rows = entries.iter().map(|entry| {
            vec![entry.network.to_string(), entry.name.clone(), self.end(entry.expires_at)]
        });
        table(&["from", "name", "until"], &[0, 2], rows)
    }

    pub(super) fn deny_change(&self, change: &DenyChange) -> String {
        let DenyRow { network, name, expires_at, .. } = &change.entry;
        let mut text = format!("{network} {}\n", change.done);
        if !name.is_empty() {
            text.push_str(&wrapped("name       ", name));
        }
        text.push_str(&format!("until      {}\n", self.end(*expires_at)));
        if let Some(old) = &change.replaced {
            text.push_str(&format!("before     until {}\n", self.end(old.expires_at)));
        }
        for lease in &change.leases {
            text.push_str(&format!("wins over  lease {} for {}\n", lease.id, lease.address));
        }
        for origin in &change.allowed {
            text.push_str(&format!("wins over  {origin} on the allow list\n"));
        }
        text + &self.next_pass("acts on", change.last_pass)
    }

    pub(super) fn end(&self, end: Option<Timestamp>) -> String {
        match end {
            None => "for good".to_owned(),
            Some(end) if end <= self.now => format!("over since {}", self.date(end)),
            Some(end) => self.date(end),
        }
    }

    fn host(&self, name: &str, host: &HostRow) -> String {
        let label = format!("{name}: ");
        let mut words = host.addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        match (host.asked_at, host.answered_at) {
            (None, _) => words.push("not asked for yet".to_owned()),
            (Some(_), None) => words.push("no address".to_owned()),
            (Some(_), Some(good)) => words.push(format!("({})", self.ago(good))),
        }
        if let Some(problem) = &host.problem {
            words.push(format!("PROBLEM: {problem}"));
        }
        wrapped(&label, &words.join(" "))
    }

    fn differences(&self, old: &AllowRow, new: &AllowRow) -> String {
        let mut before = Vec::new();
        if old.services != new.services {
            before.push(format!("services {}", names(&old.services)));
        }
        if old.name != new.name {
            let name = if old.name.is_empty() { "none" } else { &old.name };
            before.push(format!("name {name}"));
        }
        if old.expires_at != new.expires_at {
            before.push(format!("until {}", self.end(old.expires_at)));
        }
        if before.is_empty() { "the same".to_owned() } else { before.join(", ") }
    }
}

/// What of the deny list wins.
pub(super) fn denied(networks: &[Network]) -> String {
    let words = networks.iter().map(|network| format!("{network} is on the deny list, which wins"));
    words.map(|words| wrapped("BUT        ", &words)).collect()
}
