use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{LeaseEnd, LeaseId, Ledger, lease, service};
use dialgate_contract::{AccountNumber, Service, ServiceName, TravellerAddress};
use dialgate_reconciler::firewall::{Desired, Grant, Kernel, Time};
use dialgate_reconciler::pass::Reconciler;
use dialgate_tests::namespace::{Namespace, run};
use dialgate_tests::programs;
use dialgate_tests::site::USER;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;
use tempfile::TempDir;

use super::tools::command;

/// A site has no more leases than this, and so has a set. Further leases are of further services.
const IN_A_SET: u32 = 60_000;
/// All leases end then; nothing else ever does.
const LIFETIME: SignedDuration = SignedDuration::from_hours(6 * 24);
/// The address of the first lease; the others follow.
const FIRST: Ipv4Addr = Ipv4Addr::new(12, 0, 0, 0);

/// The root side with a ledger full of leases, in a network of its own.
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
        Ledger::open(&self.folder.path().join("data/ledger.db")).map_err(io::Error::other)
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

    /// What the kernel should hold with these leases besides the ledger's first ones, which are left out up to `from`.
    pub(super) fn desired(&self, from: u32, others: &[u32]) -> io::Result<Desired> {
        let services = service::all(self.ledger()?.connection()).map_err(io::Error::other)?;
        let left = (self.opened_at + LIFETIME).duration_since(now());
        let time = Time::For(u32::try_from(left.as_secs()).map_err(io::Error::other)?);
        let grants = (from..self.leases).chain(others.iter().copied()).map(|number| {
            let services = BTreeSet::from([service_of(number)?]);
            Ok(Grant { network: address(number)?.into(), services, time })
        });
        let grants = grants.collect::<io::Result<Vec<_>>>()?;
        let config = Config::load(&self.config_file()).map_err(io::Error::other)?;
        Ok(Desired::new(config.firewall.chain, config.firewall.anchor, &services, grants))
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

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config_file(&self) -> PathBuf {
        self.file("dialgate.toml")
    }

    fn fill(&self, transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
        for group in 1..=(self.leases / IN_A_SET) {
            let Ok(ports) = "udp:5060-5069".parse() else { continue };
            let Ok(name) = service_of(group * IN_A_SET) else { continue };
            service::insert(transaction, &Service { name, ports })?;
        }
        (0..self.leases)
            .try_for_each(|number| open(transaction, number, self.opened_at).map(|_| ()))
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

fn open(
    transaction: &Transaction<'_>,
    number: u32,
    from: Timestamp,
) -> Result<LeaseId, DatabaseError> {
    let made = || -> io::Result<(AccountNumber, TravellerAddress, ServiceName)> {
        let account = (100_000_000 + number).to_string().parse().map_err(io::Error::other)?;
        Ok((account, address(number)?, service_of(number)?))
    };
    let (account, address, service) =
        made().map_err(|_| DatabaseError::from(rusqlite::Error::InvalidQuery))?;
    lease::open(transaction, &account, address, &BTreeSet::from([service]), from, from + LIFETIME)
}

/// The address of a lease.
pub(super) fn address(number: u32) -> io::Result<TravellerAddress> {
    let address = Ipv4Addr::from(u32::from(FIRST) + number);
    TravellerAddress::new(address.into(), false).map_err(io::Error::other)
}

fn service_of(number: u32) -> io::Result<ServiceName> {
    let name = match number / IN_A_SET {
        0 => "sip".to_owned(),
        group => format!("phones{group}"),
    };
    name.parse().map_err(io::Error::other)
}

/// The time, as the programs see it.
#[expect(clippy::disallowed_methods, reason = "leases begin now")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
