//! A calendar that is set back makes nothing last longer.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{Clocks, clock};
use rusqlite::Transaction;

use super::Reconciler;

impl Reconciler {
    /// To be called before a pass, with what the clocks show: where the calendar was set back since the last recorded
    /// pass, every end in the ledger is set back as far.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub fn keep_time(&mut self, clocks: Clocks) -> Result<(), DatabaseError> {
        let earlier = clock::find(self.ledger.connection())?;
        // One that was set forward is written down at once, too: who is let in by it is not to stay longer when it is set
        // back before the next recorded pass.
        if earlier.is_some_and(|earlier| clocks.is_set_since(&earlier)) {
            self.ledger.write(|transaction| keep(transaction, &clocks))?;
        }
        self.clocks = Some(clocks);
        Ok(())
    }
}

/// Writes down what the clocks show.
pub(super) fn keep(transaction: &Transaction<'_>, clocks: &Clocks) -> Result<(), DatabaseError> {
    let Some(back) = clock::keep(transaction, clocks)? else { return Ok(()) };
    let detail = format!("by {} s; all ends were set back as far", back.as_secs());
    tracing::warn!("clock-set-back: {detail}");
    let (now, actor) = (clocks.calendar, Actor::Reconciler);
    audit::record(transaction, now, &actor, "clock-set-back", None, &detail)
}
