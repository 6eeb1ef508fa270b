//! `dialgate lease`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use dialgate_contract::config::Transport;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{
    Account, Granted, Lease, LeaseEnd, Letter, account, audit, deny, grant, lease, letter, pass,
};
use dialgate_contract::{AccountNumber, Lifetime, Origin, TravellerAddress};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use crate::argument::LeaseTarget;
use crate::cli::LeaseCommand;
use crate::error::{Error, NothingOpen};
use crate::listing::clashes;
use crate::report::{Grant, LeaseRow, Report, Revoked};
use crate::site::Site;
use crate::terms;

pub(crate) fn run(command: LeaseCommand, site: &Site) -> Result<Report, Error> {
    match command {
        LeaseCommand::List { all } => list(all, site),
        LeaseCommand::Grant { account, address, lifetime } => {
            open(&account, address, lifetime, site)
        }
        LeaseCommand::Revoke { target } => revoke(&target, site),
    }
}

/// The account's open leases.
pub(crate) fn open_ones(
    connection: &Connection,
    number: &AccountNumber,
    now: Timestamp,
) -> Result<Vec<Lease>, DatabaseError> {
    let mut leases = lease::not_ended_of(connection, number)?;
    leases.retain(|lease| lease.is_open(now));
    Ok(leases)
}

/// Ends leases, with a line in the audit trail for each.
pub(crate) fn end(
    transaction: &Transaction<'_>,
    leases: Vec<Lease>,
    by: LeaseEnd,
    site: &Site,
) -> Result<Vec<LeaseRow>, DatabaseError> {
    let mut ended = Vec::new();
    for mut lease in leases {
        lease::end(transaction, lease.id, site.now, by)?;
        let (action, detail) = (format!("lease-{by}"), format!("{} {}", lease.id, lease.address));
        let (operator, account) = (&site.operator, Some(&lease.account));
        audit::record(transaction, site.now, operator, &action, account, &detail)?;
        lease.ended = Some((site.now, by));
        ended.push(LeaseRow::new(lease, site.now));
    }
    Ok(ended)
}

fn list(all: bool, site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    let mut leases =
        if all { lease::all(reader.connection())? } else { lease::not_ended(reader.connection())? };
    leases.retain(|lease| all || lease.is_open(site.now));
    Ok(Report::Leases(leases.into_iter().map(|lease| LeaseRow::new(lease, site.now)).collect()))
}

fn open(
    number: &AccountNumber,
    address: IpAddr,
    lifetime: Option<Lifetime>,
    site: &Site,
) -> Result<Report, Error> {
    let address = TravellerAddress::new(address, site.config.firewall.allow_private)?;
    let (granted, denied, last_pass) = site.ledger()?.write(|tx| {
        let account = account::find(tx, number)?.ok_or(Error::NoAccount(number.clone()))?;
        if !account.enabled {
            return Err(Error::AccountDisabled(account.number));
        }
        let terms = terms::of(tx, &account, site)?;
        let until = site.now.saturating_add(terms.lifetime(lifetime)?.signed());
        let until = until.unwrap_or(Timestamp::MAX);
        let granted = grant(tx, &account, address, site.now, until, terms.addresses())?;
        tell(tx, &account, &granted, site)?;
        let origin = Origin::Network(address.into());
        let denied = clashes(&origin, &BTreeMap::new(), &deny::all(tx)?, site.now);
        Ok((granted, denied, pass::last(tx)?))
    })?;
    let last_pass = last_pass.map(|pass| pass.finished_at);
    Ok(Report::Grant(Grant::new(granted, denied, last_pass, site.now)))
}

/// Tells the audit trail, and the traveller by letter.
fn tell(
    transaction: &Transaction<'_>,
    account: &Account,
    granted: &Granted,
    site: &Site,
) -> Result<(), DatabaseError> {
    let Granted { lease, replaced, extended } = granted;
    let record = |action: &str, detail: &str| {
        let account = Some(&account.number);
        audit::record(transaction, site.now, &site.operator, action, account, detail)
    };
    let action = if *extended { "lease-extended" } else { "lease-opened" };
    record(action, &format!("{} {} until {}", lease.id, lease.address, lease.expires_at))?;
    for old in replaced {
        record("lease-replaced", &format!("{old} gave way to {}", lease.address))?;
    }
    if site.config.mail.transport != Transport::Off {
        let content = Letter::opened(account, lease, replaced.last().copied(), *extended, None);
        letter::post(transaction, &account.email, &content, site.now)?;
    }
    Ok(())
}

fn revoke(target: &LeaseTarget, site: &Site) -> Result<Report, Error> {
    let (leases, last_pass) = site.ledger()?.write(|tx| {
        let leases = meant(tx, target, site.now)?;
        let ended = end(tx, leases, LeaseEnd::Revoked, site)?;
        Ok::<_, Error>((ended, pass::last(tx)?))
    })?;
    let last_pass = last_pass.map(|pass| pass.finished_at);
    Ok(Report::Revoked(Revoked { leases, last_pass }))
}

/// The open leases that are meant, at least one.
fn meant(
    connection: &Connection,
    target: &LeaseTarget,
    now: Timestamp,
) -> Result<Vec<Lease>, Error> {
    let mut leases = match target {
        LeaseTarget::Id(_) => lease::all(connection)?,
        LeaseTarget::Account(_) | LeaseTarget::Address(_) => lease::not_ended(connection)?,
    };
    leases.retain(|lease| match target {
        LeaseTarget::Id(id) => lease.id == *id,
        LeaseTarget::Account(number) => lease.account == *number,
        LeaseTarget::Address(address) => lease.address == *address,
    });
    let over = leases.first().map(|lease| lease.state(now));
    leases.retain(|lease| lease.is_open(now));
    if !leases.is_empty() {
        return Ok(leases);
    }
    Err(Error::NothingOpen(match (target, over) {
        (LeaseTarget::Id(id), Some(state)) => NothingOpen::Over(*id, state),
        (LeaseTarget::Id(id), None) => NothingOpen::NoLease(*id),
        (LeaseTarget::Address(address), _) => NothingOpen::Address(*address),
        (LeaseTarget::Account(number), _) => {
            if account::find(connection, number)?.is_none() {
                return Err(Error::NoAccount(number.clone()));
            }
            NothingOpen::Account(number.clone())
        }
    }))
}
