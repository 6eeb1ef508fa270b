//! `dialgate`, the operator's command: accounts, services, leases, and what the reconciler made of them.
//!
//! It writes the ledger, and at setup files; what is in the kernel is the reconciler's business. [`cli`] says what can
//! be typed, one file per noun does it and returns a [`report::Report`], and [`print`] is the only file that prints.

mod account;
mod allow;
mod argument;
mod asterisk;
mod audit;
mod backup;
mod bulk;
mod child;
mod cli;
mod contact;
mod deny;
mod doctor;
mod echo;
mod ending;
mod error;
mod example;
mod files;
mod firewall;
mod import;
mod init;
mod keys;
mod layout;
mod lease;
mod ledger_events;
mod listing;
mod mail;
mod moment;
mod new_pin;
mod own_access;
mod paint;
mod phones;
mod print;
mod random;
mod report;
mod rights;
mod screen;
mod service;
mod setup;
mod site;
mod ssh_peer;
mod status;
mod terms;
mod test_letter;
mod text;
mod why;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use cli::{Cli, Command};
use error::Error;
use print::Printer;
use report::Report;
use site::Site;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(exit) = doctor::look_inside(std::env::args_os()) {
        return exit.into();
    }
    let cli = match Cli::try_parse_from(std::env::args_os()) {
        Ok(cli) => cli,
        Err(answer) => return print::usage(&answer).into(),
    };
    let now = now();
    let printer = Printer { json: cli.json, now, zone: &TimeZone::system() };
    let exit = match run(cli, now, &printer) {
        Ok(report) => printer.report(&report),
        Err(error) => print::error(&error),
    };
    exit.into()
}

fn run(cli: Cli, now: Timestamp, printer: &Printer<'_>) -> Result<Report, Error> {
    let config = &cli.config;
    let site = || Site::load(config, now);
    match cli.command {
        Command::Setup(options) => setup::run(*options, config, now),
        Command::Init => init::run(config),
        Command::Service { command } => service::run(command, &site()?),
        Command::Account { command } => account::run(command, &site()?),
        Command::Lease { command } => lease::run(command, &site()?),
        Command::Allow { command } => allow::run(command, &site()?),
        Command::Deny { command } => deny::run(command, &site()?),
        Command::Firewall { command } => firewall::run(command, &site()?),
        Command::Why { target, service } => why::run(target, service.as_ref(), &site()?),
        Command::Import { command } => import::ancestor::run(command, &site()?),
        Command::Keys { address } => Ok(keys::run(address)),
        Command::Mail { command } => mail::run(command, &site()?),
        Command::Status(arguments) => status::run(&arguments, &site()?, printer),
        Command::Doctor(arguments) => doctor::run(&arguments, config, now),
        Command::Backup(file) => backup::backup(&file.path, config, &site()?),
        Command::Restore(options) => backup::restore(&options, config, now),
        Command::Audit(command) => audit::run(command, &site()?, printer),
    }
}

/// What can be typed, for whoever makes manual pages and completions of it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The time in whole seconds, as the ledger keeps it.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
