//! What the configuration says of the base policy. What it names more than was confirmed holds at once; what it names no
//! more stays until that has been tried and confirmed, so that no slip of an editor locks anybody out.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{BasePolicy, Decision, Exempt, base_policy};
use jiff::Timestamp;

use super::Reconciler;

impl Reconciler {
    /// To be called when the configuration has been read, for it to be taken over. Returns what it does not name and what
    /// is let in all the same.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub(crate) fn take_over_exempt(&mut self, now: Timestamp) -> Result<Exempt, DatabaseError> {
        let configured = Exempt::from(&self.config.base_policy);
        let decided = base_policy::find(self.ledger.connection())?;
        let Some(Decision { policy: BasePolicy::On, exempt, .. }) = decided else {
            return Ok(Exempt::default());
        };
        if !configured.without(&exempt).is_empty() {
            self.ledger.write(|transaction| {
                let Some(more) = base_policy::widen(transaction, &configured)? else {
                    return Ok::<_, DatabaseError>(());
                };
                let detail = more.to_string();
                audit::record(
                    transaction,
                    now,
                    &Actor::Reconciler,
                    "base-policy-widened",
                    None,
                    &detail,
                )
            })?;
        }
        Ok(exempt.without(&configured))
    }

    /// Whether somebody may be waiting to confirm the base policy.
    pub(crate) fn is_on_trial(&self) -> bool {
        let decided = base_policy::find(self.ledger.connection());
        matches!(decided, Ok(Some(Decision { policy: BasePolicy::Trial(_), .. })))
    }
}
