//! Notices: who is told that logins fail.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Letter, Verdict, account, verdict};
use dialgate_contract::{AccountNumber, Decision};

use super::{Case, DAY, HOUR};
use crate::admit::{Notice, Told, Whom, about_account, about_guessing};

/// The verdict on a notice about one account; `None` when enough were told.
pub(super) fn failed_logins(
    case: Case<'_>,
    number: &AccountNumber,
    failures: u32,
) -> Result<Option<Verdict>, DatabaseError> {
    let Case { transaction, request, bench } = case;
    let account = account::find(transaction, number)?;
    let told = Told {
        account: verdict::count_of(transaction, Some(number), Decision::Told, case.ago(DAY))?,
        all: verdict::count(transaction, Decision::Told, case.ago(HOUR))?,
    };
    let (at, policy) = (request.requested_at, bench.policy);
    match about_account(account.as_ref(), at, told, bench.now, policy) {
        Some(notice) => tell(case, &notice, Some(number), failures).map(Some),
        None => Ok(None),
    }
}

/// The verdict on a notice that many accounts are tried; `None` when enough were told.
pub(super) fn guessing(case: Case<'_>, failures: u32) -> Result<Option<Verdict>, DatabaseError> {
    let Case { transaction, request, bench } = case;
    let alarms = verdict::count_of(transaction, None, Decision::Told, case.ago(HOUR))?;
    match about_guessing(request.requested_at, alarms, bench.now) {
        Some(notice) => tell(case, &notice, None, failures).map(Some),
        None => Ok(None),
    }
}

fn tell(
    case: Case<'_>,
    notice: &Notice<'_>,
    number: Option<&AccountNumber>,
    failures: u32,
) -> Result<Verdict, DatabaseError> {
    let Case { request, bench, .. } = case;
    // A clock that is ahead dates no letter.
    let at = request.requested_at.min(bench.now);
    let action = match notice.whom() {
        Whom::Owner(account) => {
            case.post(&account.email, &Letter::failed_logins(account, failures, at))?;
            "logins-failed"
        }
        Whom::Nobody => "logins-failed",
        Whom::Operators => {
            for operator in &bench.mail.operator {
                case.post(operator, &Letter::Guessing { failures, at })?;
            }
            "guessing"
        }
    };
    case.record(action, number, &format!("{failures} failures, request {}", request.id))?;
    tracing::warn!(request = %request.id, failures, "{action}");
    Ok(Verdict::Told)
}
