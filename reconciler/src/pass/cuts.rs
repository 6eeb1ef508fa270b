//! Flows that stood by a right that has ended, whoever ended it: the kernel by its own clock, the operator, or a pass that
//! died after it.

use std::collections::BTreeSet;

use dialgate_contract::Network;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{Loss, ended, loss};
use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::Transaction;

use super::{PassError, Reconciler, TOLD};
use crate::firewall::{Cut, Desired, Firewall as _, FirewallError};
use crate::wanted::uncovered;

const WAITING: &str = "flows whose right has ended could not be cut yet: see the log";

impl Reconciler {
    /// Cuts what was closed since the last call and what the ledger says was lost, as far as nothing that it wants now
    /// covers it, in one go. Flows come first and the ledger last: what is cut twice does no harm. Whose right has ended is
    /// kept in mind there from then on, and so is for some minutes what could not be cut.
    pub(super) fn cut_lost(&mut self, now: Timestamp) -> Result<(), PassError> {
        let lost = loss::due(self.ledger.connection(), now)?;
        if lost.is_empty() && !self.firewall.has_cuts() {
            return Ok(());
        }
        // Asked for after what was lost: by what was wanted before, who has just lost something would be covered still.
        let desired = self.wanted(now)?;
        let closed = self.firewall.take_cuts();
        self.cut(&lost, closed, &desired, now)
    }

    /// Cuts what was closed, whatever else failed. What the ledger says was lost waits there for the next pass.
    pub(super) fn cut_closed(&mut self) {
        let closed = Cut::together(self.firewall.take_cuts());
        if !closed.is_empty()
            && let Err(error) = self.firewall.cut(&closed)
        {
            tracing::warn!("flows could not be cut: {error}");
        }
    }

    /// What is wrong with cutting, in words; what was given up is told once.
    pub(super) fn uncut(&mut self) -> Option<String> {
        let waits = || loss::next_try(self.ledger.connection()).ok().flatten();
        self.given_up.take().or_else(|| waits().map(|_| WAITING.to_owned()))
    }

    fn cut(
        &mut self,
        lost: &[Loss],
        closed: Vec<Cut>,
        desired: &Desired,
        now: Timestamp,
    ) -> Result<(), PassError> {
        let told: BTreeSet<IpNet> = closed.iter().map(Cut::network).collect();
        let by_ledger = Cut::of(desired, lost.iter().map(|loss| (loss.network, &loss.services)));
        for cut in by_ledger.iter().filter(|cut| !told.contains(&cut.network())).take(TOLD) {
            tracing::info!("firewall: {cut}");
        }
        let cuts = Cut::together(closed.into_iter().chain(by_ledger));
        let failed = if cuts.is_empty() { None } else { self.firewall.cut(&cuts).err() };
        if lost.is_empty() && failed.is_none() {
            return Ok(());
        }
        if let Some(error) = &failed {
            tracing::warn!("flows could not all be cut, though their right ended: {error}");
        }
        let fresh: Vec<Loss> = lost.iter().filter(|loss| loss.tries == 0).cloned().collect();
        let ended = uncovered(desired, &fresh);
        self.given_up = self.ledger.write(|transaction| {
            ended.iter().try_for_each(|network| ended::put(transaction, *network, now))?;
            let Some(error) = failed else { return loss::cut(transaction, lost).map(|()| None) };
            let known: BTreeSet<IpNet> = lost.iter().map(|loss| loss.network.net()).collect();
            for cut in cuts.iter().filter(|cut| !known.contains(&cut.network())) {
                if let Ok(network) = Network::new(cut.network()) {
                    loss::put(transaction, network, &cut.services(desired), now)?;
                }
            }
            put_off(transaction, lost, now, &error)
        })?;
        if let Some(given_up) = &self.given_up {
            tracing::error!("{given_up}");
        }
        Ok(())
    }
}

/// Tries later again; what is given up then, in words.
fn put_off(
    transaction: &Transaction<'_>,
    lost: &[Loss],
    now: Timestamp,
    error: &FirewallError,
) -> Result<Option<String>, DatabaseError> {
    let hopeless = loss::put_off(transaction, lost, now)?;
    let networks: BTreeSet<String> = hopeless.iter().map(|loss| loss.network.to_string()).collect();
    for network in &networks {
        let detail = format!("{network}: {error}");
        audit::record(transaction, now, &Actor::Reconciler, "flows-not-cut", None, &detail)?;
    }
    Ok(networks.first().map(|network| {
        let (count, such) = (networks.len(), format!("such as {network}"));
        format!(
            "of {count} whose right has ended, {such}, flows may go on that could not be cut ({error}): end them \
             with `conntrack -D -s {network}`"
        )
    }))
}
