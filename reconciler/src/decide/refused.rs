//! What was refused, told to whoever runs the site.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Letter, Verdict, letter};
use dialgate_contract::queue::Wish;
use dialgate_contract::{AccountNumber, Refusal};

use super::{Case, HOUR};

/// Letters about refusals that one operator gets in an hour; the audit trail has them all.
const LETTERS_AN_HOUR: u32 = 12;

pub(super) fn refuse(
    case: Case<'_>,
    account: &AccountNumber,
    wish: &Wish,
    refusal: Refusal,
) -> Result<Verdict, DatabaseError> {
    let request = case.request.id;
    let wished = wished(wish);
    let detail = format!("{refusal} for {wished}, request {request}");
    case.record("request-refused", Some(account), &detail)?;
    tracing::warn!(%request, %account, "request-refused: {refusal} for {wished}");
    // Somebody else closed it first, or its time was over: nothing is wrong.
    if refusal != Refusal::NothingOpen {
        tell_operators(case, account, wish, refusal)?;
    }
    Ok(Verdict::Refused(refusal))
}

fn tell_operators(
    case: Case<'_>,
    account: &AccountNumber,
    wish: &Wish,
    refusal: Refusal,
) -> Result<(), DatabaseError> {
    let said = Letter::Refused {
        account: account.clone(),
        address: match wish {
            Wish::Open { address, .. } => address.to_string(),
            Wish::Extend { .. } | Wish::Close | Wish::ChangePin { .. } => String::new(),
        },
        refusal,
        caller: case.request.caller.to_string(),
        at: case.bench.now,
    };
    for operator in &case.bench.mail.operator {
        let posted = letter::posted_since(case.transaction, operator, case.ago(HOUR))?;
        if posted < LETTERS_AN_HOUR {
            case.post(operator, &said)?;
        }
    }
    Ok(())
}

fn wished(wish: &Wish) -> String {
    match wish {
        Wish::Open { address, .. } => address.to_string(),
        Wish::Extend { .. } => "more time".to_owned(),
        Wish::Close => "closing".to_owned(),
        Wish::ChangePin { .. } => "another PIN".to_owned(),
    }
}
