//! `dialgate why`.

use std::net::IpAddr;

use dialgate_contract::ServiceName;
use dialgate_contract::ledger::{audit, pass};

use crate::error::Error;
use crate::firewall::{HEALED, standing};
use crate::report::{AuditRow, Denied, LastPass, Report, Why, WhyRow};
use crate::rights::Rights;
use crate::site::Site;

/// How many of the last heals are told.
const HEALS: u32 = 3;

pub(crate) fn run(
    address: IpAddr,
    service: Option<&ServiceName>,
    site: &Site,
) -> Result<Report, Error> {
    let address = address.to_canonical();
    let reader = site.reader()?;
    let ledger = reader.connection();
    let rights = Rights::load(ledger, site.now)?;
    if let Some(name) = service.filter(|name| rights.service(name.as_str()).is_none()) {
        return Err(Error::NoService(name.clone()));
    }
    let asked = rights.services.iter().filter(|one| service.is_none_or(|name| one.name == *name));
    let services = asked.map(|service| {
        let (access, because) = rights.access(address, &service.ports);
        let (service, ports) = (service.name.clone(), service.ports.clone());
        WhyRow { service, ports, access: access.as_str(), because }
    });
    let heals = audit::last_of(ledger, HEALED, HEALS)?;
    Ok(Report::Why(Box::new(Why {
        address,
        policy: standing(ledger, site)?,
        denied: rights.denied(address).map(|entry| Denied {
            network: entry.network,
            name: entry.name.clone(),
            expires_at: entry.expires_at,
        }),
        services: services.collect(),
        last_pass: LastPass::of(pass::last(ledger)?, site.now),
        heals: heals.into_iter().map(AuditRow::from).collect(),
    })))
}
