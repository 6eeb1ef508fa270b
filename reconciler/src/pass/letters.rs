//! Letters that no request brings about: reminders, the end of what nobody used, and somebody who undoes what we do.
//! Each is posted in the transaction that writes down what it tells of.

use dialgate_contract::config::{Mail, Transport};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Lease, Letter, Usage, account, audit, letter, reminder};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

use super::{Reconciler, next_due};
use crate::heal;

/// Operators are written to about fights no more often.
const CONTESTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

impl Reconciler {
    /// When a lease or something else ends next, or a traveller is to be reminded of that; `None` when nothing does.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn next_due(&self) -> Result<Option<Timestamp>, DatabaseError> {
        let connection = self.ledger.connection();
        let reminder = match self.config.lease.reminder {
            Some(before) => reminder::next_due(connection, before)?,
            None => None,
        };
        Ok([next_due(connection)?, reminder].into_iter().flatten().min())
    }

    /// Whether a heal at `now` makes a fight of those that are in the audit trail, for whoever remembers nothing else. One
    /// that operators were told of within the hour is none again.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn is_fight(&self, now: Timestamp) -> Result<bool, DatabaseError> {
        let connection = self.ledger.connection();
        if is_told(connection, now)? {
            return Ok(false);
        }
        let earlier = audit::last_of(connection, "firewall-healed", heal::FIGHT - 1)?;
        let first = earlier.get(heal::FIGHT as usize - 2);
        Ok(first.is_some_and(|first| now.duration_since(first.at) < heal::WINDOW_OF_RUNS))
    }

    /// Reminds travellers whose access ends soon, each once.
    pub(super) fn remind(&mut self, now: Timestamp) -> Result<(), DatabaseError> {
        let Some(before) = self.config.lease.reminder else { return Ok(()) };
        let due = reminder::next_due(self.ledger.connection(), before)?;
        if due.is_none_or(|due| due > now) {
            return Ok(());
        }
        let mail = &self.config.mail;
        self.ledger.write(|transaction| {
            let leases = reminder::due(transaction, before, now)?;
            leases.iter().try_for_each(|lease| remind_of(transaction, mail, lease, now))
        })
    }
}

fn remind_of(
    transaction: &Transaction<'_>,
    mail: &Mail,
    lease: &Lease,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    if let Some(account) = account::find(transaction, &lease.account)? {
        post(transaction, mail, &account.email, &Letter::reminder(&account, lease), now)?;
        let Lease { account, address, expires_at, .. } = lease;
        tracing::info!(%account, %address, until = %expires_at, "lease-reminder");
    }
    reminder::sent(transaction, lease.id)
}

/// Tells the traveller that a lease ended because nobody used it.
pub(super) fn tell_unused(
    transaction: &Transaction<'_>,
    mail: &Mail,
    usage: &Usage,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let Some(account) = account::find(transaction, &usage.account)? else { return Ok(()) };
    let letter = Letter::unused(&account, usage.address, usage.used_at);
    post(transaction, mail, &account.email, &letter, now)
}

/// Tells operators that a fight has begun, whose heals are in the audit trail already, and the fight itself is not.
pub(super) fn tell_operators(
    transaction: &Transaction<'_>,
    mail: &Mail,
    now: Timestamp,
    found: &str,
) -> Result<(), DatabaseError> {
    if is_told(transaction, now)? {
        return Ok(());
    }
    let heals = audit::last_of(transaction, "firewall-healed", heal::FIGHT)?;
    let letter = Letter::Contested {
        heals: u32::try_from(heals.len()).unwrap_or(heal::FIGHT),
        since: heals.last().map_or(now, |first| first.at),
        at: now,
        found: found.to_owned(),
    };
    let mut operators = mail.operator.iter();
    operators.try_for_each(|operator| post(transaction, mail, operator, &letter, now))
}

fn is_told(connection: &Connection, now: Timestamp) -> Result<bool, DatabaseError> {
    let told = audit::last_of(connection, "firewall-fight", 1)?;
    Ok(told.iter().any(|fight| now.duration_since(fight.at) < CONTESTED_EVERY))
}

fn post(
    transaction: &Transaction<'_>,
    mail: &Mail,
    recipient: &str,
    letter: &Letter,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    if mail.transport != Transport::Off {
        letter::post(transaction, recipient, letter, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use dialgate_contract::config::Config;
    use dialgate_contract::ledger::Ledger;

    use super::*;
    use crate::firewall::DryRun;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn letters(reconciler: &Reconciler) -> Vec<(String, Letter)> {
        let due = letter::due(reconciler.ledger().connection(), at(9999), 99).unwrap();
        due.into_iter()
            .map(Result::unwrap)
            .map(|waiting| (waiting.recipient, waiting.letter))
            .collect()
    }

    #[test]
    fn each_operator_is_told_of_a_fight_once_in_an_hour_and_of_what_was_found() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let mut config = Config::default();
        config.mail.operator = ["op@example.net", "night@example.net"].map(str::to_owned).to_vec();
        let mut reconciler =
            Reconciler::new(config, ledger, Box::new(DryRun::new(std::io::sink())));
        let mut fight = |begin: i64| {
            for (second, begins) in [(0, false), (20, false), (40, true)] {
                let found = format!("flushed; changed by iptables {second}");
                reconciler.record_heal(at(begin + second), &found, begins).unwrap();
            }
            letters(&reconciler)
        };
        let expected = Letter::Contested {
            heals: 3,
            since: at(0),
            at: at(40),
            found: "flushed; changed by iptables 40".to_owned(),
        };
        let all = fight(0);
        let recipients: Vec<&str> = all.iter().map(|(recipient, _)| recipient.as_str()).collect();
        assert_eq!(recipients, ["op@example.net", "night@example.net"]);
        assert!(all.iter().all(|(_, letter)| *letter == expected), "{all:?}");
        assert_eq!(fight(1200).len(), 2);
        // An hour after the second fight, not after the first.
        assert_eq!(fight(1200 + 3599).len(), 2);
        assert_eq!(fight(1200 + 3599 + 3600).len(), 4);
    }

    #[test]
    fn three_heals_in_a_few_minutes_are_a_fight_for_whoever_is_started_anew_for_each() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let firewall = Box::new(DryRun::new(std::io::sink()));
        let mut reconciler = Reconciler::new(Config::default(), ledger, firewall);
        let mut heal = |second| {
            let fight = reconciler.is_fight(at(second)).unwrap();
            reconciler.record_heal(at(second), "flushed", fight).unwrap();
            fight
        };
        let fights = [0, 200, 400, 600, 660, 720, 4260].map(|second| (second, heal(second)));
        let told: Vec<i64> =
            fights.iter().filter(|(_, fight)| *fight).map(|(second, _)| *second).collect();
        assert_eq!(told, [660]);
        assert!(!heal(4261) && heal(4262));
    }

    #[test]
    fn where_no_mail_is_sent_nobody_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let mut config = Config::default();
        config.mail.operator = vec!["op@example.net".to_owned()];
        config.mail.transport = Transport::Off;
        let mut reconciler =
            Reconciler::new(config, ledger, Box::new(DryRun::new(std::io::sink())));
        reconciler.record_heal(at(0), "flushed", true).unwrap();
        assert_eq!(letters(&reconciler), []);
    }
}
