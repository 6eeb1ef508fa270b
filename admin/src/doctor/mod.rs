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
mod services;
mod strangers;
mod templates;
mod trail;

use std::collections::BTreeSet;
use std::path::Path;

use dialgate_contract::config::{Config, ConfigError};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::pass::Pass;
use dialgate_contract::ledger::{account, host, pass as passes};
use dialgate_contract::{Language, SystemUserError};
use jiff::Timestamp;

pub(crate) use check::{Check, Fix, Health};
pub(crate) use inside::look as look_inside;

use crate::cli::DoctorArguments;
use crate::error::Error;
use crate::firewall::standing;
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
    /// Whether the base policy is on.
    keeps_out: bool,
    /// Hosts on the allow list whose last answer was not good, with what was wrong.
    lost_hosts: Vec<(String, String)>,
    languages: BTreeSet<&'static str>,
}

pub(crate) fn run(
    arguments: &DoctorArguments,
    config_file: &Path,
    now: Timestamp,
) -> Result<Report, Error> {
    // Whoever is asked may be in another folder.
    let config_file = &std::path::absolute(config_file).unwrap_or_else(|_| config_file.to_owned());
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
        Err(error) => return vec![no_user(&error, &config.user)],
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
    checks.extend(
        is_ours
            .then(|| site.reader().ok())
            .flatten()
            .and_then(|reader| trail::check(reader.connection(), &place)),
    );
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
    match &told {
        // It would make or mend a ledger that is not as it should be.
        None => checks.push(unread()),
        Some(told) => {
            checks.push(firewall::check(&place, processes::is_reconciler_running()));
            checks.extend(strangers::check(&place, told.keeps_out));
            checks.push(hosts(&told.lost_hosts));
        }
    }
    checks.extend(services::check(place.has_systemd));
    checks.extend(neighbours::check(place.has_systemd));
    checks.push(processes::check(&place, user.as_ref()));
    checks.push(fast_agi::check(&place));
    let asterisk = arguments.asterisk.as_path();
    checks.extend(asterisk::check(asterisk, &place, &wanted, !arguments.no_call));
    checks.extend(told.map(|told| mail::check(&told.outbox, config, site.now)));
    checks.extend(templates::check(site, user.as_ref()));
    let is_passing = checks.iter().any(|it| it.name == pass::NAME && it.outcome < Health::Fail);
    let letter = arguments.letter.as_ref();
    checks.extend(letter.map(|to| letter::check(site, &place, to, is_passing)));
    checks
}

/// `None` where it cannot be read, which another check tells.
fn told(site: &Site) -> Option<Told> {
    let reader = site.reader().ok()?;
    let read = || {
        let ledger = reader.connection();
        let (accounts, hosts) = (account::all(ledger)?, host::all(ledger)?);
        Ok::<_, DatabaseError>(Told {
            last_pass: passes::last(ledger)?,
            outbox: Outbox::read(ledger)?,
            has_accounts: !accounts.is_empty(),
            keeps_out: standing(ledger, site)?.since.is_some(),
            lost_hosts: hosts
                .into_iter()
                .filter_map(|(name, host)| Some((name.to_string(), host.problem?)))
                .collect(),
            languages: accounts.iter().filter_map(|it| it.language).map(Language::as_str).collect(),
        })
    };
    read().ok()
}

fn unread() -> Check {
    let fix = Fix::advice("mend what is said of the ledger above, then look again");
    Check::skip("firewall", "what should be in the kernel is not known", fix)
}

fn hosts(lost: &[(String, String)]) -> Check {
    match lost {
        [] => Check::ok("hosts", "the DNS answers for all hosts on the allow list"),
        [(name, problem), ..] => {
            let what = format!("{} of the allow list: {name}: {problem}", lost.len());
            let fix = "correct the name, or the DNS of this machine: it is let in for two hours after a good answer";
            Check::warn("hosts", what, Fix::advice(fix))
        }
    }
}

fn no_user(error: &SystemUserError, name: &str) -> Check {
    let what = format!("there is no user {name:?}, whom the programs run as");
    let (what, fix) = match error {
        SystemUserError::Unknown(_) => {
            let useradd = ["useradd", "--system", "--home-dir", "/nonexistent", "--shell"];
            (what, Fix::run(&[&useradd[..], &["/usr/sbin/nologin", name]].concat()))
        }
        SystemUserError::Lookup(..) | SystemUserError::Become(..) => {
            (error.to_string(), Fix::advice("see why this machine does not tell its users"))
        }
    };
    Check::fail("user", what, fix)
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
