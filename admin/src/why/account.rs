//! Why somebody is not in.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{Entry, Query};
use dialgate_contract::ledger::letter::{self, Fate};
use dialgate_contract::ledger::{Account, Lease, account, audit, lease, pass};
use dialgate_contract::{AccountNumber, ServiceName};
use jiff::SignedDuration;
use rusqlite::Connection;

use super::of_address;
use crate::error::Error;
use crate::report::{AuditRow, Finding, LastPass, LeaseRow, Why, WhyAccount};
use crate::rights::Rights;
use crate::site::Site;

/// How many of its last lines in the trail are told.
const LINES: u32 = 5;
/// How many leases that have ended are looked at.
const ENDED: u32 = 1;
/// Failed logins of longer ago keep nobody waiting.
const FAILED: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn why(
    number: &AccountNumber,
    service: Option<&ServiceName>,
    rights: &Rights,
    ledger: &Connection,
    site: &Site,
) -> Result<WhyAccount, Error> {
    let account = account::find(ledger, number)?.ok_or(Error::NoAccount(number.clone()))?;
    let open: Vec<&Lease> = rights.leases.iter().filter(|it| it.account == *number).collect();
    let mut findings = of_the_account(&account, service, ledger, site)?;
    if open.is_empty() {
        findings.push(nothing_open(&account, ledger, site)?);
    }
    let mut addresses = Vec::new();
    for lease in &open {
        let address = lease.address.network().addr();
        let why = of_address(address, service, rights, ledger, site)?;
        findings.extend(of_lease(lease, &why, site));
        addresses.push(why);
    }
    findings.extend(letters(&account, ledger)?);
    let last_pass = LastPass::of(pass::last(ledger)?, site.now);
    findings.extend(of_the_reconciler(last_pass.as_ref()));
    let query = Query { account: Some(number.to_string()), ..Query::default() };
    let lines = audit::find(ledger, &query, LINES)?;
    Ok(WhyAccount {
        account: number.clone(),
        name: account.name,
        enabled: account.enabled,
        findings,
        leases: open.into_iter().map(|it| LeaseRow::new(it.clone(), site.now)).collect(),
        addresses,
        last_pass,
        last_lines: lines.into_iter().map(AuditRow::from).collect(),
    })
}

fn of_the_account(
    account: &Account,
    service: Option<&ServiceName>,
    ledger: &Connection,
    site: &Site,
) -> Result<Vec<Finding>, DatabaseError> {
    let number = &account.number;
    let mut findings = Vec::new();
    let last = |action: &str| -> Result<Option<Entry>, DatabaseError> {
        let (account, action) = (Some(number.to_string()), Some(action.to_owned()));
        let query = Query { account, action, ..Query::default() };
        Ok(audit::find(ledger, &query, 1)?.pop())
    };
    if !account.enabled {
        let by = last("account-disabled")?.map(|line| (line.actor, line.at));
        let fix = format!("dialgate account enable {number}");
        findings.push(Finding::new("the account is disabled", by, Some(fix)));
    }
    if let Some(name) = service.filter(|name| !account.services.contains(name)) {
        let mut names: Vec<&str> = account.services.iter().map(ServiceName::as_str).collect();
        names.push(name.as_str());
        let fix = format!("dialgate account set {number} --services {}", names.join(","));
        findings.push(Finding::new(format!("the account has no {name}"), None, Some(fix)));
    }
    let refused = last("request-refused")?;
    let granted = last("lease")?.map_or(0, |line| line.id);
    if let Some(line) = refused.filter(|line| line.id > granted) {
        let what = format!("the last call was refused: {}", line.detail);
        findings.push(Finding::new(what, Some((line.actor, line.at)), None));
    }
    let forgiven = account.unlocked_at.max(site.now.checked_sub(FAILED).ok());
    let failed = last("logins-failed")?.filter(|line| forgiven.is_none_or(|it| line.at > it));
    if let Some(line) = failed {
        let what = format!("logins failed, and callers may have to wait: {}", line.detail);
        let fix = format!("dialgate account unlock {number}");
        findings.push(Finding::new(what, Some((line.actor, line.at)), Some(fix)));
    }
    Ok(findings)
}

