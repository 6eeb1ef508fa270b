use dialgate_contract::ledger::Account;
use dialgate_contract::queue::{Matter, Request};
use dialgate_contract::{AccountNumber, CallerId};
use dialgate_pin::{Pepper, Secret};
use jiff::Timestamp;

use super::clock;
use super::requests::{RequestError, Requests, request};
use super::throttle_rows;
use crate::protocol::Digits;
use crate::throttle::{
    self, AccountKey, Attempt, Caller, CallerKey, Judgement, Notice, Outcome, Reservation,
};

/// The throttling of logins, which outlives the program in the queue's file. Where that cannot be written nobody is
/// let in.
pub(super) struct Throttling {
    requests: Requests,
    pepper: Pepper,
}

/// Whom notices are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Concerned<'a> {
    /// `None` where nobody has this account.
    pub(super) owner: Option<&'a AccountNumber>,
    pub(super) caller: &'a CallerId,
}

impl Throttling {
    pub(super) const fn new(requests: Requests, pepper: Pepper) -> Self {
        Self { requests, pepper }
    }

    /// Somebody typed `account`, which belongs to `found`, if to anybody.
    pub(super) fn attempt(
        &self,
        account: &Digits,
        caller: &CallerId,
        found: Option<&Account>,
    ) -> Attempt {
        let key = |secret, text| self.pepper.key(secret, text);
        let known = |number| Caller::Number(CallerKey::new(key(Secret::Caller, number)));
        Attempt {
            account: AccountKey::new(key(Secret::Account, account.as_str())),
            caller: caller.number().map_or(Caller::Unknown, known),
            unlocked_at: found.map(|account| account.unlocked_at.unwrap_or(account.created_at)),
        }
    }

    /// Whether the PIN may be looked at. It is counted as failed when this returns.
    pub(super) fn judge(&self, attempt: &Attempt) -> Result<Judgement, RequestError> {
        self.requests.write_now(|queue| {
            queue.transaction(|transaction| {
                // Read with the lock held: what others have stored is earlier.
                let now = clock::now();
                let rows = throttle_rows::load(transaction, attempt.account, attempt.caller)?;
                let judged = throttle::judge(&rows, attempt, now);
                throttle_rows::store(transaction, &judged.changes)?;
                Ok((judged.judgement, Vec::new()))
            })
        })
    }

    /// Stores what looking at the PIN said, and has told who is to be told.
    pub(super) fn record(
        &self,
        attempt: &Attempt,
        reservation: &Reservation,
        outcome: Outcome<'_>,
        concerned: Concerned<'_>,
    ) -> Result<(), RequestError> {
        self.requests.write_now(|queue| {
            queue.transaction(|transaction| {
                let now = clock::now();
                let rows = throttle_rows::load(transaction, attempt.account, attempt.caller)?;
                let recorded = throttle::record(&rows, reservation, outcome, now);
                throttle_rows::store(transaction, &recorded.changes)?;
                Ok(((), notices(&recorded.notices, concerned, now)?))
            })
        })
    }

    /// Forgets what binds nobody any more.
    pub(super) async fn forget_old(&self) {
        let forgotten = self.requests.write(|queue| {
            queue.transaction(|transaction| {
                Ok((throttle_rows::forget(transaction, clock::now())?, Vec::new()))
            })
        });
        match forgotten.await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "forgot old counts of failed logins"),
            Err(error) => tracing::warn!(%error, "old counts of failed logins stay for now"),
        }
    }
}

fn notices(
    notices: &[Notice],
    concerned: Concerned<'_>,
    now: Timestamp,
) -> Result<Vec<Request>, RequestError> {
    let matter = |notice: &Notice| match *notice {
        Notice::Owner { failures, .. } => concerned
            .owner
            .map(|account| Matter::FailedLogins { account: account.clone(), failures }),
        Notice::Operator { failures } => {
            Some(Matter::Guessing { failures: u32::try_from(failures).unwrap_or(u32::MAX) })
        }
    };
    let requests = notices.iter().filter_map(matter);
    requests.map(|matter| request(matter, concerned.caller.clone(), now)).collect()
}
