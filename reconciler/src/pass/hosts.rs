//! Hosts on the allow list: when they are asked for, and what the ledger keeps of the answers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::HostName;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::host;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

use super::Reconciler;
use crate::resolver::Answer;

/// How long a host is not asked for again by a reconciler that stays. The system does not tell what the DNS thinks of
/// it.
pub const ASKED_EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Reconciler {
    /// The hosts to ask for, those that wait longest first: all that were not asked for within `every`. Nobody is
    /// asked for in the future: a calendar that was set back makes its hosts due.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn hosts_due(
        &self,
        every: SignedDuration,
        now: Timestamp,
    ) -> Result<Vec<HostName>, DatabaseError> {
        let listed = host::listed(self.ledger.connection())?.into_iter();
        let due = listed.filter(|(_, asked)| {
            asked.is_none_or(|asked| asked > now || now.duration_since(asked) >= every)
        });
        Ok(due.map(|(name, _)| name).collect())
    }

    /// When the next host is due; `None` when there is none.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn next_host_due(&self, every: SignedDuration) -> Result<Option<Timestamp>, DatabaseError> {
        let listed = host::listed(self.ledger.connection())?;
        Ok(listed.first().map(|(_, asked)| {
            asked.map_or(Timestamp::MIN, |asked| {
                asked.saturating_add(every).unwrap_or(Timestamp::MAX)
            })
        }))
    }

    /// Writes down what came of questions; the next pass acts on it. A bad answer changes nothing but what is said of
    /// the host.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn heard(&mut self, answers: &[Answer], now: Timestamp) -> Result<(), DatabaseError> {
        if answers.is_empty() {
            return Ok(());
        }
        self.ledger.write(|transaction| {
            telling_moves(transaction, now, || {
                answers.iter().try_for_each(|answer| keep(transaction, answer, now))?;
                host::forget(transaction, now)
            })
        })
    }
}

/// Does `work`, and tells the audit trail which hosts are elsewhere after it.
pub(super) fn telling_moves(
    transaction: &Transaction<'_>,
    now: Timestamp,
    work: impl FnOnce() -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    let before = host::all(transaction)?;
    work()?;
    let after = host::all(transaction)?;
    let names: BTreeSet<&HostName> = before.keys().chain(after.keys()).collect();
    for name in names {
        let [old, new] = [&before, &after].map(|hosts| -> BTreeSet<IpAddr> {
            hosts.get(name).map(|host| host.addresses.keys().copied().collect()).unwrap_or_default()
        });
        let come = new.difference(&old).map(|address| format!("now at {address}"));
        let gone = old.difference(&new).map(|address| format!("no longer at {address}"));
        let moves: Vec<String> = come.chain(gone).collect();
        if !moves.is_empty() {
            let detail = format!("{name}: {}", moves.join(", "));
            let actor = Actor::Reconciler;
            audit::record(transaction, now, &actor, "host-moved", None, &detail)?;
        }
    }
    Ok(())
}

fn keep(
    transaction: &Transaction<'_>,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let name = &answer.name;
    let before = host::problem(transaction, name)?;
    match &answer.addresses {
        Ok(addresses) => {
            let addresses: Vec<_> = addresses.iter().copied().collect();
            host::answered(transaction, name, &addresses, now)?;
            if before.is_some() {
                tracing::info!(host = %name, "host-resolved");
                audit::record(
                    transaction,
                    now,
                    &Actor::Reconciler,
                    "host-resolved",
                    None,
                    name.as_str(),
                )?;
            }
        }
        Err(problem) => {
            host::failed(transaction, name, &problem.to_string(), now)?;
            // Told when it is news: a host that is gone is asked for every minute.
            if before.is_none() {
                tracing::warn!(host = %name, "host-unresolved: {problem}");
                let detail = format!("{name}: {problem}");
                let actor = Actor::Reconciler;
                audit::record(transaction, now, &actor, "host-unresolved", None, &detail)?;
            }
        }
    }
    Ok(())
}
