//! `dialgate service`.

use std::collections::BTreeSet;

use dialgate_contract::ledger::{account, allow, audit, service};
use dialgate_contract::{Ports, Service, ServiceName};
use rusqlite::Connection;

use crate::cli::ServiceCommand;
use crate::error::Error;
use crate::listing::ListError;
use crate::report::{Report, ServiceChange, ServiceRow};
use crate::site::Site;

pub(crate) fn run(command: ServiceCommand, site: &Site) -> Result<Report, Error> {
    match command {
        ServiceCommand::List => list(site),
        ServiceCommand::Add { name, ports } => add(name, ports, site),
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

fn add(name: ServiceName, ports: Ports, site: &Site) -> Result<Report, Error> {
    let service = Service::new(name, ports);
    site.ledger()?.write(|tx| {
        if service::all(tx)?.iter().any(|known| known.name == service.name) {
            return Err(Error::ServiceExists(service.name.clone()));
        }
        service::insert(tx, &service)?;
        let detail = format!("{} {}", service.name, service.ports);
        Ok(audit::record(tx, site.now, &site.operator, "service-added", None, &detail)?)
    })?;
    Ok(Report::ServiceChange(ServiceChange { done: "added", service: service.into() }))
}

fn remove(name: &ServiceName, site: &Site) -> Result<Report, Error> {
    let service = site.ledger()?.write(|tx| {
        let Some(service) = service::all(tx)?.into_iter().find(|known| known.name == *name) else {
            return Err(Error::NoService(name.clone()));
        };
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
        let detail = format!("{} {}", service.name, service.ports);
        audit::record(tx, site.now, &site.operator, "service-removed", None, &detail)?;
        Ok(service)
    })?;
    Ok(Report::ServiceChange(ServiceChange { done: "removed", service: service.into() }))
}

fn list_of(words: &[impl ToString]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
