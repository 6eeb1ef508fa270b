//! `dialgate doctor`: looks at everything that has to be right for a call to open the firewall, and says of each thing
//! that is not what to do. It looks, and changes nothing. A file for each part: looking is apart from judging, and
//! whatever is asked has so long to answer.

mod asterisk;
mod check;
mod fast_agi;
mod files;
mod firewall;
mod inside;
mod integrity;
mod letter;
mod machine;
mod mail;
mod neighbours;
mod pass;
mod passage;
mod place;
mod processes;

use std::collections::BTreeSet;
use std::path::Path;

use dialgate_contract::Language;
use dialgate_contract::config::{Config, ConfigError};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::pass::Pass;
use dialgate_contract::ledger::{account, pass as passes};
use jiff::Timestamp;

pub(crate) use check::{Check, Fix, Health};
pub(crate) use inside::tell as look_inside;

use crate::cli::DoctorArguments;
use crate::error::Error;
use crate::report::Report;
use crate::site::Site;
use mail::Outbox;
use place::Place;

/// What the ledger tells.
#[derive(Debug)]
struct Told {
    last_pass: Option<Pass>,
    outbox: Outbox,
    has_accounts: bool,
    languages: BTreeSet<&'static str>,
}

pub(crate) fn run(
    arguments: &DoctorArguments,
    config_file: &Path,
    now: Timestamp,
) -> Result<Report, Error> {
    let site = match Site::load(config_file, now) {
        Ok(site) => site,
        Err(Error::Config(error)) => {
            return Ok(Report::Doctor(vec![configuration(&error, config_file)]));
        }
        Err(error) => return Err(error),
    };
    Ok(Report::Doctor(all(arguments, config_file, &site)))
}

fn all(arguments: &DoctorArguments, config_file: &Path, site: &Site) -> Vec<Check> {
    let config = &site.config;
    let user = match config.run_as() {
        Ok(user) => user,
        Err(error) => {
            let fix = Fix::advice("do what it says, then `dialgate init`");
            return vec![Check::fail("user", error.to_string(), fix)];
        }
    };
    let mut checks =
        vec![Check::ok("config", format!("{} says nothing wrong", config_file.display()))];
    let is_ours = files::is_ledger_ours(config, user.as_ref());
    let told = if is_ours { told(site) } else { None };
    let has_accounts = told.as_ref().is_none_or(|told| told.has_accounts);
    let place = Place::new(config_file, config).look_for_systemd().with_accounts(has_accounts);
    checks.extend(passage::check(&place, user.as_ref()));
    checks.extend(files::check(&place, user.as_ref()));
    checks.extend(integrity::check(site, &place, is_ours));
    checks.extend(inside::check(&place, user.as_ref(), site.now));
    checks.extend(machine::check(&place));
    let wanted: Vec<Language> = Language::ALL
        .iter()
        .copied()
        .filter(|language| {
            told.as_ref().is_some_and(|told| told.languages.contains(language.as_str()))
        })
        .collect();
    checks.extend(told.iter().map(|told| pass::check(told.last_pass.as_ref(), &place, site.now)));
    checks.push(firewall::check(&place, processes::is_reconciler_running()));
    checks.extend(neighbours::check(place.has_systemd));
    checks.push(processes::check(&place, user.as_ref()));
    checks.push(fast_agi::check(&place));
    let asterisk = arguments.asterisk.as_path();
    checks.extend(asterisk::check(asterisk, &place, &wanted, !arguments.no_call));
    checks.extend(told.map(|told| mail::check(&told.outbox, config, site.now)));
    checks.extend(arguments.letter.as_ref().map(|to| letter::check(site, &place, to)));
    checks
}

/// `None` where it cannot be read, which another check tells.
fn told(site: &Site) -> Option<Told> {
    let reader = site.reader().ok()?;
    let read = || {
        let ledger = reader.connection();
        let accounts = account::all(ledger)?;
        Ok::<_, DatabaseError>(Told {
            last_pass: passes::last(ledger)?,
            outbox: Outbox::read(ledger)?,
            has_accounts: !accounts.is_empty(),
            languages: accounts.iter().filter_map(|it| it.language).map(Language::as_str).collect(),
        })
    };
    read().ok()
}

fn configuration(error: &ConfigError, file: &Path) -> Check {
    let fix = match error {
        ConfigError::Read { .. } if !file.exists() => {
            Place::new(file, &Config::default()).dialgate(&["init"])
        }
        ConfigError::Read { .. } | ConfigError::Parse { .. } | ConfigError::Value { .. } => {
            Fix::advice("mend the file as it says; then look again, for nothing else was looked at")
        }
    };
    Check::fail("config", error.to_string(), fix)
}
