//! `dialgate account import` and `dialgate account export`: many accounts at once, shown before they are made.

mod error;
mod export;
mod file;
mod labour;
mod pins;
mod plan;
#[cfg(test)]
mod tests;

use std::path::Path;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{LeaseEnd, account, pass};
use rusqlite::Transaction;

use crate::cli::BulkFile;
use crate::error::Error;
use crate::import::ancestor;
use crate::report::{BulkImport, BulkRow, LeaseRow, Report};
use crate::site::Site;
use crate::{account as one, terms};

pub(crate) use error::BulkError;
pub(crate) use export::export;
use labour::Labour;
use pins::{Hashed, NewPin};
use plan::Planned;
pub(crate) use plan::differences;

/// A list of accounts that is longer is none.
const LONGEST: u64 = 32 << 20;

/// Shows what a file comes to and, with consent, does it: all of it or nothing.
pub(crate) fn import(options: &BulkFile, site: &Site) -> Result<Report, Error> {
    let text = zeroize::Zeroizing::new(ancestor::bytes(&options.path, LONGEST)?);
    let lines = file::read(&text)?;
    if lines.is_empty() {
        return Err(BulkError::Nothing(options.path.display().to_string()).into());
    }
    let labour = Labour::of(lines.len());
    let reader = site.reader()?;
    let planned = plan::plan(reader.connection(), lines, site)?;
    let planned = pins::known_ones(planned, reader.connection(), &labour, site)?;
    if !options.yes {
        return Ok(report(planned, BulkImport::default()));
    }
    let pins = options.pins.as_deref();
    pins::refuse_without_file(&planned, pins)?;
    let hashed = pins::hash(&planned, &labour, site)?;
    let ledger = site.ledger()?;
    drop(reader);
    let written = pins.map(|path| pins::write(path, &planned, &hashed)).transpose()?.flatten();
    match carry_out(ledger, &planned, &hashed, site) {
        Ok((ended, last_pass)) => {
            let last_pass = last_pass.map(|pass| pass.finished_at);
            let done =
                BulkImport { done: true, pins: written, ended, last_pass, ..BulkImport::default() };
            Ok(report(planned, done))
        }
        Err(error) => {
            // These PINs are nobody's.
            if let Some(path) = &written {
                std::fs::remove_file(path).map_err(Error::io("removing", path))?;
            }
            Err(error)
        }
    }
}

type Done = (Vec<LeaseRow>, Option<pass::Pass>);

fn carry_out(
    mut ledger: dialgate_contract::ledger::Ledger,
    planned: &[Planned],
    hashed: &[Option<Hashed>],
    site: &Site,
) -> Result<Done, Error> {
    ledger.write(|tx| {
        let mut ended = Vec::new();
        for (planned, hashed) in planned.iter().zip(hashed) {
            if account::find(tx, &planned.new.number)? != planned.old {
                return Err(BulkError::Changed(planned.new.number.clone()).into());
            }
            let hash = hashed.as_ref().map(|hashed| hashed.hash.as_str());
            match &planned.old {
                None => add(tx, planned, hash.unwrap_or_default(), site)?,
                Some(_) => ended.extend(change(tx, planned, hash, site)?),
            }
        }
        Ok((ended, pass::last(tx)?))
    })
}

fn add(
    tx: &Transaction<'_>,
    planned: &Planned,
    hash: &str,
    site: &Site,
) -> Result<(), DatabaseError> {
    let new = &planned.new;
    account::insert(tx, new, hash)?;
    one::record(tx, site, "account-added", &new.number, &one::describe(new))?;
    if !new.enabled {
        one::record(tx, site, "account-disabled", &new.number, "")?;
    }
    Ok(())
}

/// As `dialgate account set`, `pin`, `enable` and `disable` do it.
fn change(
    tx: &Transaction<'_>,
    planned: &Planned,
    hash: Option<&str>,
    site: &Site,
) -> Result<Vec<LeaseRow>, DatabaseError> {
    let Planned { new, old: Some(old), .. } = planned else { return Ok(Vec::new()) };
    let number = &new.number;
    let mut account = new.clone();
    if hash.is_some() {
        account.unlocked_at = Some(site.now);
    }
    let before = terms::of(tx, old, site)?;
    if account != *old {
        account::update(tx, &account)?;
    }
    if planned.is_described_anew() {
        one::record(tx, site, "account-changed", number, &one::describe(new))?;
        terms::hold(tx, &account, &before, site)?;
    }
    match (old.enabled, new.enabled) {
        (true, false) => one::record(tx, site, "account-disabled", number, "")?,
        (false, true) => one::record(tx, site, "account-enabled", number, "")?,
        (true, true) | (false, false) => {}
    }
    if let Some(hash) = hash {
        account::set_pin_hash(tx, number, hash)?;
        one::record(tx, site, "account-pin-changed", number, "")?;
    }
    if hash.is_some() || (old.enabled && !new.enabled) {
        return one::end_leases(tx, number, LeaseEnd::Disabled, site);
    }
    Ok(Vec::new())
}

fn report(planned: Vec<Planned>, import: BulkImport) -> Report {
    let accounts = planned.into_iter().map(|planned| row(planned, import.done)).collect();
    Report::BulkImport(Box::new(BulkImport { accounts, ..import }))
}

/// A number that was only drawn to be shown means nothing.
fn row(planned: Planned, is_done: bool) -> BulkRow {
    let (outcome, changes) = (planned.outcome(), planned.changes());
    let pin = match planned.pin {
        NewPin::Keep => None,
        NewPin::Given(_) => Some("given"),
        NewPin::Generate => Some("generated"),
    };
    let (line, new) = (planned.line, planned.new);
    let account = (is_done || !planned.is_auto).then_some(new.number);
    BulkRow { line, outcome, account, name: new.name, changes, pin }
}

/// Whether there is nothing by this name yet.
fn is_free(path: &Path) -> Result<(), Error> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Err(BulkError::There(path.to_owned()).into()),
        Err(_) => Ok(()),
    }
}
