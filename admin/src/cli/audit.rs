//! The audit trail, as it can be asked for.

use std::net::IpAddr;

use clap::{Args, Subcommand, value_parser};
use dialgate_contract::AccountNumber;
use dialgate_contract::ledger::audit::Head;

use crate::argument::address;
use crate::moment::Moment;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AuditCommand {
    #[command(subcommand)]
    pub(crate) verify: Option<VerifyCommand>,
    #[command(flatten)]
    pub(crate) asked: AskedLines,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VerifyCommand {
    /// Look whether every line is as it was written, and none is missing
    Verify {
        /// A last line of before, as this command or the reconciler's log told it: is it still there?
        #[arg(long, value_name = "ID:HASH")]
        head: Option<Head>,
    },
}

/// Which lines are shown.
#[derive(Debug, Args)]
pub(crate) struct AskedLines {
    /// Only what was done to this account
    #[arg(long, value_name = "NUMBER")]
    pub(crate) account: Option<AccountNumber>,
    /// Only this action, such as lease-opened, or all of a kind, such as lease
    #[arg(long, value_name = "WORD")]
    pub(crate) action: Option<String>,
    /// Only what was done by this operator; operator, caller or reconciler for all of them
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Only what came of calls from this number
    #[arg(long, value_name = "NUMBER", conflicts_with = "actor")]
    pub(crate) caller: Option<String>,
    /// Only lines with this address, or a network that holds it
    #[arg(long, value_parser = address)]
    pub(crate) address: Option<IpAddr>,
    /// Not before: 2h (ago), today, 14:30, 2026-11-20, 2026-11-20 14:30 or 2026-11-20T14:30:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Moment>,
    /// Not after: the same; all of a day
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Moment>,
    /// How many lines to show, the last ones
    #[arg(short = 'n', long, visible_alias = "lines", value_name = "N", default_value_t = 50, value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Go on showing lines as they are written, until Ctrl-C; with --json, each is an object on a line
    #[arg(short, long)]
    pub(crate) follow: bool,
}
