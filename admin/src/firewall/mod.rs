//! `dialgate firewall`: the base policy, which keeps everybody without a right out. It is decided here and carried out
//! by the reconciler.

mod lockout;
mod plan;

use std::path::Path;
use std::time::Duration;

use dialgate_contract::config::Backend;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{BasePolicy, audit, base_policy, pass};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

use crate::cli::FirewallCommand;
use crate::error::Error;
use crate::layout::locked_out as list;
use crate::report::{
    AuditRow, Done, FirewallChange, FirewallPlan, FirewallStatus, LastPass, LockedOut, Report,
    Standing,
};
use crate::rights::Rights;
use crate::site::Site;
use crate::ssh_peer;
use crate::{phones, print};

/// How long a trial lasts.
pub(crate) const TRIAL: SignedDuration = SignedDuration::from_secs(60);
/// A reconciler that watches passes more often than this, even with nothing to do.
const ASLEEP: SignedDuration = SignedDuration::from_mins(10);
/// How often it is looked whether it has passed. It writes that down every ten seconds.
const LOOKS_A_SECOND: u32 = 10;
const LOOKS: u32 = 12 * LOOKS_A_SECOND;
/// What the reconciler calls it, in the audit trail, when it has put the firewall right.
pub(crate) const HEALED: &str = "firewall-healed";

/// Why the base policy stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FirewallError {
    #[error("nothing was changed, for these would lose access:\n{}Let them in first, or say --even-if-it-locks-out. Networks of your own are\nnamed in [base-policy] lan of the configuration.", list(.0))]
    LocksOut(Vec<LockedOut>),
    #[error(
        "a trial runs already, for {0} s more: `dialgate firewall confirm` or `rollback` it first"
    )]
    TrialRuns(i64),
    #[error("the base policy is on already: nothing was changed")]
    OnAlready,
    #[error("there is no trial: `dialgate firewall apply` begins one")]
    NoTrial,
    #[error(
        "the trial was over {0} s ago, and the base policy has rolled back: `dialgate firewall apply` tries it again"
    )]
    TrialOver(i64),
    #[error(
        "the base policy has not been tried yet, for the reconciler has not passed since: see `dialgate status`, and confirm within {0} s"
    )]
    NotTried(i64),
    #[error("the base policy was confirmed: `dialgate firewall off` takes it away")]
    Confirmed,
}

pub(crate) fn run(command: FirewallCommand, site: &Site) -> Result<Report, Error> {
    match command {
        FirewallCommand::Plan => show_plan(site),
        FirewallCommand::Apply { even_if_it_locks_out } => apply(even_if_it_locks_out, site),
        FirewallCommand::Confirm => confirm(site),
        FirewallCommand::Rollback => rollback(site),
        FirewallCommand::Status => status(site),
        FirewallCommand::Off => off(site),
    }
}

fn show_plan(site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    let ledger = reader.connection();
    let rights = Rights::load(ledger, &site.config, site.now)?.with_policy();
    let (locked_out, notes) = look(ledger, &rights, site)?;
    Ok(Report::FirewallPlan(FirewallPlan {
        policy: standing(ledger, site)?,
        open: plan::rows(&rights),
        locked_out,
        notes,
    }))
}

fn apply(even_if: bool, site: &Site) -> Result<Report, Error> {
    let mut ledger = site.ledger()?;
    match standing(ledger.connection(), site)? {
        Standing { trial_ends: Some(end), .. } => {
            return Err(FirewallError::TrialRuns(seconds(site.now, end)).into());
        }
        Standing { since: Some(_), .. } => return Err(FirewallError::OnAlready.into()),
        Standing { since: None, trial_ends: None, .. } => {}
    }
    let rights = Rights::load(ledger.connection(), &site.config, site.now)?.with_policy();
    let (locked_out, notes) = look(ledger.connection(), &rights, site)?;
    if !locked_out.is_empty() && !even_if {
        return Err(FirewallError::LocksOut(locked_out).into());
    }
    let end = site.now.saturating_add(TRIAL).unwrap_or(site.now);
    let mut change = ledger
        .write(|tx| decide(tx, BasePolicy::Trial(end), "base-policy-tried", Done::Tried, site))?;
    change.locked_out = locked_out;
    change.notes = notes;
    Ok(Report::FirewallChange(change))
}

fn confirm(site: &Site) -> Result<Report, Error> {
    let mut ledger = site.ledger()?;
    wait_for_pass(ledger.connection(), site)?;
    let change = ledger.write(|tx| {
        let (end, since) = trial(tx, site)?;
        if !passed_after(tx, since)? {
            return Err(FirewallError::NotTried(seconds(site.now, end)).into());
        }
        Ok::<_, Error>(decide(tx, BasePolicy::On, "base-policy-confirmed", Done::Confirmed, site)?)
    })?;
    Ok(Report::FirewallChange(change))
}

