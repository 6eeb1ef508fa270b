//! The kernel's side: what should be open, what is, and the steps from one to the other.
//!
//! [`Plan::between`] decides, without clock or I/O; a [`Firewall`] reads and carries out. Two kinds of object in
//! the kernel are ours: sets named `dg-<service>-4` and `dg-<service>-6` that hold networks, each with the time it
//! has left, beside a few more such as `dg-deny-4`, and one chain in `filter` whose rules tie the sets to ports. One
//! jump leads to the chain. Nothing else is created, and nothing that others own is changed. Flows that stand when a
//! right ends are cut, as far as nothing else covers them.

mod actual;
mod anchor;
mod base_policy;
mod batch;
mod conntrack;
mod cut;
mod desired;
mod difference;
mod dry_run;
mod error;
mod fail2ban;
mod filter;
mod flow;
mod former;
mod glance;
mod kernel;
mod known;
mod memory;
mod neighbours;
mod observed;
mod plan;
mod process;
mod rule;
mod saved;
mod set_name;
mod step;
mod time;

pub use actual::{Actual, KernelSet, UnreadableError};
pub(crate) use anchor::is_taken;
pub use base_policy::BasePolicy;
pub use batch::{Batch, Tool};
pub use cut::Cut;
pub use desired::{Denial, Desired, Grant};
pub use dry_run::DryRun;
pub use error::FirewallError;
pub use fail2ban::Fail2ban;
pub use filter::Filter;
pub use glance::Looks;
pub use kernel::Kernel;
pub use memory::{Memory, RefusedError};
pub use neighbours::Neighbour;
pub(crate) use observed::Observed;
pub use plan::{Plan, PlanError};
pub use rule::Rule;
pub use set_name::{Purpose, SetName, SetNameError};
pub use step::{Jump, Step};
pub use time::{LONGEST, TOLERANCE, Time};

use std::collections::BTreeSet;
use std::time::Instant;

use ipnet::IpNet;

/// Reads the kernel's state and changes it.
pub trait Firewall {
    /// What the kernel holds of ours now, and what stands around it.
    ///
    /// # Errors
    /// When a tool fails, or says what nobody expects.
    fn read(&mut self) -> Result<Actual, FirewallError>;

    /// Our sets alone, without any table: enough to close by when a table cannot be read.
    ///
    /// # Errors
    /// When a tool fails, or says what nobody expects.
    fn read_sets(&mut self) -> Result<Actual, FirewallError>;

    /// Carries a plan out, in its order, but for the flows that it cuts. Stops at the first failure; the steps before it
    /// stay done.
    ///
    /// # Errors
    /// When a tool fails.
    fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError>;

    /// Ends flows. Going through all that the kernel keeps track of takes long beside changing a set, so that it is done
    /// once for all that plans of a pass closed, and after what they opened. Where it cannot be done at all, nothing
    /// happens and that is told.
    ///
    /// # Errors
    /// When a tool fails.
    fn cut(&mut self, _cuts: &[Cut]) -> Result<(), FirewallError> {
        Ok(())
    }

    /// What can be seen without reading everything. `None` when that takes a whole reading.
    fn glance(&mut self) -> Option<Looks> {
        None
    }

    /// What a glance would have told when everything was last read, or before.
    fn seen(&self) -> Option<Looks> {
        None
    }

    /// The clock that the time of entries runs out by. `None` where what was read is not to be believed a moment later.
    fn clock(&self) -> Option<Instant> {
        None
    }

    /// Whether each of these networks is in that set now, or for a single host, a network around it.
    fn has(&mut self, _: &BTreeSet<(SetName, IpNet)>) -> bool {
        false
    }

    /// Who else decides on packets in a way that dialgate cannot work beside.
    fn neighbours(&mut self) -> Vec<Neighbour> {
        Vec::new()
    }
}

/// A version of the Internet protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// Whose address or network it is.
    #[must_use]
    pub const fn of(network: IpNet) -> Self {
        match network {
            IpNet::V4(_) => Self::V4,
            IpNet::V6(_) => Self::V6,
        }
    }

    /// What ipset calls it.
    const fn ipset(self) -> &'static str {
        match self {
            Self::V4 => "inet",
            Self::V6 => "inet6",
        }
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}
