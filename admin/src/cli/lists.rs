//! The allow and deny lists, as they can be typed.

use clap::{Args, Subcommand};
use dialgate_contract::{Lifetime, Network, Origin, ServiceName};

use super::ChosenProviders;
use crate::contact::PersonName;
use crate::ending::Ending;
use crate::example;

#[derive(Debug, Subcommand)]
pub(crate) enum AllowCommand {
    /// Show who is let in without a call
    List,
    /// Let an address, a network or a host in, or change what it may do
    #[command(after_help = example::ALLOW)]
    Add(NewAllow),
    /// Let providers in, from a list that this program carries
    #[command(after_help = example::PROVIDERS)]
    ImportProviders(ChosenProviders),
    /// Let an address, a network or a host in no longer
    Remove {
        /// As the list shows it
        #[arg(value_name = "HOST|ADDRESS|NETWORK")]
        origin: Origin,
        /// Even when this takes your own SSH connection's way in away
        #[arg(long)]
        even_me: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewAllow {
    /// From where: 12.34.56.78, 12.34.56.0/24, 2a01:4f8::/32 or sip.example.net
    #[arg(value_name = "HOST|ADDRESS|NETWORK")]
    pub(crate) origin: Origin,
    /// What it may reach, such as sip,rtp
    #[arg(long, value_delimiter = ',', required = true, value_name = "NAMES")]
    pub(crate) services: Vec<ServiceName>,
    /// What you call it
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<PersonName>,
    #[command(flatten)]
    pub(crate) term: Term,
    /// Even when this takes your own SSH connection's way in away
    #[arg(long)]
    pub(crate) even_me: bool,
}

/// How long an entry stands; for good when nothing is said.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Term {
    /// Until when, such as 2027-01-31 (all of that day) or 2027-01-31T18:00:00Z
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<Ending>,
    /// For how long, such as 4h or 30d
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) lifetime: Option<Lifetime>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DenyCommand {
    /// Show who is kept out, whatever else lets him in
    List,
    /// Keep an address or a network out, even where a lease or the allow list lets it in
    #[command(after_help = example::DENY)]
    Add(NewDeny),
    /// Keep an address or a network out no longer
    Remove {
        /// As the list shows it
        #[arg(value_name = "ADDRESS|NETWORK")]
        network: Network,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewDeny {
    /// Whom to keep out: 12.34.56.78, 12.34.56.0/24 or 2a01:4f8::/32
    #[arg(value_name = "ADDRESS|NETWORK")]
    pub(crate) network: Network,
    /// What you call it
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<PersonName>,
    #[command(flatten)]
    pub(crate) term: Term,
    /// Even when your own SSH connection comes from there
    #[arg(long)]
    pub(crate) even_me: bool,
}
