//! What a judgement does to the ledger: a lease or none, a verdict, a line in the audit trail, letters.

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::config::{Mail, Transport};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{Granted, grant};
use dialgate_contract::ledger::{Verdict, account, lease, letter, letter::Letter, verdict};
use dialgate_contract::queue::{Matter, Request, Wish};
use dialgate_contract::{AccountNumber, Refusal};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

use crate::admit::{Admission, Facts, Judgement, Policy, admit};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Letters about refusals that one operator gets in an hour; the audit trail has them all.
const REFUSAL_LETTERS_PER_HOUR: u32 = 12;

/// What decisions are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bench<'a> {
    /// What the operator allows.
    pub policy: &'a Policy,
    /// Who gets letters.
    pub mail: &'a Mail,
    /// This machine's addresses.
    pub own: &'a BTreeSet<IpAddr>,
    /// The time.
    pub now: Timestamp,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// There is a verdict, from now or from before.
    Decided,
    /// So many come that the queue is taken for flooded: nothing was written down.
    Dropped,
}

/// Decides a request that has no verdict yet, and writes down all that follows.
///
/// # Errors
/// When the ledger cannot be read or written.
pub(crate) fn decide(
    transaction: &Transaction<'_>,
    request: &Request,
    bench: Bench<'_>,
) -> Result<Fate, DatabaseError> {
    let hour_ago = bench.now.saturating_sub(HOUR).unwrap_or(Timestamp::MIN);
    if verdict::find(transaction, request.id)?.is_some() {
        return Ok(Fate::Decided);
    }
    if verdict::decided_since(transaction, hour_ago)? >= bench.policy.flood() {
        return Ok(Fate::Dropped);
    }
    let Matter::Access { account: number, wish: Wish::Open { address, .. } } = &request.matter
    else {
        return Ok(Fate::Dropped);
    };
    let account = account::find(transaction, number)?;
    let facts = Facts {
        account: account.as_ref(),
        own: bench.own,
        granted: verdict::granted_since(transaction, number, hour_ago)?,
        leases: lease::count_not_ended(transaction)?,
        now: bench.now,
    };
    let verdict = match admit(request, facts, bench.policy) {
        Judgement::Admit(admission) => open(transaction, request, &admission, bench)?,
        Judgement::Refuse(refusal) => {
            refuse(transaction, request, (number, *address), refusal, bench)?
        }
    };
    verdict::insert(transaction, request.id, Some(number), verdict, bench.now)?;
    Ok(Fate::Decided)
}

fn open(
    transaction: &Transaction<'_>,
    request: &Request,
    admission: &Admission<'_>,
    bench: Bench<'_>,
) -> Result<Verdict, DatabaseError> {
    let account = admission.account();
    let Granted { lease, replaced, extended } = grant(
        transaction,
        account,
        admission.address(),
        bench.now,
        admission.until(),
        bench.policy.addresses_per_account(),
    )?;
    let action = if extended { "lease-extended" } else { "lease-opened" };
    let detail = format!(
        "{} {} until {}, request {}",
        lease.id, lease.address, lease.expires_at, request.id
    );
    let actor = Actor::Caller(request.caller.clone());
    audit::record(transaction, bench.now, &actor, action, Some(&account.number), &detail)?;
    for old in &replaced {
        let detail = format!("{old} gave way to {}", lease.address);
        audit::record(
            transaction,
            bench.now,
            &actor,
            "lease-replaced",
            Some(&account.number),
            &detail,
        )?;
    }
    if bench.mail.transport != Transport::Off {
        let said = Letter::opened(
            account,
            &lease,
            replaced.last().copied(),
            extended,
            Some(&request.caller),
        );
        letter::post(transaction, &account.email, &said, bench.now)?;
    }
    tracing::info!(request = %request.id, account = %account.number, address = %lease.address,
        until = %lease.expires_at, "{action}");
    Ok(if extended {
        Verdict::Extended(lease.id, lease.expires_at)
    } else {
        Verdict::Open(lease.id, lease.expires_at)
    })
}

fn refuse(
    transaction: &Transaction<'_>,
    request: &Request,
    (account, address): (&AccountNumber, IpAddr),
    refusal: Refusal,
    bench: Bench<'_>,
) -> Result<Verdict, DatabaseError> {
    let detail = format!("{} for {}, request {}", refusal, address, request.id);
    let actor = Actor::Caller(request.caller.clone());
    audit::record(transaction, bench.now, &actor, "request-refused", Some(account), &detail)?;
    if bench.mail.transport != Transport::Off {
        tell_operators(transaction, request, (account, address), refusal, bench)?;
    }
    tracing::warn!(request = %request.id, account = %account, address = %address,
        "request-refused: {refusal}");
    Ok(Verdict::Refused(refusal))
}

fn tell_operators(
    transaction: &Transaction<'_>,
    request: &Request,
    (account, address): (&AccountNumber, IpAddr),
    refusal: Refusal,
    bench: Bench<'_>,
) -> Result<(), DatabaseError> {
    let said = Letter::Refused {
        account: account.clone(),
        address: address.to_string(),
        refusal,
        caller: request.caller.to_string(),
        at: bench.now,
    };
    let hour_ago = bench.now.saturating_sub(HOUR).unwrap_or(Timestamp::MIN);
    for operator in &bench.mail.operator {
        if letter::posted_since(transaction, operator, hour_ago)? < REFUSAL_LETTERS_PER_HOUR {
            letter::post(transaction, operator, &said, bench.now)?;
        }
    }
    Ok(())
}
