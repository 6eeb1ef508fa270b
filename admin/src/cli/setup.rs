//! Setup, as it can be typed.

use std::path::PathBuf;

use clap::Args;
use dialgate_contract::ServiceName;

use crate::contact::{Email, PersonName};
use crate::setup::{ASTERISK_CONF, ContextName, DialledNumber, MailServer, Sender};

#[derive(Debug, Args)]
#[command(next_line_help = true)]
pub(crate) struct SetupOptions {
    /// What callers dial: your DID, such as 15125550100, or a feature code, such as *3425
    #[arg(long, value_name = "NUMBER")]
    pub(crate) number: Option<DialledNumber>,
    /// The context in which calls to that number come in, such as from-trunk (with FreePBX only for feature codes)
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<ContextName>,
    /// The mail server, such as localhost or mail.example.net:587
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) mail_server: Option<MailServer>,
    /// Whom letters are from, such as 'dialgate <dialgate@example.net>'
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) mail_from: Option<Sender>,
    /// Send a test letter there
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) test_letter: Option<Email>,
    /// The name of the first account's traveller
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<PersonName>,
    /// Where that traveller's letters go
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<Email>,
    /// What the first account opens
    #[arg(long, value_delimiter = ',', value_name = "NAMES", default_value = "sip,rtp")]
    pub(crate) services: Vec<ServiceName>,
    /// Make no account
    #[arg(long, conflicts_with_all = ["name", "email"])]
    pub(crate) no_account: bool,
    /// The folder of dialgate's recordings [default: where packages put it]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) recordings: Option<PathBuf>,
    /// Asterisk's main configuration file
    #[arg(long, value_name = "FILE", default_value = ASTERISK_CONF)]
    pub(crate) asterisk_conf: PathBuf,
    /// Do it without asking whether to proceed
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Take back what setup did; accounts, ledger and user stay
    #[arg(long, conflicts_with_all = ["number", "context", "mail_server", "mail_from", "test_letter", "name", "email", "no_account", "recordings"])]
    pub(crate) undo: bool,
    /// A folder that the machine's files are below, instead of /
    #[arg(long, value_name = "FOLDER", default_value = "/", hide = true)]
    pub(crate) root: PathBuf,
}
