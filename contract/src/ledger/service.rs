//! Services: what can be opened.

use std::collections::BTreeSet;

use rusqlite::{Connection, Params, Transaction};

use crate::database::{DatabaseError, lifetime, parse};
use crate::{Lifetime, Service, ServiceName};

/// All services, by name.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Service>, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT name, ports, longest FROM service ORDER BY name")?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    rows.iter()
        .map(|(name, ports, longest)| {
            Ok(Service {
                name: parse("service.name", "service name", name)?,
                ports: parse("service.ports", "list of ports", ports)?,
                longest: lifetime("service.longest", *longest)?,
            })
        })
        .collect()
}

/// Adds a service.
///
/// # Errors
/// When there is one with this name, or the database cannot be written.
pub fn insert(transaction: &Transaction<'_>, service: &Service) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT INTO service (name, ports, longest) VALUES (?1, ?2, ?3)",
        columns(service),
    )?;
    Ok(())
}

/// Writes what a service that is there opens, and for how long; `false` when there is none with its name.
///
/// # Errors
/// When the database cannot be written.
pub fn update(transaction: &Transaction<'_>, service: &Service) -> Result<bool, DatabaseError> {
    let changed = transaction
        .execute("UPDATE service SET ports = ?2, longest = ?3 WHERE name = ?1", columns(service))?;
    Ok(changed > 0)
}

/// Takes a service away; `false` when there is none with this name.
///
/// # Errors
/// When an account has it, or the database cannot be written.
pub fn remove(transaction: &Transaction<'_>, name: &ServiceName) -> Result<bool, DatabaseError> {
    Ok(transaction.execute("DELETE FROM service WHERE name = ?1", [name.as_str()])? > 0)
}

/// A list of services as it is stored: names with spaces between.
pub(super) fn list(names: &BTreeSet<ServiceName>) -> String {
    names.iter().map(ServiceName::as_str).collect::<Vec<_>>().join(" ")
}

/// Reads back what [`list`] wrote.
pub(super) fn from_list(
    column: &'static str,
    text: &str,
) -> Result<BTreeSet<ServiceName>, DatabaseError> {
    text.split_whitespace().map(|name| parse(column, "service name", name)).collect()
}

fn columns(service: &Service) -> impl Params {
    (service.name.as_str(), service.ports.to_string(), service.longest.map(Lifetime::seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn the_usual_services_are_known_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let services = all(ledger.connection()).unwrap();
        let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "all", "fop", "ftp", "iax", "rtp", "sip", "sips", "ssh", "tftp", "web", "webmin",
                "webrtc"
            ]
        );
    }

    #[test]
    fn a_service_reads_back_as_it_was_written_and_changed() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let vpn = Service::new("vpn".parse().unwrap(), "udp:1194".parse().unwrap());
        let changed = Service { longest: "2h".parse().ok(), ..vpn.clone() };
        let find = |ledger: &Ledger| {
            let services = all(ledger.connection()).unwrap();
            services.into_iter().find(|service| service.name == vpn.name)
        };
        assert!(!ledger.write(|tx| update(tx, &vpn)).unwrap());
        ledger.write(|tx| insert(tx, &vpn)).unwrap();
        assert_eq!(find(&ledger), Some(vpn.clone()));
        assert!(ledger.write(|tx| update(tx, &changed)).unwrap());
        assert_eq!(find(&ledger), Some(changed));
        assert_eq!(all(ledger.connection()).unwrap().len(), 13);
    }
}
