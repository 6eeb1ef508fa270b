//! What the ledger says before setup, where there is one.

use dialgate_contract::ServiceName;
use dialgate_contract::ledger::{account, pass, service};

use crate::error::Error;
use crate::site::Site;

/// The services of a new ledger.
const SERVICES: [&str; 12] =
    ["all", "fop", "ftp", "iax", "rtp", "sip", "sips", "ssh", "tftp", "web", "webmin", "webrtc"];

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ledger {
    /// How many accounts there are.
    pub(super) accounts: usize,
    /// Whether the reconciler has ever passed.
    pub(super) has_passed: bool,
    services: Vec<ServiceName>,
}

impl Ledger {
    pub(super) fn none() -> Self {
        let services = SERVICES.iter().filter_map(|name| name.parse().ok()).collect();
        Self { accounts: 0, has_passed: false, services }
    }

    pub(super) fn read(site: &Site) -> Result<Self, Error> {
        let reader = site.reader()?;
        let connection = reader.connection();
        let services = service::all(connection)?.into_iter().map(|service| service.name).collect();
        let accounts = account::all(connection)?.len();
        Ok(Self { accounts, has_passed: pass::last(connection)?.is_some(), services })
    }

    /// Refuses what the first account could not have.
    pub(super) fn require(&self, wanted: &[ServiceName]) -> Result<(), Error> {
        let Some(name) = wanted.iter().find(|name| !self.services.contains(name)) else {
            return Ok(());
        };
        let known: Vec<&str> = self.services.iter().map(ServiceName::as_str).collect();
        Err(Error::UnknownService { name: name.clone(), known: known.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialgate_contract::config::Config;
    use dialgate_contract::ledger::audit::Actor;

    #[test]
    fn a_new_ledger_says_the_same_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        dialgate_contract::ledger::Ledger::open(&config.ledger_file()).unwrap();
        let operator = Actor::Operator("ann".to_owned());
        let site = Site { config, now: jiff::Timestamp::UNIX_EPOCH, operator };
        assert_eq!(Ledger::read(&site).unwrap(), Ledger::none());
    }
}
