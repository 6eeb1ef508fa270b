//! `dialgate why`.

mod above;
mod account;
mod kernel;

use std::net::IpAddr;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Usage, audit, ended, pass, usage};
use dialgate_contract::{Network, Ports, ServiceName};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::argument::WhyTarget;
use crate::error::Error;
use crate::firewall::{HEALED, standing};
use crate::report::{AuditRow, Denied, Ground, KeptOut, LastPass, Report, Silenced, Why, WhyRow};
use crate::rights::{Access, Rights, overlap};
use crate::site::Site;
use kernel::{Seen, look};

/// How many of the last heals are told.
const HEALS: u32 = 3;

pub(crate) fn run(
    target: WhyTarget,
    service: Option<&ServiceName>,
    site: &Site,
) -> Result<Report, Error> {
    let reader = site.reader()?;
    let ledger = reader.connection();
    let rights = Rights::load(ledger, site.now)?;
    if let Some(name) = service.filter(|name| rights.service(name.as_str()).is_none()) {
        return Err(Error::NoService(name.clone()));
    }
    match target {
        WhyTarget::Address(address) => {
            let why = of_address(address.to_canonical(), service, &rights, ledger, site)?;
            Ok(Report::Why(Box::new(why)))
        }
        WhyTarget::Account(number) => {
            let why = account::why(&number, service, &rights, ledger, site)?;
            Ok(Report::WhyAccount(Box::new(why)))
        }
    }
}

fn of_address(
    address: IpAddr,
    service: Option<&ServiceName>,
    rights: &Rights,
    ledger: &Connection,
    site: &Site,
) -> Result<Why, Error> {
    let (seen, not_seen) = match look(address, &site.config) {
        Ok(seen) => (Some(seen), None),
        Err(problem) => (None, Some(problem)),
    };
    let asked = rights.services.iter().filter(|one| service.is_none_or(|name| one.name == *name));
    let used = usage::all(ledger)?;
    let mut services = Vec::new();
    for service in asked {
        let (access, mut because) = rights.access(address, &service.ports);
        because.iter_mut().for_each(|ground| add_use(ground, &used));
        let (name, ports) = (service.name.clone(), service.ports.clone());
        let packets = seen.as_ref().and_then(|seen| packets(&name, &because, rights, seen));
        services.push(WhyRow { service: name, ports, access: access.as_str(), because, packets });
    }
    let heals = audit::last_of(ledger, HEALED, HEALS)?;
    Ok(Why {
        address,
        policy: standing(ledger, site)?,
        denied: rights.denied(address).map(|entry| Denied {
            network: entry.network,
            name: entry.name.clone(),
            since: entry.created_at,
            expires_at: entry.expires_at,
        }),
        kept_out: seen.map(|seen| kept_out(seen, &services, rights)).unwrap_or_default(),
        not_seen,
        silenced: silenced(address, ledger, site.now)?,
        services,
        last_pass: LastPass::of(pass::last(ledger)?, site.now),
        heals: heals.into_iter().map(AuditRow::from).collect(),
    })
}

/// Packets from the address that were let in to the service, by its own set and those of the services that cover it;
/// `None` when no set of these holds the address.
fn packets(service: &ServiceName, because: &[Ground], rights: &Rights, seen: &Seen) -> Option<u64> {
    if because.is_empty() {
        return None;
    }
    let ports = &rights.service(service.as_str())?.ports;
    let sets = seen.open.iter().filter(|(name, _)| {
        name.as_str() == service.as_str()
            || rights.service(name).is_some_and(|other| other.ports.cover(ports))
    });
    sets.map(|(_, packets)| *packets).reduce(u64::saturating_add)
}

/// Rules against this address, and those against everybody that are about what it may reach.
fn kept_out(seen: Seen, services: &[WhyRow], rights: &Rights) -> Vec<KeptOut> {
    let let_in = services.iter().filter(|row| row.access == Access::Open.as_str());
    let ports = let_in.filter_map(|row| rights.service(row.service.as_str()));
    let ports = ports.fold(Ports::none(), |all, service| all.and(&service.ports));
    let above = seen.above.into_iter().filter(|(_, theirs)| overlap(theirs, &ports));
    seen.kept_out.into_iter().chain(above.map(|(rule, _)| rule)).collect()
}

fn add_use(ground: &mut Ground, used: &[Usage]) {
    if let Ground::Lease { id, last_packet_at, .. } = ground {
        let usage = used.iter().find(|usage| usage.id == *id);
        *last_packet_at = usage.and_then(Usage::last_packet_at);
    }
}

/// Whether the right of the address ended so lately that what this machine sends it begins nothing.
fn silenced(
    address: IpAddr,
    ledger: &Connection,
    now: Timestamp,
) -> Result<Option<Silenced>, DatabaseError> {
    let all = ended::all(ledger)?.into_iter();
    let of_address = all.filter(|(network, _)| network.contains(address));
    let silenced = of_address.map(|(network, since): (Network, Timestamp)| {
        let until = since.saturating_add(ended::KEPT).unwrap_or(since);
        Silenced { network, since, until }
    });
    Ok(silenced.filter(|it| it.until > now).max_by_key(|it| it.until))
}
