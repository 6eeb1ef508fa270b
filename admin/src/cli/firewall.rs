//! The base policy, as it can be typed.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum FirewallCommand {
    /// Show what the base policy would open to whom, and who would lose access
    Plan,
    /// Try the base policy for a minute: everybody without a right is kept out
    ///
    /// It is refused when you yourself, by SSH, a registered telephone or a trunk would lose access. After a minute it
    /// rolls back by itself, whatever has become of your connection, unless `dialgate firewall confirm` came in time.
    Apply {
        /// Even when somebody who is connected now would lose access
        #[arg(long)]
        even_if_it_locks_out: bool,
    },
    /// Keep the base policy that is on trial
    Confirm,
    /// End the trial of the base policy now
    Rollback,
    /// Show whether the base policy is on
    Status,
    /// Take the base policy away: what else stands in the firewall keeps out, or lets in
    Off,
}
