//! What a traveller wished, done to the ledger.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{
    Granted, Lease, LeaseEnd, Letter, Verdict, account, grant, lease, prolong, service, usage,
    verdict,
};
use dialgate_contract::queue::Wish;
use dialgate_contract::{AccountNumber, Decision, TravellerAddress};
use ipnet::IpNet;

use super::{Case, DAY, HOUR, refused};
use crate::admit::{Admission, Closure, Extension, Facts, Judgement, PinChange, judge};

/// What came of a wish.
pub(super) enum Decided {
    /// It is decided and written down.
    Verdict(Verdict),
    /// It is granted once these bans of fail2ban are lifted; nothing is written down.
    Banned(Vec<IpNet>),
}

pub(super) fn decide(
    case: Case<'_>,
    number: &AccountNumber,
    wish: &Wish,
) -> Result<Decided, DatabaseError> {
    let Case { transaction, request, bench } = case;
    let account = account::find(transaction, number)?;
    let mut open = lease::not_ended_of(transaction, number)?;
    open.retain(|lease| lease.is_open(bench.now));
    let services = service::all(transaction)?;
    let changed = Decision::PinChanged;
    let facts = Facts {
        account: account.as_ref(),
        services: &services,
        open: &open,
        own: bench.own,
        denied: bench.denied,
        banned: bench.banned,
        granted: verdict::granted_since(transaction, number, case.ago(HOUR))?,
        pin_changes: verdict::count_of(transaction, Some(number), changed, case.ago(DAY))?,
        leases: lease::count_not_ended(transaction)?,
        now: bench.now,
    };
    let verdict = match judge(wish, request.requested_at, facts, bench.policy) {
        Judgement::Open(admission) if !admission.unban().is_empty() => {
            return Ok(Decided::Banned(admission.unban().to_vec()));
        }
        Judgement::Extend(extension) if !extension.unban().is_empty() => {
            return Ok(Decided::Banned(extension.unban().to_vec()));
        }
        Judgement::Open(admission) => admit(case, &admission),
        Judgement::Extend(extension) => extend(case, &extension),
        Judgement::Close(closure) => close(case, &closure),
        Judgement::ChangePin(change) => change_pin(case, &change),
        Judgement::Refuse(refusal) => refused::refuse(case, number, wish, refusal),
    };
    verdict.map(Decided::Verdict)
}

fn admit(case: Case<'_>, admission: &Admission<'_>) -> Result<Verdict, DatabaseError> {
    let Case { transaction, request, bench } = case;
    let account = admission.account();
    let (address, until) = (admission.address(), admission.until());
    let Granted { lease, replaced, extended } =
        grant(transaction, account, address, bench.now, until, admission.addresses())?;
    granted(case, if extended { "lease-extended" } else { "lease-opened" }, &lease)?;
    for old in &replaced {
        let detail = format!("{old} gave way to {}", lease.address);
        case.record("lease-replaced", Some(&account.number), &detail)?;
    }
    let old = replaced.last().copied();
    let letter = Letter::opened(account, &lease, old, extended, Some(&request.caller));
    case.post(&account.email, &letter)?;
    Ok(if extended {
        Verdict::Extended(lease.id, lease.expires_at)
    } else {
        Verdict::Open(lease.id, lease.expires_at)
    })
}

/// The verdict is about the newest lease: that is where the traveller is.
fn extend(case: Case<'_>, extension: &Extension<'_>) -> Result<Verdict, DatabaseError> {
    for older in extension.older() {
        extend_one(case, extension, older)?;
    }
    let newest = extend_one(case, extension, extension.newest())?;
    Ok(Verdict::Extended(newest.id, newest.expires_at))
}

fn extend_one(
    case: Case<'_>,
    extension: &Extension<'_>,
    lease: &Lease,
) -> Result<Lease, DatabaseError> {
    let account = extension.account();
    usage::asked(case.transaction, lease.id, case.bench.now)?;
    let lease = prolong(case.transaction, account, lease.clone(), extension.until())?;
    granted(case, "lease-extended", &lease)?;
    let letter = Letter::opened(account, &lease, None, true, Some(&case.request.caller));
    case.post(&account.email, &letter)?;
    Ok(lease)
}

fn granted(case: Case<'_>, action: &str, lease: &Lease) -> Result<(), DatabaseError> {
    let Lease { id, account, address, expires_at, .. } = lease;
    let request = case.request.id;
    let detail = format!("{id} {address} until {expires_at}, request {request}");
    case.record(action, Some(account), &detail)?;
    tracing::info!(%request, %account, %address, until = %expires_at, "{action}");
    Ok(())
}

fn close(case: Case<'_>, closure: &Closure<'_>) -> Result<Verdict, DatabaseError> {
    let addresses = end(case, closure, LeaseEnd::Closed)?;
    let account = closure.account();
    case.post(&account.email, &Letter::closed(account, addresses, &case.request.caller))?;
    Ok(Verdict::Closed)
}

fn change_pin(case: Case<'_>, change: &PinChange<'_>) -> Result<Verdict, DatabaseError> {
    let Case { transaction, request, .. } = case;
    let account = change.closure().account();
    account::set_pin_hash(transaction, &account.number, change.hash().as_str())?;
    let detail = format!("request {}", request.id);
    case.record("account-pin-changed", Some(&account.number), &detail)?;
    tracing::info!(request = %request.id, account = %account.number, "account-pin-changed");
    end(case, change.closure(), LeaseEnd::Disabled)?;
    case.post(&account.email, &Letter::pin_changed(account, &request.caller))?;
    Ok(Verdict::PinChanged)
}

fn end(
    case: Case<'_>,
    closure: &Closure<'_>,
    by: LeaseEnd,
) -> Result<Vec<TravellerAddress>, DatabaseError> {
    let (request, action) = (case.request.id, format!("lease-{by}"));
    for Lease { id, account, address, .. } in closure.leases() {
        lease::end(case.transaction, *id, case.bench.now, by)?;
        case.record(&action, Some(account), &format!("{id} {address}, request {request}"))?;
        tracing::info!(%request, %account, %address, "{action}");
    }
    Ok(closure.leases().iter().map(|lease| lease.address).collect())
}
