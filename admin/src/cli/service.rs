//! Services, as they can be typed.

use clap::{Args, Subcommand};
use dialgate_contract::{Lifetime, Ports, ServiceName};

use crate::argument::Setting;
use crate::example;

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Show all services
    List,
    /// Add a service
    #[command(after_help = example::SERVICE)]
    Add {
        /// Its name: 1 to 20 characters of a-z and 0-9, a letter first
        name: ServiceName,
        /// Its ports, such as udp:5060-5069,tcp:443, or all
        ports: Ports,
        /// How long a lease with it lasts at most, such as 2h; what the site allows when not given
        #[arg(long, value_name = "DURATION")]
        max: Option<Lifetime>,
    },
    /// Change a service: its ports, or how long a lease with it lasts at most
    ///
    /// A lease has one end for everything that it opens: the shortest limit of an account's services holds for the whole
    /// lease. Open leases that would last longer than a new limit are cut to it.
    #[command(override_usage = "dialgate service set [OPTIONS] <NAME>", after_help = example::SERVICE_SET)]
    Set(ServiceChanges),
    /// Remove a service that no account has
    Remove {
        /// The service's name
        name: ServiceName,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ServiceChanges {
    /// The service's name
    pub(crate) name: ServiceName,
    #[command(flatten)]
    pub(crate) settings: ServiceSettings,
    /// Even when this takes your own SSH connection's way in away
    #[arg(long)]
    pub(crate) even_me: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct ServiceSettings {
    /// Its ports, such as udp:5060-5069,tcp:443, or all; holds for whoever has it, open leases too
    #[arg(long)]
    pub(crate) ports: Option<Ports>,
    /// How long a lease with it lasts at most, such as 2h, or default for what the site allows
    #[arg(long, value_name = "DURATION|default")]
    pub(crate) max: Option<Setting<Lifetime>>,
}
