//! What can be typed.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use dialgate_contract::{AccountNumber, Lifetime, Ports, ServiceName, config};

use crate::argument::{LeaseTarget, NewNumber, Setting, address};
use crate::contact::{Email, PersonName, TimeZoneName};

/// Lets travellers through the firewall: accounts, services and leases.
#[derive(Debug, Parser)]
#[command(name = "dialgate", version, max_term_width = 80, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The configuration
    #[arg(long, global = true, display_order = 90, value_name = "FILE", default_value = config::DEFAULT_FILE)]
    pub(crate) config: PathBuf,
    /// Print JSON
    #[arg(long, global = true, display_order = 91)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the files that are missing and mend who may read them; change nothing that is right
    Init,
    /// What can be opened
    Service {
        #[command(subcommand)]
        command: ServiceCommand,
    },
    /// Who may open it
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// What is open, to whom, until when
    Lease {
        #[command(subcommand)]
        command: LeaseCommand,
    },
    /// How things stand
    Status,
    /// Who did what, the latest last
    Audit {
        /// How many lines
        #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
        lines: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Show all services
    List,
    /// Add a service
    Add {
        /// 1 to 20 characters of a-z and 0-9, a letter first
        name: ServiceName,
        /// Such as udp:5060-5069,tcp:443, or all
        ports: Ports,
    },
    /// Remove a service that no account has
    Remove {
        /// The service
        name: ServiceName,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Add an account; prints its new PIN once
    Add(NewAccount),
    /// Show all accounts
    List,
    /// Show one account and its open leases
    Show {
        /// The account
        number: AccountNumber,
    },
    /// Change an account
    #[command(override_usage = "dialgate account set [OPTIONS] <NUMBER>")]
    Set(AccountChanges),
    /// Give an account a new PIN and end its leases
    Pin {
        /// The account
        number: AccountNumber,
        #[command(flatten)]
        pin: PinSource,
    },
    /// Let an account be used again
    Enable {
        /// The account
        number: AccountNumber,
    },
    /// Let an account not be used, and end its leases
    Disable {
        /// The account
        number: AccountNumber,
    },
    /// Remove an account and end its leases
    Remove {
        /// The account
        number: AccountNumber,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewAccount {
    /// 4 to 12 digits, or auto
    #[arg(value_name = "NUMBER|auto")]
    pub(crate) number: NewNumber,
    /// The traveller's name
    #[arg(long)]
    pub(crate) name: PersonName,
    /// Where the traveller's letters go
    #[arg(long)]
    pub(crate) email: Email,
    /// What the account opens, such as sip,rtp
    #[arg(long, value_delimiter = ',', required = true, value_name = "NAMES")]
    pub(crate) services: Vec<ServiceName>,
    #[command(flatten)]
    pub(crate) pin: PinSource,
    /// How long access lasts, such as 24h or 7d; the site's default when not given
    #[arg(long, value_name = "DURATION")]
    pub(crate) lease: Option<Lifetime>,
    /// The traveller's time zone, such as Europe/Paris; this machine's when not given
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<TimeZoneName>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// The traveller's name
    #[arg(long)]
    pub(crate) name: Option<PersonName>,
    /// Where the traveller's letters go
    #[arg(long)]
    pub(crate) email: Option<Email>,
    /// What the account opens; holds for its open leases too
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) services: Option<Vec<ServiceName>>,
    /// How long access lasts from the next lease on, or default
    #[arg(long, value_name = "DURATION|default")]
    pub(crate) lease: Option<Setting<Lifetime>>,
    /// The traveller's time zone, or default
    #[arg(long, value_name = "ZONE|default")]
    pub(crate) time_zone: Option<Setting<TimeZoneName>>,
}

#[derive(Debug, Args)]
pub(crate) struct AccountChanges {
    /// The account
    pub(crate) number: AccountNumber,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

#[derive(Debug, Args)]
pub(crate) struct PinSource {
    /// Read the PIN from the first line of standard input instead of generating one
    #[arg(long)]
    pub(crate) pin_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LeaseCommand {
    /// Show open leases
    List {
        /// Those that have ended too
        #[arg(long)]
        all: bool,
    },
    /// Let an address in without a call
    Grant {
        /// Whom to let in
        account: AccountNumber,
        /// IPv4 as 12.34.56.78; an IPv6 address stands for its /64
        #[arg(value_parser = address)]
        address: IpAddr,
        /// How long; the account's own time when not given
        #[arg(long = "for", value_name = "DURATION")]
        lifetime: Option<Lifetime>,
    },
    /// End leases before their time
    Revoke {
        /// All of an account, all from an address, or one by its name, such as L17
        #[arg(value_name = "ACCOUNT|ADDRESS|ID")]
        target: LeaseTarget,
    },
}
