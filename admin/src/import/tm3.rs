//! Travelin' Man 3: the blocks that `add-ip` and `add-fqdn` write into the file of iptables, and the files
//! `NAME.iptables` beside them.

use std::collections::BTreeSet;

use dialgate_contract::ServiceName;

use super::lines::{entry, found};
use super::{Entry, Found};

/// What `add-ip` and `add-fqdn` leave in `NAME.iptables` when they did not come to their end.
const UNFINISHED: [&str; 2] = ["1.1.1.1", "no.fqdn"];

/// Whether this is a file of rules, and not a `NAME.iptables`.
pub(super) fn is_rules(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("-A ") || line.starts_with("# // New entry for "))
}

/// The blocks of a file of rules. Rules outside of them are not Travelin' Man's accounts, and are left alone.
pub(super) fn rules(text: &str, private: bool) -> Vec<Found> {
    let mut account = None;
    let mut all = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("# // New entry for ") {
            account = Some(name.trim().trim_end_matches(".iptables"));
        } else if line.starts_with("# // End entry for ") {
            account = None;
        } else if let Some(account) = account {
            // `iptables-restart` puts this before a rule whose name is not in the DNS at the moment.
            let rule = line.strip_prefix("#***").unwrap_or(line).trim_start();
            if !rule.is_empty() && !rule.starts_with('#') {
                let entry = rule_entry(rule, account, private);
                all.push(found(format!("line {}", index + 1), rule, entry));
            }
        }
    }
    all
}

/// A file `NAME.iptables`: `ORIGIN LAST-ADDRESS`.
pub(super) fn account(
    place: String,
    name: &str,
    text: &str,
    services: &BTreeSet<ServiceName>,
    private: bool,
) -> Found {
    let line = text.lines().next().unwrap_or_default().trim();
    let from = line.split_whitespace().next().unwrap_or_default();
    let judged = if UNFINISHED.contains(&from) {
        Err("add-ip never finished this account".to_owned())
    } else {
        entry(from, name, services, private)
    };
    found(place, line, judged)
}

fn rule_entry(rule: &str, account: &str, private: bool) -> Result<Entry, String> {
    let mut words = rule.split_whitespace();
    let (mut source, mut protocol, mut ports, mut target) = (None, None, None, None);
    while let Some(word) = words.next() {
        match word {
            "-A" if words.next() == Some("INPUT") => {}
            "-m" => drop(words.next()),
            "-s" => source = words.next(),
            "-p" => protocol = words.next(),
            "--dport" | "--dports" => ports = words.next(),
            "-j" => target = words.next(),
            other => return Err(format!("{other:?} is in no rule of Travelin' Man 3")),
        }
    }
    if target != Some("ACCEPT") {
        return Err("lets nobody in".to_owned());
    }
    let source = source.ok_or("lets everybody in, wherever from")?;
    let services = [service(protocol, ports)?.parse().map_err(|error| format!("{error}"))?];
    entry(source, account, &services.into(), private)
}

/// The menu of `add-ip` 1.4U and `add-fqdn` 1.3U.
fn service(protocol: Option<&str>, ports: Option<&str>) -> Result<&'static str, String> {
    Ok(match (protocol, ports) {
        (None, None) => "all",
        (Some("udp" | "tcp"), Some("5060:5069")) => "sip",
        (Some("udp"), Some("4569")) => "iax",
        (Some("tcp"), Some("80,9080" | "80")) => "web",
        (Some("tcp"), Some("9001")) => "webmin",
        (Some("tcp"), Some("21")) => "ftp",
        (Some("udp"), Some("69")) => "tftp",
        (Some("tcp"), Some("22,9022" | "22")) => "ssh",
        (Some("tcp"), Some("4445")) => "fop",
        (protocol, ports) => {
            let (protocol, ports) = (protocol.unwrap_or("any protocol"), ports.unwrap_or("any"));
            return Err(format!(
                "no service of Travelin' Man 3 has {protocol} {ports}: use `dialgate allow add`"
            ));
        }
    })
}
