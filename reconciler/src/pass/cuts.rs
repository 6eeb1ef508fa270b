//! Flows that stood by a right that has ended, whoever ended it: the kernel by its own clock, the operator, or a pass that
//! died after it.

use dialgate_contract::ledger::{ended, loss};
use jiff::Timestamp;

use super::{PassError, Reconciler, tell};
use crate::firewall::{Desired, Firewall as _, Plan};
use crate::wanted::uncovered;

impl Reconciler {
    /// Cuts what the ledger says was lost and nothing in `desired` covers. Flows come first and the ledger last: what
    /// is cut twice does no harm. Whose right has ended is kept in mind there from then on.
    pub(super) fn cut_lost(&mut self, desired: &Desired, now: Timestamp) -> Result<(), PassError> {
        let lost = loss::all(self.ledger.connection())?;
        if lost.is_empty() {
            return Ok(());
        }
        let cuts = Plan::cuts(desired, lost.iter().map(|loss| (loss.network, &loss.services)));
        if !cuts.is_empty() {
            tell(&cuts);
            self.firewall.apply(&cuts)?;
        }
        let ended = uncovered(desired, &lost);
        Ok(self.ledger.write(|transaction| {
            ended.iter().try_for_each(|network| ended::put(transaction, *network, now))?;
            loss::cut(transaction, &lost)
        })?)
    }
}
