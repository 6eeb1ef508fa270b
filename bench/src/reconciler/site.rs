use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dialgate_contract::config::{Anchor, Config};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{LeaseEnd, LeaseId, Ledger, lease, service};
use dialgate_contract::{AccountNumber, Network, ServiceName, TravellerAddress};
use dialgate_reconciler::admit::MOST_LEASES;
use dialgate_reconciler::firewall::{Desired, Grant, Kernel, Time};
use dialgate_reconciler::pass::Reconciler;
use dialgate_tests::namespace::{Namespace, run};
use dialgate_tests::programs;
use dialgate_tests::site::USER;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;
use tempfile::TempDir;

use super::tools::command;

/// All leases end then; nothing else ever does.
const LIFETIME: SignedDuration = SignedDuration::from_hours(6 * 24);
/// The address of the first lease; the others follow.
const FIRST: Ipv4Addr = Ipv4Addr::new(12, 0, 0, 0);

/// The root side with a ledger full of leases, in a network of its own. Where these are more than a site may have, the
/// ledger has none, and only the firewall is measured: with addresses for good, because reading so many takes longer than
/// the difference that is overlooked in a time.
#[derive(Debug)]
pub(super) struct Site {
    leases: u32,
    opened_at: Timestamp,
    folder: TempDir,
    namespace: Namespace,
}

/// A change that is made there and back: leases that end and others that begin.
#[derive(Debug)]
pub(super) struct Swap {
    open: Vec<(u32, LeaseId)>,
    ended: Vec<u32>,
}

impl Site {
    /// Makes one with this many leases. Its kernel has nothing yet.
    pub(super) fn new(leases: u32) -> io::Result<Self> {
        let namespace = Namespace::create()?;
        let folder = tempfile::tempdir()?;
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let here = folder.path().display();
        let config = format!(
            "data-dir = \"{here}/data\"\npepper-file = \"{here}/pepper\"\nuser = \"{USER}\"\n\
             [mail]\ntransport = \"off\"\n"
        );
        let site = Self { leases, opened_at: now(), folder, namespace };
        std::fs::write(site.config_file(), config)?;
        run(site.program("dialgate")?.arg("init"))?;
        site.ledger()?.write(|transaction| site.fill(transaction)).map_err(io::Error::other)?;
        Ok(site)
    }

    pub(super) const fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    pub(super) const fn leases(&self) -> u32 {
        self.leases
    }

    pub(super) fn ledger(&self) -> io::Result<Ledger> {
        Ledger::open(&self.ledger_file()).map_err(io::Error::other)
    }

    pub(super) fn ledger_file(&self) -> PathBuf {
        self.folder.path().join("data/ledger.db")
    }

    /// The reconciler, in this process.
    pub(super) fn reconciler(&self) -> io::Result<Reconciler> {
        let config = Config::load(&self.config_file()).map_err(io::Error::other)?;
        let kernel = Kernel::new().map_err(io::Error::other)?;
        Ok(Reconciler::new(config, self.ledger()?, Box::new(kernel)))
    }

    /// One of dialgate's programs, quiet.
    pub(super) fn program(&self, name: &str) -> io::Result<Command> {
        let mut command = command(&programs::path(name)?.display().to_string());
        command.arg("--config").arg(self.config_file());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    }

    /// Whether a site may have so many leases.
    pub(super) const fn is_allowed(&self) -> bool {
        self.leases <= MOST_LEASES
    }

    /// What the kernel should hold with the leases from `from` on and with others that the ledger does not have.
    pub(super) fn desired(&self, from: u32, others: &[u32]) -> io::Result<Desired> {
        let numbers = (from..self.leases).chain(others.iter().copied());
        let left = (self.opened_at + LIFETIME).duration_since(now());
        let seconds = u32::try_from(left.as_secs()).map_err(io::Error::other)?;
        let time = if self.is_allowed() { Time::For(seconds) } else { Time::Always };
        desired(&self.ledger_file(), numbers, time)
    }

