//! What a command has to say, as JSON shows it; [`crate::print`] says the same to people.

mod account;
mod backup;
mod bulk;
mod firewall;
mod import;
mod lists;
mod mail;
mod setup;
mod why;

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::ledger::audit::Entry;
use dialgate_contract::ledger::pass::Pass;
use dialgate_contract::ledger::{Granted, Lease, LeaseId};
use dialgate_contract::{
    AccountNumber, Exit, Lifetime, Network, Ports, Service, ServiceName, TravellerAddress,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::doctor::{Check, Health};
use crate::files::Step;

pub(crate) use account::{AccountChange, AccountDetails, AccountRow, TermsRow};
pub(crate) use backup::{BackedUp, Restoration, RestoredConfig};
pub(crate) use bulk::{BulkImport, BulkOutcome, BulkRow, Exported, ExportedLines};
pub(crate) use firewall::{
    Done, FirewallChange, FirewallPlan, FirewallStatus, Ground, LockedOut, PlanRow, Standing,
};
pub(crate) use import::{Import, ImportRow, Outcome, ProviderRow, Providers};
pub(crate) use lists::{AllowChange, AllowRow, DeniedLease, DenyChange, DenyRow, HostRow};
pub(crate) use mail::{LetterRow, MailTest, Preview, QueueChange, TestOutcome, WrittenTemplates};
pub(crate) use setup::{SetupRow, SiteSetup};
pub(crate) use why::{Denied, Finding, KeptOut, Silenced, Why, WhyAccount, WhyRow};

/// The answer to a command.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Report {
    SetUp(SetUp),
    Setup(Box<SiteSetup>),
    Services(Vec<ServiceRow>),
    ServiceChange(ServiceChange),
    Accounts(Vec<AccountRow>),
    Account(AccountDetails),
    AccountChange(AccountChange),
    BackedUp(BackedUp),
    Restoration(Box<Restoration>),
    BulkImport(Box<BulkImport>),
    Exported(Exported),
    ExportedLines(ExportedLines),
    Leases(Vec<LeaseRow>),
    Grant(Grant),
    Revoked(Revoked),
    AllowList(Vec<AllowRow>),
    AllowChange(Box<AllowChange>),
    DenyList(Vec<DenyRow>),
    DenyChange(Box<DenyChange>),
    FirewallPlan(FirewallPlan),
    FirewallChange(FirewallChange),
    FirewallStatus(FirewallStatus),
    Why(Box<Why>),
    WhyAccount(Box<WhyAccount>),
    Import(Box<Import>),
    Providers(Providers),
    Keys(Keys),
    MailTest(MailTest),
    MailQueue(Vec<LetterRow>),
    QueueChange(QueueChange),
    Preview(Box<Preview>),
    WrittenTemplates(WrittenTemplates),
    Status(Box<Status>),
    Doctor(Vec<Check>),
    Audit(Vec<AuditRow>),
    Trail(Trail),
    /// All was printed already.
    Printed,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct SetUp {
    pub(crate) steps: Vec<Step>,
    #[serde(skip)]
    pub(crate) accounts: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct ServiceRow {
    pub(crate) name: ServiceName,
    pub(crate) ports: Ports,
    /// How long a lease with it lasts at most; `None`: what the site allows.
    pub(crate) max: Option<Lifetime>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ServiceChange {
    #[serde(skip)]
    pub(crate) done: &'static str,
    #[serde(flatten)]
    pub(crate) service: ServiceRow,
    /// The leases that end earlier by this.
    pub(crate) shortened: Vec<LeaseRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LeaseRow {
    pub(crate) id: LeaseId,
    pub(crate) account: AccountNumber,
    pub(crate) address: TravellerAddress,
    pub(crate) services: BTreeSet<ServiceName>,
    pub(crate) opened_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) state: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Grant {
    #[serde(flatten)]
    pub(crate) lease: LeaseRow,
    pub(crate) replaced: Vec<TravellerAddress>,
    pub(crate) extended: bool,
    /// What of the deny list wins over it.
    pub(crate) denied: Vec<Network>,
    /// When the reconciler last looked.
    pub(crate) last_pass: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Revoked {
    pub(crate) leases: Vec<LeaseRow>,
    #[serde(skip)]
    pub(crate) last_pass: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Keys {
    pub(crate) address: IpAddr,
    /// With the `#` at their end.
    pub(crate) keys: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) open_leases: usize,
    pub(crate) accounts: usize,
    pub(crate) disabled_accounts: usize,
    /// `None`: it has never run.
    pub(crate) last_pass: Option<LastPass>,
    pub(crate) letters: Letters,
    /// Entries that hold.
    pub(crate) allow_entries: usize,
    pub(crate) deny_entries: usize,
    /// Hosts on the allow list whose last answer was not good.
    pub(crate) host_problems: Vec<HostProblem>,
    pub(crate) base_policy: Standing,
    /// The last time that the reconciler put the firewall right again.
    pub(crate) last_heal: Option<AuditRow>,
    /// The first to end first.
    pub(crate) leases: Vec<OpenLease>,
    /// The program ends by whether there is a problem.
    #[serde(skip)]
    pub(crate) is_check: bool,
}

/// Who is in.
#[derive(Debug, Serialize)]
pub(crate) struct OpenLease {
    pub(crate) id: LeaseId,
    pub(crate) account: AccountNumber,
    pub(crate) name: String,
    pub(crate) address: TravellerAddress,
    pub(crate) expires_at: Timestamp,
    /// To within some minutes; `None`: none was seen yet.
    pub(crate) last_packet_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(crate) struct HostProblem {
    pub(crate) host: String,
    pub(crate) problem: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct LastPass {
    pub(crate) finished_at: Timestamp,
    pub(crate) age_seconds: i64,
    pub(crate) problem: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Letters {
    pub(crate) waiting: u32,
    pub(crate) given_up: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct AuditRow {
    /// Its number in the trail.
    pub(crate) id: i64,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) account: Option<String>,
    pub(crate) detail: String,
}

/// What came of looking at every line of the audit trail.
#[derive(Debug, Serialize)]
pub(crate) struct Trail {
    /// How many are as they were written, from the first one on.
    pub(crate) lines: u64,
    /// The last of them and its hash.
    pub(crate) head: Option<String>,
    /// The line that was asked for by its number and hash, and is still there unless something is wrong.
    #[serde(skip)]
    pub(crate) known: Option<i64>,
    /// The number of the first that is not.
    pub(crate) first_bad: Option<i64>,
    pub(crate) problem: Option<String>,
}

impl Report {
    /// How the program ends after this answer.
    pub(crate) fn exit(&self) -> Exit {
        if let Self::Doctor(checks) = self {
            return Health::exit(checks);
        }
        if let Self::MailTest(test) = self {
            return test.exit();
        }
        if let Self::Status(status) = self
            && status.is_check
            && status.has_problem()
        {
            return Exit::Unavailable;
        }
        if let Self::Trail(trail) = self { trail.exit() } else { Exit::Ok }
    }
}

impl From<Service> for ServiceRow {
    fn from(service: Service) -> Self {
        Self { name: service.name, ports: service.ports, max: service.longest }
    }
}

impl LeaseRow {
    pub(crate) fn new(lease: Lease, now: Timestamp) -> Self {
        Self {
            state: lease.state(now),
            id: lease.id,
            account: lease.account,
            address: lease.address,
            services: lease.services,
            opened_at: lease.opened_at,
            expires_at: lease.expires_at,
        }
    }
}

impl Grant {
    pub(crate) fn new(
        granted: Granted,
        denied: Vec<Network>,
        last_pass: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self {
            lease: LeaseRow::new(granted.lease, now),
            replaced: granted.replaced,
            extended: granted.extended,
            denied,
            last_pass,
        }
    }
}

impl LastPass {
    pub(crate) fn of(pass: Option<Pass>, now: Timestamp) -> Option<Self> {
        pass.map(|pass| Self {
            finished_at: pass.finished_at,
            age_seconds: now.as_second() - pass.finished_at.as_second(),
            problem: pass.problem,
        })
    }
}

impl Status {
    /// Whether something does not work.
    fn has_problem(&self) -> bool {
        let is_well =
            self.last_pass.as_ref().is_some_and(|pass| pass.problem.is_none() && !pass.is_late());
        !is_well || !self.host_problems.is_empty()
    }
}

impl LastPass {
    /// A reconciler that watches, or is run by cron, writes down more often than this that it has passed.
    const LATE: i64 = 300;

    /// Whether nothing runs any more.
    pub(crate) const fn is_late(&self) -> bool {
        self.age_seconds > Self::LATE
    }
}

impl From<Entry> for AuditRow {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            account: entry.account,
            detail: entry.detail,
        }
    }
}
