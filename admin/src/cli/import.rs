//! What can be taken over from elsewhere, as it can be typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use dialgate_contract::ServiceName;

use crate::example;

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Travelin' Man 3: the file of iptables, NAME.iptables, or a folder of these
    #[command(after_help = example::TM3)]
    Tm3(ImportFile),
    /// A list of sites: an address, a network or a host's name in each line
    #[command(after_help = example::ALLOW_SITES)]
    AllowSites(ImportFile),
    /// The zone trusted of FreePBX's firewall
    #[command(after_help = example::FREEPBX)]
    FreepbxTrusted(ImportFile),
}

#[derive(Debug, Args)]
pub(crate) struct ImportFile {
    /// The file; - for standard input
    pub(crate) path: PathBuf,
    /// What is to be open, where the file does not say it, such as sip,rtp
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) services: Vec<ServiceName>,
    /// Do it: without this, it is shown only
    #[arg(long)]
    pub(crate) yes: bool,
    /// Leave out what cannot be taken, instead of stopping at it
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ChosenProviders {
    /// Which providers; the list of all when none is named
    #[arg(value_name = "NAME", conflicts_with = "all")]
    pub(crate) names: Vec<String>,
    /// Show the list: who is in it, and where that is from
    #[arg(long)]
    pub(crate) list: bool,
    /// All of them
    #[arg(long)]
    pub(crate) all: bool,
    /// Do it: without this, it is shown only
    #[arg(long)]
    pub(crate) yes: bool,
}
