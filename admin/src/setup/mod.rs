//! `dialgate setup`: from a machine with Asterisk to the first call.
//!
//! [`machine`] looks at what is there, [`answers`] at what is wanted, [`plan`] says what lies between, and [`carry_out`]
//! does it, once whoever sits there has seen it and agreed. [`record`] remembers it for [`undo`].

mod answers;
mod ask;
mod asterisk_conf;
mod block;
mod carry_out;
mod change;
mod dialplan;
mod error;
mod folder;
mod ledger;
mod machine;
mod plan;
mod record;
mod settings;
mod test_letter;
mod undo;
mod value;

use std::path::{Path, PathBuf};

use dialgate_contract::SystemUser;
use dialgate_contract::config::Config;
use jiff::Timestamp;

use crate::cli::SetupOptions;
use crate::error::Error;
use crate::print;
use crate::report::{AccountChange, Report, SetupRow, SiteSetup};
use crate::site::Site;
use crate::text::setup_plan;
use answers::Present;
use ask::Asker;
use carry_out::{Outcome, Work, config_folder};
use change::Change;
use ledger::Ledger;
use machine::Machine;
use plan::ConfigFile;
use record::Record;

pub(crate) use error::SetupError;
pub(crate) use machine::ASTERISK_CONF;
pub(crate) use value::{ContextName, DialledNumber, MailServer, Sender};

/// How it is gone about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ask,
    Yes,
    DryRun,
}

pub(crate) fn run(
    mut options: SetupOptions,
    config_file: &Path,
    now: Timestamp,
) -> Result<Report, Error> {
    let config_file =
        std::path::absolute(config_file).map_err(Error::io("finding", config_file))?;
    if let Some(folder) = options.recordings.take() {
        let folder = std::path::absolute(&folder).map_err(Error::io("finding", &folder))?;
        options.recordings = Some(folder);
    }
    let there = config_file.try_exists().map_err(Error::io("looking for", &config_file))?;
    let config = if there { Config::load(&config_file)? } else { Config::default() };
    if !config.user.is_empty() && !SystemUser::is_root() {
        return Err(Error::NotRoot);
    }
    let mode = match (options.dry_run, options.yes) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Yes,
        (false, false) => Mode::Ask,
    };
    let machine = Machine::look(&options)?;
    let setup = Setup { machine, config_file, config, mode, now };
    if options.undo { setup.undo() } else { setup.install(options, there) }
}

/// Whether the changes are to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consent {
    None,
    /// By an option, or there are none.
    Unasked,
    /// On the terminal, which has shown them.
    Given,
}

struct Setup {
    machine: Machine,
    config_file: PathBuf,
    config: Config,
    mode: Mode,
    now: Timestamp,
}

impl Setup {
    fn install(&self, options: SetupOptions, there: bool) -> Result<Report, Error> {
        let record = self.record()?;
        let (folder, name) = {
            let path = self.machine.dialplan();
            let (folder, name) = undo::parts(&path);
            (self.machine.folder(folder)?, name.to_owned())
        };
        let dialplan = folder.map(|folder| folder.read(&name)).transpose()?.flatten();
        let present = Present {
            machine: &self.machine,
            config: &self.config,
            record: record.as_ref(),
            answered: record.as_ref().filter(|record| record.is_complete),
            ledger: &self.ledger()?,
            dialplan: &dialplan.unwrap_or_default(),
        };
        let answers = answers::collect(options, &present, Asker::find())?;
        let route = answers.route.clone();
        let path = &self.config_file;
        let text = match there {
            true => Some(std::fs::read_to_string(path).map_err(Error::io("reading", path))?),
            false => None,
        };
        let plan = plan::plan(answers, &present, &ConfigFile { path, text })?;
        let rows: Vec<_> = plan.changes.iter().map(Change::row).collect();
        let consent = self.consent(&rows, &plan.notes)?;
        if consent == Consent::None {
            return Ok(report(rows, plan.notes, consent, None));
        }
        let folder = config_folder(path)?;
        let done = Record { is_complete: true, ..plan.record };
        if record.as_ref() != Some(&done) {
            Record { is_complete: false, ..done.clone() }.save(&folder)?;
        }
        let work = self.work(&plan.config, Some(&route));
        let Outcome { account, mut notes } = work.carry_out(plan.changes)?;
        if record.as_ref() != Some(&done) {
            done.save(&folder)?;
        }
        notes.extend(plan.notes.into_iter().filter(|_| consent == Consent::Unasked));
        Ok(report(rows, notes, consent, account))
    }

    fn undo(&self) -> Result<Report, Error> {
        let folder = self.folder();
        let record = self.record()?;
        let record = record.ok_or_else(|| SetupError::NoRecord(folder.join(record::FILE)))?;
        let (changes, notes) = undo::plan(&record, &self.machine)?;
        let rows: Vec<_> = changes.iter().map(Change::row).collect();
        let consent = self.consent(&rows, &notes)?;
        if consent == Consent::None {
            return Ok(report(rows, notes, consent, None));
        }
        let mut told = self.work(&self.config, None).carry_out(changes)?.notes;
        config_folder(&self.config_file)?.remove(record::FILE)?;
        told.extend(notes.into_iter().filter(|_| consent == Consent::Unasked));
        Ok(report(rows, told, consent, None))
    }

    fn folder(&self) -> &Path {
        self.config_file.parent().unwrap_or(Path::new("/"))
    }

    fn record(&self) -> Result<Option<Record>, Error> {
        Record::load(self.folder())
    }

    fn work<'a>(&'a self, config: &'a Config, route: Option<&'a dialplan::Route>) -> Work<'a> {
        let Self { machine, config_file, now, .. } = self;
        Work { machine, config_file, config, now: *now, route }
    }

    fn ledger(&self) -> Result<Ledger, Error> {
        if !self.config.ledger_file().exists() {
            return Ok(Ledger::none());
        }
        Ledger::read(&Site::load(&self.config_file, self.now)?)
    }

    fn consent(&self, rows: &[SetupRow], notes: &[String]) -> Result<Consent, SetupError> {
        match self.mode {
            Mode::DryRun => Ok(Consent::None),
            Mode::Yes => Ok(Consent::Unasked),
            Mode::Ask if rows.is_empty() => Ok(Consent::Unasked),
            Mode::Ask if Asker::find().is_terminal() => {
                print::show(&setup_plan(rows, notes));
                Ok(if ask::proceed()? { Consent::Given } else { Consent::None })
            }
            Mode::Ask if rows.len() == 1 => {
                Err(SetupError::NoConsent("There is 1 change".to_owned()))
            }
            Mode::Ask => Err(SetupError::NoConsent(format!("There are {} changes", rows.len()))),
        }
    }
}

fn report(
    changes: Vec<SetupRow>,
    notes: Vec<String>,
    consent: Consent,
    account: Option<AccountChange>,
) -> Report {
    let (done, was_shown) = (consent != Consent::None, consent == Consent::Given);
    Report::Setup(Box::new(SiteSetup { done, was_shown, changes, account, notes }))
}