/// Waits, but never beyond the trial, for the reconciler to write down that it has passed since the trial began.
fn wait_for_pass(ledger: &Connection, site: &Site) -> Result<(), Error> {
    let (end, since) = trial(ledger, site)?;
    let left = u32::try_from(seconds(site.now, end)).unwrap_or_default().saturating_sub(1);
    let tries = LOOKS.min(left.saturating_mul(LOOKS_A_SECOND));
    for look in 0..tries {
        if passed_after(ledger, since)? {
            break;
        }
        if look == LOOKS_A_SECOND {
            print::meanwhile("waiting for the reconciler to pass ...");
        }
        std::thread::sleep(Duration::from_secs(1) / LOOKS_A_SECOND);
    }
    Ok(())
}

/// Times are whole seconds: a pass in the same second may have been before.
fn passed_after(ledger: &Connection, since: Timestamp) -> Result<bool, DatabaseError> {
    Ok(pass::last(ledger)?.is_some_and(|pass| pass.finished_at > since))
}

fn rollback(site: &Site) -> Result<Report, Error> {
    let change = site.ledger()?.write(|tx| {
        trial(tx, site)?;
        let action = "base-policy-rolled-back";
        Ok::<_, Error>(decide(tx, BasePolicy::Off, action, Done::RolledBack, site)?)
    })?;
    Ok(Report::FirewallChange(change))
}

fn off(site: &Site) -> Result<Report, Error> {
    let change = site.ledger()?.write(|tx| {
        if standing(tx, site)?.since.is_some() {
            return decide(tx, BasePolicy::Off, "base-policy-off", Done::Off, site);
        }
        Ok(FirewallChange {
            done: Done::OffAlready,
            policy: standing(tx, site)?,
            locked_out: Vec::new(),
            notes: Vec::new(),
            last_pass: None,
        })
    });
    Ok(Report::FirewallChange(change?))
}

fn status(site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    let ledger = reader.connection();
    Ok(Report::FirewallStatus(FirewallStatus {
        policy: standing(ledger, site)?,
        last_pass: LastPass::of(pass::last(ledger)?, site.now),
        last_heal: audit::last_of(ledger, HEALED, 1)?.into_iter().map(AuditRow::from).next(),
    }))
}

/// Whether the base policy is on.
pub(crate) fn standing(ledger: &Connection, site: &Site) -> Result<Standing, DatabaseError> {
    Ok(Standing::new(base_policy::find(ledger)?, site.now))
}

/// The trial that runs: its end and its beginning.
fn trial(ledger: &Connection, site: &Site) -> Result<(Timestamp, Timestamp), Error> {
    let error = match base_policy::find(ledger)? {
        Some((BasePolicy::Trial(end), since)) if site.now < end => return Ok((end, since)),
        Some((BasePolicy::Trial(end), _)) => FirewallError::TrialOver(seconds(end, site.now)),
        Some((BasePolicy::On, _)) => FirewallError::Confirmed,
        Some((BasePolicy::Off, _)) | None => FirewallError::NoTrial,
    };
    Err(error.into())
}

fn decide(
    transaction: &Transaction<'_>,
    policy: BasePolicy,
    action: &str,
    done: Done,
    site: &Site,
) -> Result<FirewallChange, DatabaseError> {
    base_policy::set(transaction, policy, site.now)?;
    let detail = match policy {
        BasePolicy::Trial(end) => format!("until {end} unless confirmed"),
        BasePolicy::On | BasePolicy::Off => String::new(),
    };
    audit::record(transaction, site.now, &site.operator, action, None, &detail)?;
    Ok(FirewallChange {
        done,
        policy: standing(transaction, site)?,
        locked_out: Vec::new(),
        notes: Vec::new(),
        last_pass: pass::last(transaction)?.map(|pass| pass.finished_at),
    })
}

/// Who would lose access, and what else the operator should know.
fn look(
    ledger: &Connection,
    rights: &Rights,
    site: &Site,
) -> Result<(Vec<LockedOut>, Vec<String>), DatabaseError> {
    let ssh = ssh_peer::find(ledger)?;
    let phones = phones::find(Path::new(phones::ASTERISK));
    let locked_out = lockout::locked_out(rights, &ssh, &phones);
    let mut notes = phones.notes;
    let looked = format!(
        "looked at: {} of SSH, {}",
        count(ssh.len(), "connection"),
        count(phones.seen.len(), "telephone")
    );
    notes.insert(0, looked);
    for name in rights.open.iter().filter(|name| rights.service(name.as_str()).is_none()) {
        notes.push(format!("[base-policy] open names {name}, which is no service"));
    }
    if site.config.firewall.backend == Backend::DryRun {
        notes.push("firewall.backend is dry-run: the reconciler changes nothing".to_owned());
    }
    let awake =
        pass::last(ledger)?.is_some_and(|pass| site.now.duration_since(pass.finished_at) <= ASLEEP);
    if !awake {
        notes.push(
            "the reconciler has not passed lately: a trial needs `dialgate-reconciler --watch`, or it is over before it is seen"
                .to_owned(),
        );
    }
    Ok((locked_out, notes))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second())
}
