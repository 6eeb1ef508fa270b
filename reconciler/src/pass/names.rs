//! Names of our chain: the one that is built from now on, and those that it had before.

use dialgate_contract::config::Backend;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::built;

use super::Reconciler;
use crate::firewall::{Actual, Desired, is_taken};

impl Reconciler {
    /// Writes down the names that are built from now on, before they are, and forgets those that are gone. A dry run
    /// builds nothing and sees nothing.
    pub(super) fn remember_names(
        &mut self,
        desired: &Desired,
        actual: Option<&Actual>,
    ) -> Result<(), DatabaseError> {
        if self.config.firewall.backend == Backend::DryRun || is_taken(desired) {
            return Ok(());
        }
        let mut gone = built::all(self.ledger.connection())?;
        let (chain, anchor) = (desired.chain(), desired.anchor());
        let is_new = !gone.iter().any(|known| (&known.0, &known.1) == (chain, anchor));
        gone.retain(|(chain, anchor)| {
            actual.is_some_and(|seen| desired.is_gone(seen, chain, anchor))
        });
        if !is_new && gone.is_empty() {
            return Ok(());
        }
        self.ledger.write(|transaction| {
            built::put(transaction, chain, anchor)?;
            gone.iter().try_for_each(|(chain, anchor)| built::remove(transaction, chain, anchor))
        })
    }
}
