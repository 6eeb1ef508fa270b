use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::firewall::Actual;

/// Somebody beside us who keeps addresses out: fail2ban.
pub trait Bans {
    /// Whom they keep out, as the kernel shows it.
    fn banned(&self, actual: &Actual) -> BTreeSet<IpNet>;

    /// Makes them lift a ban. Whether it is gone is seen by reading the kernel again.
    ///
    /// # Errors
    /// When they cannot be told.
    fn lift(&mut self, ban: IpNet) -> Result<(), BansError>;
}

/// Why a ban was not lifted, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BansError(pub String);

/// Nobody.
pub(super) struct NoBans;

impl Bans for NoBans {
    fn banned(&self, _: &Actual) -> BTreeSet<IpNet> {
        BTreeSet::new()
    }

    fn lift(&mut self, ban: IpNet) -> Result<(), BansError> {
        Err(BansError(format!("{ban} is banned by nobody that dialgate knows")))
    }
}
