//! `dialgate allow`.

use std::collections::BTreeMap;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::host::Host;
use dialgate_contract::ledger::{Allow, allow, audit, deny, host, pass};
use dialgate_contract::{HostName, Lifetime, Origin};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Transaction};

use crate::cli::{AllowCommand, NewAllow, Term};
use crate::contact::PersonName;
use crate::error::Error;
use crate::import::providers;
use crate::listing::{ListError, clashes};
use crate::own_access::OwnAccess;
use crate::report::{AllowChange, AllowRow, HostRow, Report};
use crate::service;
use crate::site::Site;

pub(crate) fn run(command: AllowCommand, site: &Site) -> Result<Report, Error> {
    match command {
        AllowCommand::List => list(site),
        AllowCommand::Add(new) => add(new, site),
        AllowCommand::ImportProviders(chosen) => providers::run(&chosen, site),
        AllowCommand::Remove { origin, even_me } => remove(&origin, even_me, site),
    }
}

/// Until when; `None`: for good.
pub(crate) fn end_of(term: &Term, site: &Site) -> Result<Option<Timestamp>, Error> {
    let end = match (term.until, term.lifetime) {
        (None, None) => return Ok(None),
        (Some(ending), _) => ending.moment(&TimeZone::system()),
        (None, Some(lifetime)) => site.now.saturating_add(Lifetime::signed(lifetime)).ok(),
    };
    match end {
        Some(end) if end > site.now => Ok(Some(end)),
        Some(_) | None => Err(ListError::Over.into()),
    }
}

/// Puts an entry on the list in the place of the old one, with a line in the audit trail.
pub(crate) fn put(
    transaction: &Transaction<'_>,
    entry: &Allow,
    old: Option<&Allow>,
    site: &Site,
) -> Result<(), DatabaseError> {
    if old == Some(entry) {
        return Ok(());
    }
    allow::put(transaction, entry)?;
    let action = if old.is_some() { "allow-changed" } else { "allow-added" };
    audit::record(transaction, site.now, &site.operator, action, None, &describe(entry))
}

fn find(connection: &Connection, origin: &Origin) -> Result<Option<Allow>, DatabaseError> {
    Ok(allow::all(connection)?.into_iter().find(|entry| entry.origin == *origin))
}

fn list(site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    let (entries, hosts) = (allow::all(reader.connection())?, host::all(reader.connection())?);
    let rows = entries.into_iter().map(|entry| row(&hosts, entry, site.now));
    Ok(Report::AllowList(rows.collect()))
}

fn add(new: NewAllow, site: &Site) -> Result<Report, Error> {
    let expires_at = end_of(&new.term, site)?;
    let name = new.name.map(PersonName::into_string).unwrap_or_default();
    site.ledger()?.write(|tx| {
        let own = OwnAccess::before(tx, site)?;
        let services = service::known(tx, new.services)?;
        let old = find(tx, &new.origin)?;
        let created_at = old.as_ref().map_or(site.now, |old| old.created_at);
        let entry = Allow { origin: new.origin, services, name, expires_at, created_at };
        put(tx, &entry, old.as_ref(), site)?;
        if !new.even_me {
            own.remains(tx, site)?;
        }
        let hosts = host::all(tx)?;
        Ok(Report::AllowChange(Box::new(AllowChange {
            done: "is let in",
            denied: clashes(&entry.origin, &hosts, &deny::all(tx)?, site.now),
            replaced: old.map(|old| row(&hosts, old, site.now)),
            entry: row(&hosts, entry, site.now),
            last_pass: pass::last(tx)?.map(|pass| pass.finished_at),
        })))
    })
}

fn remove(origin: &Origin, even_me: bool, site: &Site) -> Result<Report, Error> {
    site.ledger()?.write(|tx| {
        let own = OwnAccess::before(tx, site)?;
        let Some(entry) = find(tx, origin)? else {
            return Err(ListError::NotAllowed(origin.clone()).into());
        };
        allow::remove(tx, origin)?;
        if !even_me {
            own.remains(tx, site)?;
        }
        let detail = describe(&entry);
        audit::record(tx, site.now, &site.operator, "allow-removed", None, &detail)?;
        Ok(Report::AllowChange(Box::new(AllowChange {
            done: "is let in no longer",
            entry: row(&host::all(tx)?, entry, site.now),
            replaced: None,
            denied: Vec::new(),
            last_pass: pass::last(tx)?.map(|pass| pass.finished_at),
        })))
    })
}

fn row(hosts: &BTreeMap<HostName, Host>, entry: Allow, now: Timestamp) -> AllowRow {
    let state = if entry.holds(now) { "open" } else { "over" };
    let Allow { origin, services, name, expires_at, created_at } = entry;
    let host = match &origin {
        Origin::Network(_) => None,
        Origin::Host(name) => Some(hosts.get(name).map(host_row).unwrap_or_default()),
    };
    AllowRow { origin, services, name, expires_at, created_at, state, host }
}

fn host_row(known: &Host) -> HostRow {
    HostRow {
        asked_at: Some(known.asked_at),
        answered_at: known.addresses.values().max().copied(),
        addresses: known.addresses.keys().copied().collect(),
        problem: known.problem.clone(),
    }
}

/// For the audit trail.
fn describe(entry: &Allow) -> String {
    let services: Vec<&str> = entry.services.iter().map(|name| name.as_str()).collect();
    let until = entry.expires_at.map_or("for good".to_owned(), |end| format!("until {end}"));
    let text = format!("{} {} {until} {}", entry.origin, services.join(","), entry.name);
    text.trim_end().to_owned()
}
