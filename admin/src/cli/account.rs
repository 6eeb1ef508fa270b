//! Accounts, as they can be typed.

use clap::{Args, Subcommand};
use dialgate_contract::{AccountNumber, Language, Lifetime, ServiceName};

use super::{BulkFile, ExportFile};
use crate::argument::{AddressCount, NewNumber, Setting};
use crate::contact::{Email, PersonName, TimeZoneName};
use crate::example;

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
    /// Change an account: its name, address, services, times, zone or language
    ///
    /// A lease has one end for everything that it opens: the shortest limit of the site, the account and its services
    /// holds. Open leases that would last longer than a new limit are cut to it.
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
    /// How long access lasts at most, whoever asks for how long; what the site and the services allow when not given
    #[arg(long, value_name = "DURATION")]
    pub(crate) max: Option<Lifetime>,
    /// How many addresses may be open at a time; as many as the site allows when not given
    #[arg(long, value_name = "COUNT")]
    pub(crate) addresses: Option<AddressCount>,
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
    /// How long access lasts at most, or default; open leases are cut to it
    #[arg(long, value_name = "DURATION|default")]
    pub(crate) max: Option<Setting<Lifetime>>,
    /// How many addresses may be open at a time, from the next lease on, or default
    #[arg(long, value_name = "COUNT|default")]
    pub(crate) addresses: Option<Setting<AddressCount>>,
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
