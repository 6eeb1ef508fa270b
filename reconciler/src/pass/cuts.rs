//! Flows that stood by a right that has ended, whoever ended it: the kernel by its own clock, the operator, or a pass that
//! died after it.

use dialgate_contract::ledger::{Loss, ended, loss};
use jiff::Timestamp;

use super::{PassError, Reconciler, tell};
use crate::firewall::{Desired, Firewall as _, Plan};
use crate::wanted::{uncovered, wanted};

impl Reconciler {
    /// Cuts what the ledger says was lost and nothing in `desired` covers. Flows come first and the ledger last: what
    /// is cut twice does no harm. Whose right has ended is kept in mind there from then on.
    pub(super) fn cut_lost(&mut self, desired: &Desired, now: Timestamp) -> Result<(), PassError> {
        let lost = loss::all(self.ledger.connection())?;
        if lost.is_empty() { Ok(()) } else { self.cut(&lost, desired, now) }
    }

    /// As [`Reconciler::cut_lost`], by what the ledger wants now. That takes long to find out where many are let in, and
    /// mostly nobody has lost anything.
    pub(super) fn cut_lost_since(&mut self, now: Timestamp) -> Result<(), PassError> {
        let lost = loss::all(self.ledger.connection())?;
        if lost.is_empty() {
            return Ok(());
        }
        let desired = wanted(self.ledger.connection(), &self.config, now)?;
        self.cut(&lost, &desired, now)
    }

    fn cut(&mut self, lost: &[Loss], desired: &Desired, now: Timestamp) -> Result<(), PassError> {
        let cuts = Plan::cuts(desired, lost.iter().map(|loss| (loss.network, &loss.services)));
        if !cuts.is_empty() {
            tell(&cuts);
            self.firewall.apply(&cuts)?;
        }
        let ended = uncovered(desired, lost);
        Ok(self.ledger.write(|transaction| {
            ended.iter().try_for_each(|network| ended::put(transaction, *network, now))?;
            loss::cut(transaction, lost)
        })?)
    }
}
