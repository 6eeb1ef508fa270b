//! `dialgate firewall`: the base policy, which keeps everybody without a right out. It is decided here and carried out
//! by the reconciler.

mod lockout;
mod look;
mod plan;
mod trial;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{BasePolicy, Decision, Exempt, audit, base_policy, pass};
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
use look::look;
use trial::{Trial, is_tried, trial, wait_for_pass};

/// How long a trial lasts.
pub(crate) const TRIAL: SignedDuration = SignedDuration::from_secs(60);
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
    #[error("the base policy is on already, as the configuration says: nothing was changed")]
    OnAlready,
    #[error("there is no trial: `dialgate firewall apply` begins one")]
    NoTrial,
    #[error(
        "the trial was over {0} s ago, and the base policy has rolled back: `dialgate firewall apply` tries it again"
    )]
    TrialOver(i64),
    #[error(
        "the base policy has not been tried yet, for the reconciler has not passed since without a problem: see `dialgate status`, and confirm within {0} s"
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
    let rights = Rights::load(ledger, site.now)?.with_policy(&configured(site));
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
    let exempt = configured(site);
    let decided = base_policy::find(ledger.connection())?.and_then(|found| found.at(site.now));
    match decided {
        Some(Decision { policy: BasePolicy::Trial(end), .. }) => {
            return Err(FirewallError::TrialRuns(seconds(site.now, end)).into());
        }
        Some(decision) if decision.exempt == exempt => return Err(FirewallError::OnAlready.into()),
        Some(_) | None => {}
    }
    let rights = Rights::load(ledger.connection(), site.now)?.with_policy(&exempt);
    let (locked_out, notes) = look(ledger.connection(), &rights, site)?;
    if !locked_out.is_empty() && !even_if {
        return Err(FirewallError::LocksOut(locked_out).into());
    }
    let end = site.now.saturating_add(TRIAL).unwrap_or(site.now);
    let mut change = ledger.write(|tx| {
        base_policy::set(tx, BasePolicy::Trial(end), &exempt, site.now)?;
        let detail = format!("until {end} unless confirmed; exempt: {exempt}");
        decided_now(tx, "base-policy-tried", &detail, Done::Tried, site)
    })?;
    change.locked_out = locked_out;
    change.notes = notes;
    Ok(Report::FirewallChange(change))
}

fn confirm(site: &Site) -> Result<Report, Error> {
    let mut ledger = site.ledger()?;
    wait_for_pass(ledger.connection(), site)?;
    let change = ledger.write(|tx| {
        let Trial { end, since, exempt } = trial(tx, site)?;
        if !is_tried(tx, since)? {
            return Err(FirewallError::NotTried(seconds(site.now, end)).into());
        }
        base_policy::set(tx, BasePolicy::On, &exempt, site.now)?;
        let detail = format!("exempt: {exempt}");
        Ok::<_, Error>(decided_now(tx, "base-policy-confirmed", &detail, Done::Confirmed, site)?)
    })?;
    Ok(Report::FirewallChange(change))
}

fn rollback(site: &Site) -> Result<Report, Error> {
    let change = site.ledger()?.write(|tx| {
        trial(tx, site)?;
        base_policy::roll_back(tx, site.now)?;
        let action = "base-policy-rolled-back";
        Ok::<_, Error>(decided_now(tx, action, "", Done::RolledBack, site)?)
    })?;
    Ok(Report::FirewallChange(change))
}

fn off(site: &Site) -> Result<Report, Error> {
    let change = site.ledger()?.write(|tx| {
        if standing(tx, site)?.since.is_some() {
            base_policy::set(tx, BasePolicy::Off, &Exempt::default(), site.now)?;
            return decided_now(tx, "base-policy-off", "", Done::Off, site);
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
    Ok(Standing::new(base_policy::find(ledger)?, &configured(site), site.now))
}

/// Who is to be exempt, as the configuration says.
fn configured(site: &Site) -> Exempt {
    Exempt::from(&site.config.base_policy)
}

/// Writes down what was just decided, and tells of it.
fn decided_now(
    transaction: &Transaction<'_>,
    action: &str,
    detail: &str,
    done: Done,
    site: &Site,
) -> Result<FirewallChange, DatabaseError> {
    audit::record(transaction, site.now, &site.operator, action, None, detail)?;
    Ok(FirewallChange {
        done,
        policy: standing(transaction, site)?,
        locked_out: Vec::new(),
        notes: Vec::new(),
        last_pass: pass::last(transaction)?.map(|pass| pass.finished_at),
    })
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second())
}
