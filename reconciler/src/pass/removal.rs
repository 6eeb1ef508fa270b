//! The end of it all: the kernel holds nothing of ours any more, and the ledger is kept.

use std::iter;

use dialgate_contract::ledger::{BasePolicy, base_policy, built, service};
use jiff::Timestamp;

use super::{PassError, Reconciler, tell};
use crate::firewall::{Desired, Firewall as _, Plan};

impl Reconciler {
    /// Takes out of the kernel what is ours, and reads back that it is gone.
    ///
    /// # Errors
    /// When anything failed, or our chain alone may be what keeps everybody out.
    pub(crate) fn remove(&mut self, now: Timestamp) -> Result<(), PassError> {
        let connection = self.ledger.connection();
        match base_policy::find(connection)?
            .and_then(|decision| decision.at(now))
            .map(|now| now.policy)
        {
            Some(BasePolicy::On | BasePolicy::Trial(_)) => return Err(PassError::BasePolicyOn),
            Some(BasePolicy::Off) | None => {}
        }
        let nothing = self.nothing()?;
        let plan = Plan::removal(&nothing, &self.firewall.read()?);
        tell(&plan);
        self.firewall.apply(&plan)?;
        let rest = Plan::removal(&nothing, &self.firewall.read()?);
        if rest.is_empty() { Ok(()) } else { Err(PassError::unsettled(&rest)) }
    }

    /// That nobody is let in, by the names that our chain has or had.
    fn nothing(&self) -> Result<Desired, PassError> {
        let connection = self.ledger.connection();
        let (chain, anchor) = (&self.config.firewall.chain, &self.config.firewall.anchor);
        let services = service::all(connection)?;
        let desired = Desired::new(chain.clone(), anchor.clone(), &services, iter::empty());
        Ok(desired.replace(built::all(connection)?))
    }
}
