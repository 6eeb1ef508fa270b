//! The base policy: whether everybody without a right is kept out by our own chain, and who is exempt from that.
//!
//! Who is exempt is copied from the configuration when the policy is tried, and stays as it was confirmed: no slip of an
//! editor takes anybody's access away.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::service;
use crate::database::{DatabaseError, parse, timestamp};
use crate::{Network, ServiceName, config};

/// What the operator decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasePolicy {
    /// Our chain only lets in; somebody else keeps out.
    Off,
    /// It is tried, and ends by itself at this time unless it is confirmed.
    Trial(Timestamp),
    /// It stands.
    On,
}

/// Who gets in without a right of his own. Printed as a list, `nothing` when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exempt {
    /// Networks that reach everything.
    pub lan: BTreeSet<Network>,
    /// Services that everybody reaches.
    pub open: BTreeSet<ServiceName>,
}

/// A decision that was not to be off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is tried, or stands.
    pub policy: BasePolicy,
    /// Since when.
    pub since: Timestamp,
    /// Who is exempt.
    pub exempt: Exempt,
    /// While it is tried, who was exempt from the one that was confirmed before; that one holds again afterwards.
    pub confirmed: Option<Exempt>,
}

impl Decision {
    /// What holds at `now`: a trial that was not confirmed in time is over. `None`: it is off.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Option<Self> {
        match self.policy {
            BasePolicy::Off => None,
            BasePolicy::Trial(end) if now >= end => {
                let confirmed = self.confirmed?;
                Some(Self {
                    policy: BasePolicy::On,
                    since: end,
                    exempt: confirmed,
                    confirmed: None,
                })
            }
            BasePolicy::Trial(_) | BasePolicy::On => Some(self),
        }
    }
}

impl Exempt {
    /// These and the others.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        self.lan.extend(&others.lan);
        self.open.extend(others.open.iter().cloned());
        self
    }

    /// Those of these that are not named among the others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self {
            lan: self.lan.difference(&others.lan).copied().collect(),
            open: self.open.difference(&others.open).cloned().collect(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lan.is_empty() && self.open.is_empty()
    }
}

impl From<&config::BasePolicy> for Exempt {
    fn from(config: &config::BasePolicy) -> Self {
        Self {
            lan: config.lan.iter().copied().collect(),
            open: config.open.iter().cloned().collect(),
        }
    }
}

impl fmt::Display for Exempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lan = self.lan.iter().map(ToString::to_string);
        let all: Vec<String> = lan.chain(self.open.iter().map(ToString::to_string)).collect();
        f.pad(if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }.as_str())
    }
}

/// What was decided last; a trial may be over by now: see [`Decision::at`]. `None`: it is off.
///
/// # Errors
/// When the database cannot be read.
pub fn find(connection: &Connection) -> Result<Option<Decision>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT since, trial_ends, lan, open, confirmed_lan, confirmed_open FROM base_policy",
    )?;
    let found = statement.query_row([], |row| Ok(from_row(row))).optional()?;
    found.transpose()
}

/// Decides. A trial keeps in mind what was confirmed before.
///
/// # Errors
/// When the database cannot be read or written.
pub fn set(
    transaction: &Transaction<'_>,
    policy: BasePolicy,
    exempt: &Exempt,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let (end, confirmed) = match policy {
        BasePolicy::Off => {
            transaction.execute("DELETE FROM base_policy", [])?;
            return Ok(());
        }
        BasePolicy::On => (None, None),
        BasePolicy::Trial(end) => (Some(end.as_second()), confirmed(transaction, at)?),
    };
    let (lan, open) = columns(exempt);
    let (confirmed_lan, confirmed_open) = confirmed.as_ref().map(columns).unzip();
    transaction.execute(
        "INSERT OR REPLACE INTO base_policy (id, since, trial_ends, lan, open, confirmed_lan, confirmed_open)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
        params![at.as_second(), end, lan, open, confirmed_lan, confirmed_open],
    )?;
    Ok(())
}

/// Ends a trial: what was confirmed before holds again, which is returned.
///
/// # Errors
/// When the database cannot be read or written.
pub fn roll_back(
    transaction: &Transaction<'_>,
    at: Timestamp,
) -> Result<BasePolicy, DatabaseError> {
    let confirmed = confirmed(transaction, at)?;
    let policy = if confirmed.is_some() { BasePolicy::On } else { BasePolicy::Off };
    set(transaction, policy, &confirmed.unwrap_or_default(), at)?;
    Ok(policy)
}

/// Lets in more than was confirmed, while the policy stands; what that is, when it is anything.
///
/// # Errors
/// When the database cannot be read or written.
pub fn widen(
    transaction: &Transaction<'_>,
    exempt: &Exempt,
) -> Result<Option<Exempt>, DatabaseError> {
    let Some(Decision { policy: BasePolicy::On, exempt: so_far, .. }) = find(transaction)? else {
        return Ok(None);
    };
    let more = exempt.without(&so_far);
    if more.is_empty() {
        return Ok(None);
    }
    let (lan, open) = columns(&so_far.and(&more));
    transaction.execute("UPDATE base_policy SET lan = ?1, open = ?2", params![lan, open])?;
    Ok(Some(more))
}

/// Who is exempt from the policy that stands, or will again after a trial.
fn confirmed(connection: &Connection, at: Timestamp) -> Result<Option<Exempt>, DatabaseError> {
    let decided = find(connection)?.and_then(|decision| decision.at(at));
    Ok(decided.and_then(|decision| match decision.policy {
        BasePolicy::On => Some(decision.exempt),
        BasePolicy::Trial(_) | BasePolicy::Off => decision.confirmed,
    }))
}

