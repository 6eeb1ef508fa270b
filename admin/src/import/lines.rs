//! Lists with one entry in a line.

use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::ServiceName;

use super::{Entry, Found, origin};

/// How long a text is shown at most.
const SHOWN: usize = 60;

/// A list of sites: in each line an address, a network or a host's name, and behind it, or behind a `#`, what it is
/// called. Lines that begin with `#` or `;` are comments.
pub(crate) fn sites(text: &str, services: &BTreeSet<ServiceName>, private: bool) -> Vec<Found> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', ';']));
    lines
        .map(|(number, line)| {
            let (from, name) = line.split_once([' ', '\t', '#', ';', ',']).unwrap_or((line, ""));
            let name = name.trim_start_matches([' ', '\t', '#', ';', ',']);
            found(format!("line {number}"), line, entry(from, name, services, private))
        })
        .collect()
}

/// What `fwconsole firewall list trusted` prints (a heading, then one indented entry in a line; `Job.php` of FreePBX's
/// firewall module), or that module's setting `networkmaps`, an object of networks and their zones in JSON.
pub(crate) fn freepbx(
    text: &str,
    services: &BTreeSet<ServiceName>,
    private: bool,
) -> Result<Vec<Found>, String> {
    if text.trim_start().starts_with('{') {
        return networkmaps(text, services, private);
    }
    let mut all = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.ends_with(':') && line.contains(' ') {
            if !line.contains("trusted") {
                return Err(format!(
                    "line {}: {} is not the zone trusted: give what `fwconsole firewall list trusted` prints",
                    index + 1,
                    shown(line)
                ));
            }
        } else if !line.is_empty() {
            let entry = entry(line, "", services, private);
            all.push(found(format!("line {}", index + 1), line, entry));
        }
    }
    Ok(all)
}

fn networkmaps(
    text: &str,
    services: &BTreeSet<ServiceName>,
    private: bool,
) -> Result<Vec<Found>, String> {
    let zones: BTreeMap<String, String> = serde_json::from_str(text)
        .map_err(|error| format!("this is not FreePBX's map of networks: {error}"))?;
    let trusted = zones.iter().filter(|(_, zone)| *zone == "trusted").enumerate();
    let entries = trusted.map(|(index, (network, _))| {
        let entry = entry(network, "", services, private);
        found(format!("entry {}", index + 1), network, entry)
    });
    Ok(entries.collect())
}

pub(super) fn entry(
    from: &str,
    name: &str,
    services: &BTreeSet<ServiceName>,
    private: bool,
) -> Result<Entry, String> {
    let origin = origin(from, private)?;
    let name = name.chars().filter(|c| !c.is_control()).take(64).collect::<String>();
    Ok(Entry { origin, services: services.clone(), name: name.trim().to_owned() })
}

pub(super) fn found(place: String, text: &str, entry: Result<Entry, String>) -> Found {
    Found { place, text: shown(text), entry }
}

fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tm3;
    use super::*;
    use dialgate_contract::{Origin, TravellerAddress};
    use proptest::prelude::*;

    fn sip() -> BTreeSet<ServiceName> {
        ["sip".parse().unwrap()].into()
    }

    /// Whatever is taken is a host's name, or a network that is public from end to end and not wide.
    fn is_safe(found: &Found) -> bool {
        let Ok(entry) = &found.entry else { return true };
        let public = |address| TravellerAddress::new(address, false).is_ok();
        entry.name.chars().all(|c| !c.is_control())
            && match &entry.origin {
                Origin::Host(_) => true,
                Origin::Network(network) => {
                    let net = network.net();
                    let widest = if net.addr().is_ipv4() { 16 } else { 32 };
                    public(net.network()) && public(net.broadcast()) && net.prefix_len() >= widest
                }
            }
    }

    /// Something like a line of a list.
    fn line() -> impl Strategy<Value = String> {
        let address = prop_oneof![
            (any::<[u8; 4]>(), 0..=33_u8)
                .prop_map(|([a, b, c, d], n)| format!("{a}.{b}.{c}.{d}/{n}")),
            any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}")),
            any::<u128>().prop_map(|bits| std::net::Ipv6Addr::from(bits).to_string()),
            "[a-z0-9.:/-]{0,20}",
        ];
        (address, "\\PC{0,20}").prop_map(|(address, rest)| format!("{address} {rest}"))
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_taken_from_a_list(lines in prop::collection::vec(line(), 0..8)) {
            let text = lines.join("\n");
            prop_assert!(sites(&text, &sip(), false).iter().all(is_safe));
            if let Ok(found) = freepbx(&text, &sip(), false) {
                prop_assert!(found.iter().all(is_safe));
            }
            let rules: String = lines
                .iter()
                .map(|line| format!("-A INPUT -s {line} -j ACCEPT\n"))
                .collect();
            let rules = format!("# // New entry for x.iptables\n{rules}");
            prop_assert!(tm3::rules(&rules, false).iter().all(is_safe));
        }

        #[test]
        fn any_text_at_all_is_read_without_harm(text in any::<String>()) {
            prop_assert!(sites(&text, &sip(), false).iter().all(is_safe));
            prop_assert!(tm3::rules(&text, false).iter().all(is_safe));
            prop_assert!(is_safe(&tm3::account(String::new(), "x", &text, &sip(), false)));
        }
    }
}
