//! The outbox: takes letters that are due from the ledger, hands them to the mail child one at a time, and writes down
//! what became of them.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use dialgate_contract::SystemUser;
use dialgate_contract::config::{Mail, Transport};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::Ledger;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::letter::{self, LetterId};
use jiff::{SignedDuration, Timestamp};

use crate::mail::{Delivery, Mailer, next_attempt};

/// How long a letter that is being sent is not due again. Longer than the mail child has for it; were the ledger not
/// claimed first, a full disk would have the same letter sent every second.
const CLAIM: SignedDuration = SignedDuration::from_secs(120);

/// What the trail calls it.
const TEMPLATE_BROKEN: &str = "template-broken";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The outbox; without a mailer when mail is off.
pub(crate) struct Outbox {
    mailer: Option<Mailer>,
    user: Option<SystemUser>,
    next: Option<Mail>,
    in_flight: Option<InFlight>,
}

struct InFlight {
    id: LetterId,
    attempts: u32,
    created_at: Timestamp,
}

impl Outbox {
    /// An outbox that sends as `mail` says, by a child that runs as `user`.
    #[must_use]
    pub(crate) fn new(mail: &Mail, user: Option<&SystemUser>) -> Self {
        let user = user.cloned();
        Self { mailer: mailer(mail, user.as_ref()), user, next: None, in_flight: None }
    }

    /// Sends as `mail` says from the next letter on.
    pub(crate) fn change(&mut self, mail: &Mail) {
        self.next = Some(mail.clone());
        self.adopt();
    }

    fn adopt(&mut self) {
        if !self.is_busy()
            && let Some(mail) = self.next.take()
        {
            self.mailer = mailer(&mail, self.user.as_ref());
        }
    }

    /// What to poll for reading; `None` while no letter is on its way.
    #[must_use]
    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.mailer.as_ref().and_then(Mailer::fd)
    }

    /// When [`Outbox::turn`] is to be called even if there is nothing to read; `None` when never.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.mailer.as_ref().and_then(Mailer::deadline)
    }

    /// Whether a letter is on its way.
    #[must_use]
    pub(crate) const fn is_busy(&self) -> bool {
        self.in_flight.is_some()
    }

    /// When the next letter is due; `None` while one is on its way, and when none is ever sent.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn next_due(&self, ledger: &Ledger) -> Result<Option<Timestamp>, DatabaseError> {
        if self.mailer.is_none() || self.is_busy() {
            return Ok(None);
        }
        letter::next_due(ledger.connection())
    }

    /// Writes down what became of the letter on its way, and sends the next that is due.
    ///
    /// # Errors
    /// When the ledger cannot be read or written. No letter is lost by that; one may be sent twice, none more often.
    pub(crate) fn turn(
        &mut self,
        ledger: &mut Ledger,
        now: Timestamp,
        clock: Instant,
    ) -> Result<(), DatabaseError> {
        let Some(mailer) = &mut self.mailer else { return Ok(()) };
        if self.in_flight.is_some() {
            let Some(report) = mailer.report(clock) else { return Ok(()) };
            // Taken first: nothing else may wait for a letter whose report cannot be written down.
            if let Some(sent) = self.in_flight.take() {
                write_down(ledger, &sent, &report.outcome, now)?;
            }
            if let Some(fault) = report.fault {
                tell(ledger, &fault, now)?;
            }
        }
        self.adopt();
        let Some(mailer) = &mut self.mailer else { return Ok(()) };
        let letter = match letter::due(ledger.connection(), now, 1)?.pop() {
            None => return Ok(()),
            Some(Ok(letter)) => letter,
            Some(Err(unreadable)) => {
                let problem = unreadable.to_string();
                return ledger.write(|tx| give_up(tx, unreadable.id, now, &problem));
            }
        };
        let until = now.saturating_add(CLAIM).unwrap_or(Timestamp::MAX);
        ledger.write(|transaction| letter::claim(transaction, letter.id, until))?;
        let sending =
            InFlight { id: letter.id, attempts: letter.attempts, created_at: letter.created_at };
        match mailer.send(&letter, clock) {
            Ok(()) => self.in_flight = Some(sending),
            Err(error) => write_down(ledger, &sending, &error.outcome(), now)?,
        }
        Ok(())
    }

    /// Puts off the letter on its way: there is no time to hear what becomes of it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub(crate) fn put_off(
        &mut self,
        ledger: &mut Ledger,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let late = Delivery::Retry("the mail server took too long".to_owned());
        self.in_flight.take().map_or(Ok(()), |sent| write_down(ledger, &sent, &late, now))
    }
}

fn mailer(mail: &Mail, user: Option<&SystemUser>) -> Option<Mailer> {
    (mail.transport != Transport::Off).then(|| Mailer::new(mail.clone(), user.cloned()))
}

fn write_down(
    ledger: &mut Ledger,
    sent: &InFlight,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let id = sent.id;
    ledger.write(|transaction| match delivery {
        Delivery::Sent => {
            tracing::info!(letter = id.row(), "letter sent");
            letter::sent(transaction, id, now)
        }
        Delivery::Retry(reason) => match next_attempt(sent.attempts, sent.created_at, now) {
            Some(due) => {
                tracing::warn!(
                    letter = id.row(),
                    "letter not sent, to be tried again at {due}: {reason}"
                );
                letter::failed(transaction, id, due, reason)
            }
            None => give_up(transaction, id, now, reason),
        },
        Delivery::Hopeless(reason) => give_up(transaction, id, now, reason),
    })
}

fn give_up(
    transaction: &rusqlite::Transaction<'_>,
    id: LetterId,
    now: Timestamp,
    reason: &str,
) -> Result<(), DatabaseError> {
    tracing::error!(letter = id.row(), "letter given up: {reason}");
    letter::give_up(transaction, id, now, reason)?;
    let detail = format!("letter {}: {reason}", id.row());
    audit::record(transaction, now, &Actor::Reconciler, "letter-given-up", None, &detail)
}

/// Tells log and audit trail why a letter was not in the operator's own words; once a day is enough.
fn tell(ledger: &mut Ledger, fault: &str, now: Timestamp) -> Result<(), DatabaseError> {
    let last = audit::last_of(ledger.connection(), TEMPLATE_BROKEN, 1)?.pop();
    if last.is_some_and(|last| last.detail == fault && now.duration_since(last.at) < DAY) {
        return Ok(());
    }
    tracing::error!("a letter was sent in the words that dialgate comes with: {fault}");
    ledger.write(|tx| audit::record(tx, now, &Actor::Reconciler, TEMPLATE_BROKEN, None, fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_operators_own_words_is_told_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let mut told = |hour: i64, fault: &str| {
            let now = Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap();
            tell(&mut ledger, fault, now).unwrap();
            audit::last_of(ledger.connection(), TEMPLATE_BROKEN, 9).unwrap().len()
        };
        assert_eq!((told(0, "line 1"), told(23, "line 1")), (1, 1));
        assert_eq!((told(23, "line 2"), told(24, "line 2")), (2, 2));
        assert_eq!(told(47, "line 2"), 3);
    }
}
