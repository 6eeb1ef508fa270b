use dialgate_contract::Exit;
use dialgate_contract::database::DatabaseError;

use crate::firewall::{FirewallError, Plan, PlanError, Step};

/// Why a pass came to nothing. Requests stay in the queue and are decided by a later one.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// The ledger.
    #[error("{0}")]
    Ledger(#[from] DatabaseError),
    /// The kernel or its tools.
    #[error("{0}")]
    Firewall(#[from] FirewallError),
    /// There is no way from what the kernel has to what it should have.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// The kernel took the plan and is still not as planned.
    #[error(
        "the firewall was changed and read back, and still differs; somebody else is changing it: {0}"
    )]
    Unsettled(String),
    /// The machine's own addresses are not known, so nobody can be let in.
    #[error("asking for this machine's addresses: {0}")]
    OwnAddresses(std::io::Error),
    /// Whether the calendar was set back is not known.
    #[error("reading the clocks: {0}")]
    Clock(std::io::Error),
    /// The kernel may let in what the ledger does not know of.
    #[error(
        "{failed}; and what was opened could not be taken back, the next pass tries again: {back}"
    )]
    NotTakenBack {
        /// Why nothing was kept.
        failed: Box<PassError>,
        /// Why it was not undone.
        back: Box<PassError>,
    },
    /// Without our chain nobody might be kept out.
    #[error(
        "the base policy is on, and without it the machine may be open to everybody: switch it off first, with \
         `dialgate firewall off`, when rules of your own keep out"
    )]
    BasePolicyOn,
    /// Nothing was to be kept: the plan was only shown.
    #[error("dry run")]
    DryRun,
}

/// The steps of a plan that a message names; a firewall that is built anew has one for each address and service.
const NAMED: usize = 20;

impl PassError {
    /// What is left to do where nothing should be.
    #[must_use]
    pub(super) fn unsettled(rest: &Plan) -> Self {
        let named: Vec<String> = rest.steps().iter().take(NAMED).map(Step::to_string).collect();
        let more = rest.steps().len().saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more steps") } else { String::new() };
        Self::Unsettled(named.join("; ") + &more)
    }

    /// How a program ends whose only pass this was.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Ledger(error) => error.exit(),
            Self::Plan(_) => Exit::Config,
            Self::BasePolicyOn => Exit::NoPerm,
            Self::Firewall(FirewallError::Print(_)) | Self::OwnAddresses(_) | Self::Clock(_) => {
                Exit::IoErr
            }
            Self::NotTakenBack { failed, .. } => failed.exit(),
            Self::Firewall(_) | Self::Unsettled(_) | Self::DryRun => Exit::Unavailable,
        }
    }
}
