//! What can be typed.

mod account;
mod audit;
mod backup;
mod bulk;
mod doctor;
mod firewall;
mod import;
mod lists;
mod mail;
mod service;
mod setup;
mod status;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use dialgate_contract::{AccountNumber, Lifetime, ServiceName, config};

use crate::argument::{LeaseTarget, WhyTarget, address};
use crate::example;

pub(crate) use account::{AccountChanges, AccountCommand, Changes, NewAccount, PinSource};
pub(crate) use audit::{AskedLines, AuditCommand, VerifyCommand};
pub(crate) use backup::{BackupFile, RestoreFile};
pub(crate) use bulk::{BulkFile, ExportFile};
pub(crate) use doctor::DoctorArguments;
pub(crate) use firewall::FirewallCommand;
pub(crate) use import::{ChosenProviders, ImportCommand, ImportFile};
pub(crate) use lists::{AllowCommand, DenyCommand, NewAllow, NewDeny, Term};
pub(crate) use mail::{LetterTarget, MailCommand};
pub(crate) use service::{ServiceChanges, ServiceCommand, ServiceSettings};
pub(crate) use setup::SetupOptions;
pub(crate) use status::StatusArguments;

/// Lets travellers through the firewall of a telephone system.
#[derive(Debug, Parser)]
#[command(
    name = "dialgate",
    version,
    max_term_width = 80,
    arg_required_else_help = true,
    after_help = example::OVERVIEW
)]
pub(crate) struct Cli {
    /// The configuration file
    #[arg(long, global = true, display_order = 90, value_name = "FILE", default_value = config::DEFAULT_FILE)]
    pub(crate) config: PathBuf,
    /// Print JSON instead of text
    #[arg(long, global = true, display_order = 91)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set dialgate up on a machine with Asterisk: questions, a plan, and then it is done
    ///
    /// What is right already is left as it is, so this can be run again at any time.
    #[command(after_help = example::SETUP)]
    Setup(Box<SetupOptions>),
    /// Make the files that are missing, and mend who may read them
    ///
    /// What is right already is left as it is, so this can be run again at any time.
    Init,
    /// List, add, change and remove services: the ports that can be opened
    Service {
        #[command(subcommand)]
        command: ServiceCommand,
    },
    /// List, add and change accounts: who may call, and what is opened for them
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// List, grant and revoke leases: what is open, for whom, until when
    Lease {
        #[command(subcommand)]
        command: LeaseCommand,
    },
    /// List, add and remove who is let in without a call, such as a provider
    Allow {
        #[command(subcommand)]
        command: AllowCommand,
    },
    /// List, add and remove who is kept out, whatever else lets him in
    Deny {
        #[command(subcommand)]
        command: DenyCommand,
    },
    /// Keep everybody without a right out: plan, try, confirm
    #[command(after_help = example::FIREWALL)]
    Firewall {
        #[command(subcommand)]
        command: FirewallCommand,
    },
    /// Show what an address may reach, and why; or why somebody is not in
    #[command(after_help = example::WHY)]
    Why {
        /// The address, such as 12.34.56.78, or the number of an account
        #[arg(value_name = "ADDRESS|ACCOUNT")]
        target: WhyTarget,
        /// Only this service
        #[arg(long, value_name = "NAME")]
        service: Option<ServiceName>,
    },
    /// Take over what Travelin' Man 3, a list of sites or FreePBX lets in
    Import {
        #[command(subcommand)]
        command: ImportCommand,
    },
    /// Show the keys that an address is typed with on a telephone
    #[command(after_help = example::KEYS)]
    Keys {
        /// The address, such as 12.34.56.78 or 2a00:1450:4001:82a::200e
        #[arg(value_parser = address)]
        address: IpAddr,
    },
    /// Try whether letters arrive, see to those that have not left, and to what they say
    #[command(after_help = example::MAIL)]
    Mail {
        #[command(subcommand)]
        command: MailCommand,
    },
    /// Show how things stand: leases, accounts, the reconciler and the letters
    Status(StatusArguments),
    /// Look at everything that a call needs, and say what to do about what is wrong
    #[command(after_help = example::DOCTOR)]
    Doctor(DoctorArguments),
    /// Show who did what, the latest last
    #[command(after_help = example::AUDIT)]
    Audit(AuditCommand),
    /// Write accounts, lists, audit trail, pepper and configuration to one file
    #[command(after_help = example::BACKUP)]
    Backup(BackupFile),
    /// Put a backup in the place of what is here, shown before it is done
    #[command(after_help = example::RESTORE)]
    Restore(RestoreFile),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LeaseCommand {
    /// Show open leases
    List {
        /// Show those that have ended, too
        #[arg(long)]
        all: bool,
    },
    /// Let an address in without a call
    #[command(after_help = example::GRANT)]
    Grant {
        /// The number of the account to let in
        account: AccountNumber,
        /// The address, such as 12.34.56.78; an IPv6 address stands for its /64
        #[arg(value_parser = address)]
        address: IpAddr,
        /// How long it stays open, such as 4h; the account's own time when not given
        #[arg(long = "for", value_name = "DURATION")]
        lifetime: Option<Lifetime>,
    },
    /// End leases before their time
    #[command(after_help = example::REVOKE)]
    Revoke {
        /// Which leases: those of an account, those of an address, or one by its id, such as L17
        #[arg(value_name = "ACCOUNT|ADDRESS|ID")]
        target: LeaseTarget,
    },
}
