//! `dialgate import` and `dialgate allow import-providers`: many entries of the allow list at once, shown before they
//! are made.

pub(crate) mod ancestor;
pub(crate) mod lines;
pub(crate) mod providers;
mod tm3;

use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::database::DatabaseError;
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

/// The widest network of a file that is taken unseen: what a provider or a company has, and no country's.
const WIDEST_V4: u8 = 16;
const WIDEST_V6: u8 = 32;

/// Reads an origin that is safe to take from a file that nobody has looked through: never wide, never one that the
/// Internet does not know.
pub(crate) fn origin(text: &str, allow_private: bool) -> Result<Origin, String> {
    let origin: Origin = text.parse().map_err(|error| format!("{error}"))?;
    if let Origin::Network(network) = &origin {
        public(*network, allow_private)?;
        narrow(*network)?;
    }
    Ok(origin)
}

fn narrow(network: Network) -> Result<(), String> {
    let widest = if network.net().addr().is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
    if network.net().prefix_len() >= widest {
        return Ok(());
    }
    Err(format!(
        "{network} is wider than a /{widest}, more than is taken from a file: if all of it is meant, say \
         `dialgate allow add {network}`"
    ))
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
    let (entries, last_pass) = if consent.yes {
        site.ledger()?.write(|tx| {
            let judged = Judged::of(tx, found, site)?;
            judged.accept(consent)?;
            for entry in judged.wanted.values() {
                allow::put(tx, entry, judged.list.get(&entry.origin), site)?;
            }
            Ok::<_, Error>((judged.rows, pass::last(tx)?))
        })?
    } else {
        let reader = site.reader()?;
        (Judged::of(reader.connection(), found, site)?.rows, None)
    };
    let last_pass = last_pass.map(|pass| pass.finished_at);
    Ok(Report::Import(Box::new(Import { entries, done: consent.yes, last_pass })))
}

/// What the entries come to.
struct Judged {
    /// As it is shown.
    rows: Vec<ImportRow>,
    /// What is to be on the list, one for each origin.
    wanted: BTreeMap<Origin, Allow>,
    /// What is on the list, those among it whose time is over.
    list: BTreeMap<Origin, Allow>,
}

impl Judged {
    fn of(ledger: &Connection, found: Vec<Found>, site: &Site) -> Result<Self, DatabaseError> {
        let list = table::all(ledger)?.into_iter().map(|entry| (entry.origin.clone(), entry));
        let mut judged = Self { rows: Vec::new(), wanted: BTreeMap::new(), list: list.collect() };
        for Found { place, text, entry } in found {
            let entry = entry.and_then(|entry| known(ledger, entry));
            let row = match entry {
                Err(problem) => ImportRow::refused(place, text, problem),
                Ok(entry) => {
                    let outcome = judged.want(&entry, site);
                    ImportRow::taken(place, text, entry, outcome)
                }
            };
            judged.rows.push(row);
        }
        Ok(judged)
    }

    /// One that is on the list already keeps what it has, and gets the rest.
    fn want(&mut self, entry: &Entry, site: &Site) -> Outcome {
        let old = self.list.get(&entry.origin).filter(|old| old.holds(site.now));
        let one = self.wanted.entry(entry.origin.clone()).or_insert_with(|| Allow {
            origin: entry.origin.clone(),
            services: old.map(|old| old.services.clone()).unwrap_or_default(),
            name: old.map(|old| old.name.clone()).unwrap_or_default(),
            expires_at: old.and_then(|old| old.expires_at),
            created_at: old.map_or(site.now, |old| old.created_at),
        });
        one.services.extend(entry.services.iter().cloned());
        if one.name.is_empty() {
            one.name.clone_from(&entry.name);
        }
        Outcome::of(old, one)
    }

    fn accept(&self, consent: Consent) -> Result<(), ImportError> {
        let count = self.rows.iter().filter(|row| row.outcome == Outcome::Refused).count();
        if count > 0 && !consent.skip_bad {
            return Err(ImportError::Bad { count, list: list_of_refused(&self.rows) });
        }
        Ok(())
    }
}

fn known(ledger: &Connection, entry: Entry) -> Result<Entry, String> {
    let names = entry.services.iter().cloned().collect();
    service::known(ledger, names).map(|_| entry).map_err(|error| error.to_string())
}

fn list_of_refused(rows: &[ImportRow]) -> String {
    let refused = rows.iter().filter_map(|row| row.problem.as_ref().map(|why| (row, why)));
    refused.map(|(row, why)| format!("\n  {}: {} ({why})", row.place, row.text)).collect()
}
