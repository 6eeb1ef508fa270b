//! `dialgate status`.

use std::collections::BTreeMap;

use dialgate_contract::AccountNumber;
use dialgate_contract::ledger::{
    Account, Lease, account, allow, audit, deny, host, lease, letter, pass, usage,
};
use rusqlite::Connection;

use crate::cli::StatusArguments;
use crate::error::Error;
use crate::firewall::{HEALED, standing};
use crate::ledger_events::LedgerEvents;
use crate::print::Printer;
use crate::report::{AuditRow, HostProblem, LastPass, Letters, OpenLease, Report, Status};
use crate::screen::{Next, Screen};
use crate::site::Site;

pub(crate) fn run(
    arguments: &StatusArguments,
    site: &Site,
    printer: &Printer<'_>,
) -> Result<Report, Error> {
    if arguments.watch {
        return watch(site, printer);
    }
    let reader = site.reader()?;
    let mut status = look(reader.connection(), site)?;
    status.is_check = arguments.check;
    Ok(Report::Status(Box::new(status)))
}

/// Shows how things stand until somebody leaves: anew each second, and at once when the ledger is written.
fn watch(site: &Site, printer: &Printer<'_>) -> Result<Report, Error> {
    if printer.json {
        return Err(Error::NoScreen);
    }
    let path = site.config.ledger_file();
    let reader = site.reader()?;
    let events = LedgerEvents::of(&path).map_err(Error::io("watching", &path))?;
    let screen = Screen::open()?;
    loop {
        let now = crate::now();
        let site = Site { now, ..site.clone() };
        let report = Report::Status(Box::new(look(reader.connection(), &site)?));
        let printer = Printer { now, ..*printer };
        let title = format!("dialgate status   {}   q leaves\n\n", printer.time());
        screen.show(&(title + &printer.words(&report))).map_err(Error::Print)?;
        match screen.wait(events.fd()).map_err(Error::Print)? {
            Next::Show => events.clear(),
            Next::Leave => return Ok(Report::Printed),
        }
    }
}

fn look(ledger: &Connection, site: &Site) -> Result<Status, Error> {
    let accounts = account::all(ledger)?;
    let mut leases = lease::not_ended(ledger)?;
    leases.retain(|lease| lease.is_open(site.now));
    let (waiting, given_up) = letter::backlog(ledger)?;
    let problems = host::all(ledger)?.into_iter().filter_map(|(name, host)| {
        Some(HostProblem { host: name.to_string(), problem: host.problem? })
    });
    Ok(Status {
        is_check: false,
        open_leases: leases.len(),
        accounts: accounts.len(),
        disabled_accounts: accounts.iter().filter(|account| !account.enabled).count(),
        last_pass: LastPass::of(pass::last(ledger)?, site.now),
        letters: Letters { waiting, given_up },
        allow_entries: allow::all(ledger)?.iter().filter(|entry| entry.holds(site.now)).count(),
        deny_entries: deny::all(ledger)?.iter().filter(|entry| entry.holds(site.now)).count(),
        host_problems: problems.collect(),
        base_policy: standing(ledger, site)?,
        last_heal: audit::last_of(ledger, HEALED, 1)?.into_iter().map(AuditRow::from).next(),
        leases: open(leases, &accounts, ledger)?,
    })
}

/// The first to end first.
fn open(
    mut leases: Vec<Lease>,
    accounts: &[Account],
    ledger: &Connection,
) -> Result<Vec<OpenLease>, Error> {
    leases.sort_by_key(|lease| (lease.expires_at, lease.id));
    let names: BTreeMap<&AccountNumber, &str> =
        accounts.iter().map(|account| (&account.number, account.name.as_str())).collect();
    let used: BTreeMap<_, _> =
        usage::all(ledger)?.into_iter().map(|usage| (usage.id, usage.last_packet_at())).collect();
    let open = leases.into_iter().map(|lease| OpenLease {
        name: names.get(&lease.account).copied().unwrap_or_default().to_owned(),
        last_packet_at: used.get(&lease.id).copied().flatten(),
        id: lease.id,
        account: lease.account,
        address: lease.address,
        expires_at: lease.expires_at,
    });
    Ok(open.collect())
}
