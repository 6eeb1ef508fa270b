//! What can be typed.

mod audit;
mod backup;
mod bulk;
mod doctor;
mod firewall;
mod import;
mod lists;
mod mail;
mod setup;
mod status;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use dialgate_contract::{AccountNumber, Language, Lifetime, Ports, ServiceName, config};

use crate::argument::{LeaseTarget, NewNumber, Setting, WhyTarget, address};
use crate::contact::{Email, PersonName, TimeZoneName};
use crate::example;

pub(crate) use audit::{AskedLines, AuditCommand, VerifyCommand};
pub(crate) use backup::{BackupFile, RestoreFile};
pub(crate) use bulk::{BulkFile, ExportFile};
pub(crate) use doctor::DoctorArguments;
pub(crate) use firewall::FirewallCommand;
pub(crate) use import::{ChosenProviders, ImportCommand, ImportFile};
pub(crate) use lists::{AllowCommand, DenyCommand, NewAllow, NewDeny, Term};
pub(crate) use mail::{LetterTarget, MailCommand};
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
    /// List, add and remove services: the ports that can be opened
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
    },
    /// Remove a service that no account has
    Remove {
        /// The service's name
        name: ServiceName,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Add an account, and show its new PIN this once
    #[command(after_help = example::ACCOUNT, override_usage = example::ACCOUNT_USAGE)]
    Add(NewAccount),
    /// Add and change many accounts from a CSV file, shown before it is done
    #[command(after_help = example::ACCOUNT_IMPORT)]
    Import(BulkFile),
    /// Write all accounts, without their PINs, as a CSV file
    #[command(after_help = example::ACCOUNT_EXPORT)]
    Export(ExportFile),
    /// Show all accounts
    List,
    /// Show one account and its open leases
    Show {
        /// The account's number
        number: AccountNumber,
    },
    /// Change an account: its name, address, services, time, zone or language
    #[command(override_usage = "dialgate account set [OPTIONS] <NUMBER>")]
    Set(AccountChanges),
    /// Give an account a new PIN and end its leases
    Pin {
        /// The account's number
        number: AccountNumber,
        #[command(flatten)]
        pin: PinSource,
    },
    /// Let an account be used again
    Enable {
        /// The account's number
        number: AccountNumber,
    },
    /// Stop an account from being used, and end its leases
    Disable {
        /// The account's number
        number: AccountNumber,
    },
    /// Forgive an account's failed logins, so that nobody waits for them
    Unlock {
        /// The account's number
        number: AccountNumber,
    },
    /// Remove an account and end its leases
    Remove {
        /// The account's number
        number: AccountNumber,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewAccount {
    /// The account's number, 4 to 12 digits; auto takes one that is free
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
    /// The language of the traveller's calls and letters: en, es, fr or de; the call's own and English when not given
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<Language>,
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
    /// The language of the traveller's calls and letters: en, es, fr, de, or default
    #[arg(long, value_name = "LANGUAGE|default")]
    pub(crate) language: Option<Setting<Language>>,
}

#[derive(Debug, Args)]
pub(crate) struct AccountChanges {
    /// The account's number
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
