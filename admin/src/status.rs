//! `dialgate status`.

use dialgate_contract::ledger::{account, allow, audit, deny, host, lease, letter, pass};

use crate::error::Error;
use crate::firewall::{HEALED, standing};
use crate::report::{AuditRow, HostProblem, LastPass, Letters, Report, Status};
use crate::site::Site;

pub(crate) fn run(site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    let ledger = reader.connection();
    let accounts = account::all(ledger)?;
    let leases = lease::not_ended(ledger)?;
    let (waiting, given_up) = letter::backlog(ledger)?;
    let problems = host::all(ledger)?.into_iter().filter_map(|(name, host)| {
        Some(HostProblem { host: name.to_string(), problem: host.problem? })
    });
    Ok(Report::Status(Box::new(Status {
        open_leases: leases.iter().filter(|lease| lease.is_open(site.now)).count(),
        accounts: accounts.len(),
        disabled_accounts: accounts.iter().filter(|account| !account.enabled).count(),
        last_pass: LastPass::of(pass::last(ledger)?, site.now),
        letters: Letters { waiting, given_up },
        allow_entries: allow::all(ledger)?.iter().filter(|entry| entry.holds(site.now)).count(),
        deny_entries: deny::all(ledger)?.iter().filter(|entry| entry.holds(site.now)).count(),
        host_problems: problems.collect(),
        base_policy: standing(ledger, site)?,
        last_heal: audit::last_of(ledger, HEALED, 1)?.into_iter().map(AuditRow::from).next(),
    })))
}
