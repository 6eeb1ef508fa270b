//! Notices: who is told that logins fail.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, Letter, Verdict, account, verdict};
use dialgate_contract::{AccountNumber, Decision};

use super::{Case, DAY, Fate, HOUR};
use crate::admit::{Notice, Told, Whom, about_account, about_guessing};

/// Decides a notice. They are counted apart from what travellers wish, because strangers bring them about.
pub(super) fn hear(case: Case<'_>, action: &str, failures: u32) -> Result<Fate, DatabaseError> {
    let Case { transaction, request, bench } = case;
    let number = request.account();
    let account = number.map(|number| account::find(transaction, number)).transpose()?.flatten();
    match notice(case, number, account.as_ref())? {
        Some(notice) => {
            tell(case, &notice, failures)?;
            let detail = format!("{failures} failures, request {}", request.id);
            case.record(action, number, &detail)?;
            tracing::warn!(request = %request.id, failures, "{action}");
            verdict::insert(transaction, request.id, number, Verdict::Told, bench.now)?;
        }
        None if verdict::untold_since(transaction, case.ago(HOUR))? >= bench.policy.flood() => {
            return Ok(Fate::Dropped);
        }
        None => verdict::insert_untold(transaction, request.id, number, bench.now)?,
    }
    Ok(Fate::Decided)
}

fn notice<'a>(
    case: Case<'_>,
    number: Option<&AccountNumber>,
    account: Option<&'a Account>,
) -> Result<Option<Notice<'a>>, DatabaseError> {
    let Case { transaction, request, bench } = case;
    let told = |since| verdict::count_of(transaction, number, Decision::Told, case.ago(since));
    if number.is_none() {
        return Ok(about_guessing(request.requested_at, told(HOUR)?, bench.now));
    }
    let all = verdict::count(transaction, Decision::Told, case.ago(HOUR))?;
    let told = Told { account: told(DAY)?, all };
    Ok(about_account(account, request.requested_at, told, bench.now, bench.policy))
}

fn tell(case: Case<'_>, notice: &Notice<'_>, failures: u32) -> Result<(), DatabaseError> {
    let Case { request, bench, .. } = case;
    // A clock that is ahead dates no letter.
    let at = request.requested_at.min(bench.now);
    match notice.whom() {
        Whom::Owner(account) => {
            case.post(&account.email, &Letter::failed_logins(account, failures, at))?;
        }
        Whom::Nobody => {}
        Whom::Operators => {
            for operator in &bench.mail.operator {
                case.post(operator, &Letter::Guessing { failures, at })?;
            }
        }
    }
    Ok(())
}
