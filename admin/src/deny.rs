//! `dialgate deny`.

use dialgate_contract::Network;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Deny, allow, audit, deny, host, lease, pass};
use jiff::Timestamp;
use rusqlite::Transaction;

use crate::allow::end_of;
use crate::cli::{DenyCommand, NewDeny};
use crate::contact::PersonName;
use crate::error::Error;
use crate::listing::{ListError, touched};
use crate::report::{DeniedLease, DenyChange, DenyRow, Report};
use crate::site::Site;
use crate::ssh_peer;

pub(crate) fn run(command: DenyCommand, site: &Site) -> Result<Report, Error> {
    match command {
        DenyCommand::List => list(site),
        DenyCommand::Add(new) => add(new, site),
        DenyCommand::Remove { network } => remove(network, site),
    }
}

fn list(site: &Site) -> Result<Report, Error> {
    let entries = deny::all(site.reader()?.connection())?;
    Ok(Report::DenyList(entries.into_iter().map(|entry| row(entry, site.now)).collect()))
}

fn add(new: NewDeny, site: &Site) -> Result<Report, Error> {
    let NewDeny { network, name, term, even_me } = new;
    let expires_at = end_of(&term, site)?;
    let name = name.map(PersonName::into_string).unwrap_or_default();
    let mut ledger = site.ledger()?;
    let mut peers = ssh_peer::find(ledger.connection())?.into_iter();
    if let Some(peer) = peers.find(|peer| network.contains(peer.address))
        && !even_me
    {
        return Err(ListError::Me { network, peer }.into());
    }
    ledger.write(|tx| {
        let entry = Deny { network, name, expires_at, created_at: site.now };
        let old = deny::all(tx)?.into_iter().find(|old| old.network == network);
        deny::put(tx, &entry)?;
        record(tx, if old.is_some() { "deny-changed" } else { "deny-added" }, &entry, site)?;
        Ok(Report::DenyChange(Box::new(DenyChange {
            done: "is kept out",
            entry: row(entry, site.now),
            replaced: old.map(|old| row(old, site.now)),
            leases: leases_in(tx, network, site.now)?,
            allowed: touched(network, &host::all(tx)?, allow::all(tx)?, site.now),
            last_pass: pass::last(tx)?.map(|pass| pass.finished_at),
        })))
    })
}

fn remove(network: Network, site: &Site) -> Result<Report, Error> {
    site.ledger()?.write(|tx| {
        let Some(entry) = deny::all(tx)?.into_iter().find(|old| old.network == network) else {
            return Err(ListError::NotDenied(network).into());
        };
        deny::remove(tx, network)?;
        record(tx, "deny-removed", &entry, site)?;
        Ok(Report::DenyChange(Box::new(DenyChange {
            done: "is kept out no longer",
            entry: row(entry, site.now),
            replaced: None,
            leases: Vec::new(),
            allowed: Vec::new(),
            last_pass: pass::last(tx)?.map(|pass| pass.finished_at),
        })))
    })
}

fn leases_in(
    transaction: &Transaction<'_>,
    network: Network,
    now: Timestamp,
) -> Result<Vec<DeniedLease>, DatabaseError> {
    let open = lease::not_ended(transaction)?.into_iter().filter(|lease| lease.is_open(now));
    let denied = open.filter(|lease| network.overlaps(lease.address.network()));
    Ok(denied.map(|lease| DeniedLease { id: lease.id, address: lease.address }).collect())
}

fn record(
    transaction: &Transaction<'_>,
    action: &str,
    entry: &Deny,
    site: &Site,
) -> Result<(), DatabaseError> {
    let until = entry.expires_at.map_or("for good".to_owned(), |end| format!("until {end}"));
    let detail = format!("{} {until} {}", entry.network, entry.name);
    audit::record(transaction, site.now, &site.operator, action, None, detail.trim_end())
}

fn row(entry: Deny, now: Timestamp) -> DenyRow {
    let state = if entry.holds(now) { "kept out" } else { "over" };
    let Deny { network, name, expires_at, created_at } = entry;
    DenyRow { network, name, expires_at, created_at, state }
}