fn nothing_open(
    account: &Account,
    ledger: &Connection,
    site: &Site,
) -> Result<Finding, DatabaseError> {
    let number = &account.number;
    let fix = format!("dialgate lease grant {number} ADDRESS");
    let Some(last) = lease::latest_of(ledger, number, ENDED)?.pop() else {
        let what = "nothing was ever opened: no call has come to its end yet";
        return Ok(Finding::new(what, None, Some(fix)));
    };
    let (at, _) =
        last.ended.unwrap_or((last.expires_at, dialgate_contract::ledger::LeaseEnd::Expired));
    let what = format!(
        "nothing is open: {} for {} has ended ({})",
        last.id,
        last.address,
        last.state(site.now)
    );
    Ok(Finding { at: Some(at), ..Finding::new(what, None, Some(fix)) })
}

fn of_lease(lease: &Lease, why: &Why, site: &Site) -> Vec<Finding> {
    let Lease { id, address, .. } = lease;
    let mut findings = Vec::new();
    if let Some(denied) = &why.denied {
        let what = format!("{address} is kept out by {} on the deny list", denied.network);
        let fix = format!("dialgate deny remove {}", denied.network);
        findings.push(Finding { at: Some(denied.since), ..Finding::new(what, None, Some(fix)) });
    }
    for rule in &why.kept_out {
        let what =
            format!("{address} is kept out by {}, chain {}: {}", rule.by, rule.chain, rule.rule);
        let unban = format!("fail2ban-client unban {}", why.address);
        let fix = (rule.by == "fail2ban").then_some(unban);
        findings.push(Finding::new(what, None, fix));
    }
    let seen = why.not_seen.is_none();
    let in_kernel = why.services.iter().any(|row| row.packets.is_some());
    let packets: u64 = why.services.iter().filter_map(|row| row.packets).sum();
    if seen && !in_kernel && why.denied.is_none() {
        let what = format!("{id} is open in the ledger and not in the kernel");
        let fix = "dialgate-reconciler --once".to_owned();
        findings.push(Finding { at: Some(lease.opened_at), ..Finding::new(what, None, Some(fix)) });
    } else if seen && in_kernel && packets == 0 {
        let minutes = site.now.duration_since(lease.opened_at).as_mins();
        let what = format!(
            "{id} is open and no packet has come from {address} in {minutes} min: is the telephone elsewhere?"
        );
        findings.push(Finding::new(what, None, None));
    }
    findings
}

fn letters(account: &Account, ledger: &Connection) -> Result<Option<Finding>, DatabaseError> {
    let Some((at, fate)) = letter::last_to(ledger, &account.email)? else { return Ok(None) };
    let why = match fate {
        Fate::Sent | Fate::Waiting(None) => return Ok(None),
        Fate::Waiting(Some(problem)) => format!("is late: {problem}"),
        Fate::GivenUp(problem) => format!("was given up: {problem}"),
    };
    let what = format!("the last letter to {} {why}", account.email);
    Ok(Some(Finding { at: Some(at), ..Finding::new(what, None, None) }))
}

fn of_the_reconciler(last: Option<&LastPass>) -> Option<Finding> {
    let fix = Some("systemctl start dialgate-reconciler".to_owned());
    match last {
        None => Some(Finding::new("the reconciler has never run: nothing is opened", None, fix)),
        Some(pass) if pass.is_late() => {
            let what = "the reconciler does not run any more: nothing is opened";
            Some(Finding { at: Some(pass.finished_at), ..Finding::new(what, None, fix) })
        }
        Some(pass) => {
            let problem = pass.problem.as_ref()?;
            Some(Finding::new(format!("the reconciler has a problem: {problem}"), None, None))
        }
    }
}
