//! What the base policy comes to, for people.

use dialgate_contract::ledger::{Allow, Lease};
use dialgate_contract::{Origin, ServiceName};

use crate::report::PlanRow;
use crate::rights::Rights;

/// More leases than these are told as their number.
const TOLD: usize = 10;

/// What would be open to whom, in the order that it is decided in.
pub(crate) fn rows(rights: &Rights) -> Vec<PlanRow> {
    let row = |from: &str, reaches: &str, why: &str| PlanRow {
        from: from.to_owned(),
        reaches: reaches.to_owned(),
        why: why.to_owned(),
    };
    let mut rows = vec![row("this machine", "everything", "it is at home here")];
    for deny in &rights.deny {
        rows.push(row(&deny.network.to_string(), "nothing", &titled("deny list", &deny.name)));
    }
    for network in &rights.lan {
        rows.push(row(&network.to_string(), "everything", "[base-policy] lan"));
    }
    if !rights.open.is_empty() {
        rows.push(row("anybody", &names(&rights.open), "[base-policy] open"));
    }
    rows.extend(rights.allow.iter().map(|entry| allowed(rights, entry)));
    if rights.leases.len() > TOLD {
        let leases = format!("{} leases", rights.leases.len());
        rows.push(row(&leases, "their services", "dialgate lease list"));
    } else {
        rows.extend(rights.leases.iter().map(leased));
    }
    rows.push(row("anybody", "answers, ICMP, DHCP", "what was asked for; RFC 4890"));
    rows.push(row("anybody else", "nothing", "dropped, counted, logged now and then"));
    rows
}

fn allowed(rights: &Rights, entry: &Allow) -> PlanRow {
    let from = match &entry.origin {
        Origin::Network(network) => network.to_string(),
        Origin::Host(name) => match rights.addresses(name).len() {
            0 => format!("{name} (no address yet)"),
            1 => format!("{name} (1 address)"),
            more => format!("{name} ({more} addresses)"),
        },
    };
    let why = titled("allow list", &entry.name);
    PlanRow { from, reaches: names(&entry.services), why }
}

fn leased(lease: &Lease) -> PlanRow {
    PlanRow {
        from: lease.address.to_string(),
        reaches: names(&lease.services),
        why: format!("lease {} of account {}", lease.id, lease.account),
    }
}

fn titled(list: &str, name: &str) -> String {
    if name.is_empty() { list.to_owned() } else { format!("{list}: {name}") }
}

fn names<'a>(services: impl IntoIterator<Item = &'a ServiceName>) -> String {
    services.into_iter().map(ServiceName::as_str).collect::<Vec<_>>().join(" ")
}
