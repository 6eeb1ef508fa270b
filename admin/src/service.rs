//! `dialgate service`.

use std::collections::BTreeSet;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{account, allow, audit, service};
use dialgate_contract::{Lifetime, Ports, Service, ServiceName, Terms};
use rusqlite::{Connection, Transaction};

use crate::cli::{ServiceChanges, ServiceCommand, ServiceSettings};
use crate::error::Error;
use crate::listing::ListError;
use crate::own_access::OwnAccess;
use crate::report::{LeaseRow, Report, ServiceChange, ServiceRow};
use crate::site::Site;
use crate::terms;

pub(crate) fn run(command: ServiceCommand, site: &Site) -> Result<Report, Error> {
    match command {
        ServiceCommand::List => list(site),
        ServiceCommand::Add { name, ports, max } => add(name, ports, max, site),
        ServiceCommand::Set(changes) => set(changes, site),
        ServiceCommand::Remove { name } => remove(&name, site),
    }
}

/// The names as a set, when all of them are known.
pub(crate) fn known(
    connection: &Connection,
    names: Vec<ServiceName>,
) -> Result<BTreeSet<ServiceName>, Error> {
    let known: Vec<ServiceName> =
        service::all(connection)?.into_iter().map(|service| service.name).collect();
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(Error::UnknownService { name: name.clone(), known: list_of(&known) }),
        None => Ok(names.into_iter().collect()),
    }
}

fn list(site: &Site) -> Result<Report, Error> {
    let services = service::all(site.reader()?.connection())?;
    Ok(Report::Services(services.into_iter().map(ServiceRow::from).collect()))
}

fn add(
    name: ServiceName,
    ports: Ports,
    max: Option<Lifetime>,
    site: &Site,
) -> Result<Report, Error> {
    Terms::of_site(&site.config.lease).lifetime(max)?;
    let service = Service { longest: max, ..Service::new(name, ports) };
    site.ledger()?.write(|tx| {
        if service::all(tx)?.iter().any(|known| known.name == service.name) {
            return Err(Error::ServiceExists(service.name.clone()));
        }
        service::insert(tx, &service)?;
        Ok(record(tx, site, "service-added", &service)?)
    })?;
    Ok(change("added", service, Vec::new()))
}

fn set(changes: ServiceChanges, site: &Site) -> Result<Report, Error> {
    let ServiceChanges { name, settings: ServiceSettings { ports, max }, even_me } = changes;
    site.ledger()?.write(|tx| {
        let own = OwnAccess::before(tx, site)?;
        let mut service = find(tx, &name)?;
        let mut before = Vec::new();
        for account in account::all(tx)?.into_iter().filter(|it| it.services.contains(&name)) {
            before.push((terms::of(tx, &account, site)?, account));
        }
        if let Some(ports) = ports {
            service.ports = ports;
        }
        if let Some(max) = max {
            service.longest = max.own();
            Terms::of_site(&site.config.lease).lifetime(service.longest)?;
        }
        service::update(tx, &service)?;
        if !even_me {
            own.remains(tx, site)?;
        }
        record(tx, site, "service-changed", &service)?;
        let mut shortened = Vec::new();
        for (before, account) in &before {
            shortened.extend(terms::hold(tx, account, before, site)?);
        }
        Ok(change("changed", service, shortened))
    })
}

fn remove(name: &ServiceName, site: &Site) -> Result<Report, Error> {
    let service = site.ledger()?.write(|tx| {
        let service = find(tx, name)?;
        let users: Vec<_> = account::all(tx)?
            .into_iter()
            .filter(|account| account.services.contains(name))
            .map(|account| account.number)
            .collect();
        if !users.is_empty() {
            return Err(Error::ServiceInUse { name: name.clone(), accounts: list_of(&users) });
        }
        let allowed: Vec<_> = allow::all(tx)?
            .into_iter()
            .filter(|entry| entry.services.contains(name))
            .map(|entry| entry.origin)
            .collect();
        if !allowed.is_empty() {
            let origins = list_of(&allowed);
            return Err(ListError::ServiceAllowed { name: name.clone(), origins }.into());
        }
        service::remove(tx, name)?;
        record(tx, site, "service-removed", &service)?;
        Ok(service)
    })?;
    Ok(change("removed", service, Vec::new()))
}

fn find(connection: &Connection, name: &ServiceName) -> Result<Service, Error> {
    let mut services = service::all(connection)?.into_iter();
    services.find(|service| service.name == *name).ok_or_else(|| Error::NoService(name.clone()))
}

fn record(
    transaction: &Transaction<'_>,
    site: &Site,
    action: &str,
    service: &Service,
) -> Result<(), DatabaseError> {
    let longest = service.longest.map_or_else(|| "default".to_owned(), |own| own.to_string());
    let detail = format!("{} {}, max {longest}", service.name, service.ports);
    audit::record(transaction, site.now, &site.operator, action, None, &detail)
}

fn change(done: &'static str, service: Service, shortened: Vec<LeaseRow>) -> Report {
    Report::ServiceChange(ServiceChange { done, service: service.into(), shortened })
}

fn list_of(words: &[impl ToString]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