fn columns(exempt: &Exempt) -> (String, String) {
    let lan: Vec<String> = exempt.lan.iter().map(ToString::to_string).collect();
    (lan.join(" "), service::list(&exempt.open))
}

fn from_row(row: &Row<'_>) -> Result<Decision, DatabaseError> {
    let end: Option<i64> = row.get("trial_ends")?;
    let policy = match end {
        None => BasePolicy::On,
        Some(end) => BasePolicy::Trial(timestamp("base_policy.trial_ends", end)?),
    };
    let confirmed: (Option<String>, Option<String>) =
        (row.get("confirmed_lan")?, row.get("confirmed_open")?);
    Ok(Decision {
        policy,
        since: timestamp("base_policy.since", row.get("since")?)?,
        exempt: exempt(&row.get::<_, String>("lan")?, &row.get::<_, String>("open")?)?,
        confirmed: match confirmed {
            (Some(lan), Some(open)) => Some(exempt(&lan, &open)?),
            (Some(_), None) | (None, _) => None,
        },
    })
}

fn exempt(lan: &str, open: &str) -> Result<Exempt, DatabaseError> {
    let network = |network| parse("base_policy.lan", "network", network);
    Ok(Exempt {
        lan: lan.split_whitespace().map(network).collect::<Result<_, _>>()?,
        open: service::from_list("base_policy.open", open)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    fn ledger(folder: &tempfile::TempDir) -> Ledger {
        Ledger::open(&folder.path().join("ledger.db")).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn exempt(lan: &str, open: &str) -> Exempt {
        super::exempt(lan, open).unwrap()
    }

    fn holds(ledger: &Ledger, second: i64) -> Option<(BasePolicy, Exempt)> {
        let decision = find(ledger.connection()).unwrap().and_then(|found| found.at(at(second)));
        decision.map(|decision| (decision.policy, decision.exempt))
    }

    #[test]
    fn what_was_decided_last_holds_and_a_trial_ends_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = ledger(&folder);
        assert_eq!(find(ledger.connection()).unwrap(), None);
        let home = exempt("192.168.1.0/24 fd00::/64", "rtp");
        let trial = BasePolicy::Trial(at(160));
        ledger.write(|tx| set(tx, trial, &home, at(100))).unwrap();
        assert_eq!(holds(&ledger, 159), Some((trial, home.clone())));
        assert_eq!(holds(&ledger, 160), None);
        ledger.write(|tx| set(tx, BasePolicy::On, &home, at(130))).unwrap();
        assert_eq!(holds(&ledger, 9999), Some((BasePolicy::On, home)));
        ledger.write(|tx| set(tx, BasePolicy::Off, &Exempt::default(), at(200))).unwrap();
        assert_eq!(find(ledger.connection()).unwrap(), None);
    }

    #[test]
    fn after_a_trial_of_less_what_was_confirmed_before_holds_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = ledger(&folder);
        let (home, less) = (exempt("192.168.1.0/24", "rtp"), exempt("", "rtp"));
        let trial = BasePolicy::Trial(at(160));
        ledger.write(|tx| set(tx, BasePolicy::On, &home, at(10))).unwrap();
        ledger.write(|tx| set(tx, trial, &less, at(100))).unwrap();
        assert_eq!(holds(&ledger, 159), Some((trial, less.clone())));
        assert_eq!(holds(&ledger, 160), Some((BasePolicy::On, home.clone())));
        assert_eq!(ledger.write(|tx| roll_back(tx, at(120))).unwrap(), BasePolicy::On);
        assert_eq!(holds(&ledger, 121), Some((BasePolicy::On, home)));
        // One that was confirmed is what the next one rolls back to.
        ledger.write(|tx| set(tx, trial, &less, at(100))).unwrap();
        ledger.write(|tx| set(tx, BasePolicy::On, &less, at(130))).unwrap();
        ledger.write(|tx| set(tx, trial, &exempt("", ""), at(140))).unwrap();
        assert_eq!(holds(&ledger, 160), Some((BasePolicy::On, less)));
    }

    #[test]
    fn a_first_trial_is_rolled_back_to_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = ledger(&folder);
        let trial = BasePolicy::Trial(at(160));
        ledger.write(|tx| set(tx, trial, &exempt("", "rtp"), at(100))).unwrap();
        assert_eq!(ledger.write(|tx| roll_back(tx, at(170))).unwrap(), BasePolicy::Off);
        assert_eq!(find(ledger.connection()).unwrap(), None);
    }

    #[test]
    fn more_is_let_in_at_once_and_nothing_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = ledger(&folder);
        let widen = |ledger: &mut Ledger, lan, open| {
            ledger.write(|tx| super::widen(tx, &exempt(lan, open))).unwrap()
        };
        assert_eq!(widen(&mut ledger, "192.168.1.0/24", ""), None);
        let home = exempt("192.168.1.0/24", "rtp");
        ledger.write(|tx| set(tx, BasePolicy::On, &home, at(10))).unwrap();
        assert_eq!(widen(&mut ledger, "", ""), None);
        let more = widen(&mut ledger, "10.0.0.0/8", "rtp sip").unwrap();
        assert_eq!(more.to_string(), "10.0.0.0/8, sip");
        let all = exempt("10.0.0.0/8 192.168.1.0/24", "rtp sip");
        assert_eq!(holds(&ledger, 11), Some((BasePolicy::On, all)));
        // A trial is of what was looked at when it began.
        ledger.write(|tx| set(tx, BasePolicy::Trial(at(160)), &home, at(100))).unwrap();
        assert_eq!(widen(&mut ledger, "10.9.0.0/16", ""), None);
    }
}