    /// The first half of `changes` leases is to end, as many others are to begin.
    pub(super) fn swap(&self, changes: u32) -> io::Result<Swap> {
        let ledger = self.ledger()?;
        let open = lease::not_ended(ledger.connection()).map_err(io::Error::other)?;
        let open = (0..changes / 2).zip(open).map(|(number, lease)| (number, lease.id)).collect();
        Ok(Swap { open, ended: self.others(changes) })
    }

    /// Leases that the ledger does not have: those that begin when `changes` are made.
    pub(super) fn others(&self, changes: u32) -> Vec<u32> {
        (self.leases..self.leases + changes - changes / 2).collect()
    }

    /// Of what the kernel should hold, only what is different when `changes` are made.
    pub(super) fn only_changed(&self, desired: Desired, changes: u32) -> io::Result<Desired> {
        let numbers = (0..changes / 2).chain(self.others(changes));
        let networks = numbers.map(|number| Ok(Network::from(address(number)?).net()));
        Ok(desired.only(networks.collect::<io::Result<_>>()?))
    }

    fn config_file(&self) -> PathBuf {
        self.folder.path().join("dialgate.toml")
    }

    fn fill(&self, transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
        let leases = if self.is_allowed() { self.leases } else { 0 };
        (0..leases).try_for_each(|number| open(transaction, number, self.opened_at).map(|_| ()))
    }
}

impl Swap {
    /// Ends what is open and begins what is not.
    pub(super) fn flip(&mut self, reconciler: &mut Reconciler, site: &Site) -> io::Result<()> {
        let Self { open, ended } = self;
        let done: Result<Vec<(u32, LeaseId)>, DatabaseError> =
            reconciler.ledger_mut().write(|transaction| {
                for (_, id) in &*open {
                    lease::end(transaction, *id, now(), LeaseEnd::Revoked)?;
                }
                let opened = ended.iter();
                opened
                    .map(|&number| Ok((number, self::open(transaction, number, site.opened_at)?)))
                    .collect()
            });
        let begun = done.map_err(io::Error::other)?;
        *ended = std::mem::replace(open, begun).into_iter().map(|(number, _)| number).collect();
        Ok(())
    }
}

/// What the kernel should hold with leases of these numbers, by the services and the shipped configuration's chain.
pub(super) fn desired(
    ledger: &Path,
    numbers: impl Iterator<Item = u32>,
    time: Time,
) -> io::Result<Desired> {
    let ledger = Ledger::open(ledger).map_err(io::Error::other)?;
    let services = service::all(ledger.connection()).map_err(io::Error::other)?;
    let (sip, mut failed) = (sip()?, None);
    // One at a time: a million are many.
    let grants = numbers.map_while(|number| match address(number) {
        Ok(address) => Some(Grant { network: address.into(), services: sip.clone(), time }),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let chain = "DIALGATE".parse().map_err(io::Error::other)?;
    let desired = Desired::new(chain, Anchor::Auto, &services, grants);
    failed.map_or(Ok(desired), Err)
}

fn open(
    transaction: &Transaction<'_>,
    number: u32,
    from: Timestamp,
) -> Result<LeaseId, DatabaseError> {
    let made = || -> io::Result<(AccountNumber, TravellerAddress, BTreeSet<ServiceName>)> {
        let account = (100_000_000 + number).to_string().parse().map_err(io::Error::other)?;
        Ok((account, address(number)?, sip()?))
    };
    let (account, address, services) =
        made().map_err(|_| DatabaseError::from(rusqlite::Error::InvalidQuery))?;
    lease::open(transaction, &account, address, &services, from, from + LIFETIME)
}

/// The address of a lease.
pub(super) fn address(number: u32) -> io::Result<TravellerAddress> {
    let address = Ipv4Addr::from(u32::from(FIRST) + number);
    TravellerAddress::new(address.into(), false).map_err(io::Error::other)
}

/// What every lease opens.
fn sip() -> io::Result<BTreeSet<ServiceName>> {
    Ok(["sip".parse().map_err(io::Error::other)?].into())
}

/// The time, as the programs see it.
#[expect(clippy::disallowed_methods, reason = "leases begin now")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
