//! `dialgate import` and `dialgate allow import-providers`: many entries of the allow list at once, shown before they
//! are made.

pub(crate) mod ancestor;
pub(crate) mod lines;
pub(crate) mod providers;
mod tm3;

use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::ledger::{Allow, allow as table, pass};
use dialgate_contract::{Network, Origin, ServiceName, TravellerAddress, Unfit};
use rusqlite::Connection;

use crate::error::Error;
use crate::report::{Import, ImportRow, Outcome, Report};
use crate::site::Site;
use crate::{allow, service};

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error(
        "{count} of the entries cannot be taken, so nothing was changed: mend them, or say --skip-bad to leave them out{list}"
    )]
    Bad { count: usize, list: String },
    #[error(
        "{what} does not say which services are meant: add --services, such as --services {such_as}"
    )]
    Services { what: String, such_as: &'static str },
    #[error("{0} holds no entries: is it the right file?")]
    Nothing(String),
    #[error("{path} is {what}: give the file itself")]
    Unreadable { path: String, what: &'static str },
    #[error(
        "there is no provider {name} in the list: `dialgate allow import-providers --list` shows all, {known}"
    )]
    NoProvider { name: String, known: String },
    #[error("{0}")]
    Foreign(String),
    #[error("the list of providers that this program carries is damaged: {0}")]
    Providers(String),
}

/// One entry of a file, or why it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where it stands, such as `line 4`.
    pub(crate) place: String,
    /// As it was written.
    pub(crate) text: String,
    pub(crate) entry: Result<Entry, String>,
}

/// From where to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) origin: Origin,
    pub(crate) services: BTreeSet<ServiceName>,
    pub(crate) name: String,
}

/// What to do about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consent {
    pub(crate) yes: bool,
    pub(crate) skip_bad: bool,
}

/// Reads an origin that is safe to take from a file that nobody has looked through: never wide, never one that the
/// Internet does not know.
pub(crate) fn origin(text: &str, allow_private: bool) -> Result<Origin, String> {
    let origin: Origin = text.parse().map_err(|error| format!("{error}"))?;
    if let Origin::Network(network) = &origin {
        public(*network, allow_private)?;
    }
    Ok(origin)
}

fn public(network: Network, allow_private: bool) -> Result<(), String> {
    for end in [network.net().network(), network.net().broadcast()] {
        match TravellerAddress::new(end, allow_private) {
            Ok(_) => {}
            Err(Unfit::Private(_)) => {
                return Err(format!(
                    "{network} is private: name your own networks in [base-policy] lan instead"
                ));
            }
            Err(unfit @ (Unfit::Special(..) | Unfit::Unreadable)) => return Err(unfit.to_string()),
        }
    }
    Ok(())
}

/// Shows what the entries come to and, with consent, puts them on the list: all of them or none.
pub(crate) fn carry_out(found: Vec<Found>, consent: Consent, site: &Site) -> Result<Report, Error> {
    let (mut rows, wanted) = {
        let reader = site.reader()?;
        judge(reader.connection(), found)?
    };
    let refused = rows.iter().filter(|row| row.outcome == Outcome::Refused).count();
    if consent.yes && refused > 0 && !consent.skip_bad {
        return Err(ImportError::Bad { count: refused, list: list_of_refused(&rows) }.into());
    }
    let mut last_pass = None;
    if consent.yes {
        let merged = site.ledger()?.write(|tx| {
            last_pass = pass::last(tx)?.map(|pass| pass.finished_at);
            let mut outcomes = BTreeMap::new();
            for (origin, mut entry) in wanted {
                let old = merge(&mut entry, &table::all(tx)?);
                entry.created_at = site.now;
                allow::put(tx, &mut entry, site)?;
                outcomes.insert(origin, Outcome::of(old.as_ref(), &entry));
            }
            Ok::<_, Error>(outcomes)
        })?;
        for row in &mut rows {
            if let Some(outcome) = row.origin.as_ref().and_then(|origin| merged.get(origin)) {
                row.outcome = *outcome;
            }
        }
    }
    Ok(Report::Import(Box::new(Import { entries: rows, done: consent.yes, last_pass })))
}

/// The entries as they are shown, and those to make, one for each origin.
fn judge(
    connection: &Connection,
    found: Vec<Found>,
) -> Result<(Vec<ImportRow>, BTreeMap<Origin, Allow>), Error> {
    let list = table::all(connection)?;
    let mut wanted: BTreeMap<Origin, Allow> = BTreeMap::new();
    let mut rows = Vec::new();
    for Found { place, text, entry } in found {
        let entry = entry.and_then(|entry| known(connection, entry));
        let row = match entry {
            Err(problem) => ImportRow::refused(place, text, problem),
            Ok(entry) => {
                let one = wanted.entry(entry.origin.clone()).or_insert_with(|| Allow {
                    origin: entry.origin.clone(),
                    services: BTreeSet::new(),
                    name: entry.name.clone(),
                    expires_at: None,
                    created_at: jiff::Timestamp::UNIX_EPOCH,
                });
                one.services.extend(entry.services.iter().cloned());
                let mut merged = one.clone();
                let old = merge(&mut merged, &list);
                let outcome = Outcome::of(old.as_ref(), &merged);
                ImportRow::taken(place, text, entry, outcome)
            }
        };
        rows.push(row);
    }
    Ok((rows, wanted))
}

fn known(connection: &Connection, entry: Entry) -> Result<Entry, String> {
    let names = entry.services.iter().cloned().collect();
    service::known(connection, names).map(|_| entry).map_err(|error| error.to_string())
}

/// An entry that is on the list already keeps what it has, and gets the rest.
fn merge(entry: &mut Allow, list: &[Allow]) -> Option<Allow> {
    let old = list.iter().find(|old| old.origin == entry.origin)?.clone();
    entry.services.extend(old.services.iter().cloned());
    entry.expires_at = old.expires_at;
    entry.created_at = old.created_at;
    if !old.name.is_empty() {
        entry.name.clone_from(&old.name);
    }
    Some(old)
}

fn list_of_refused(rows: &[ImportRow]) -> String {
    let refused = rows.iter().filter_map(|row| row.problem.as_ref().map(|why| (row, why)));
    refused.map(|(row, why)| format!("\n  {}: {} ({why})", row.place, row.text)).collect()
}
