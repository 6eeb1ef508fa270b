//! Does one change after the other.

use std::path::Path;

use dialgate_contract::config::Config;
use jiff::Timestamp;

use super::change::{Change, FileChange, Part, RELOAD, RESTART, USERADD};
use super::dialplan::Route;
use super::error::SetupError;
use super::folder::Folder;
use super::machine::Machine;
use super::test_letter;
use super::undo::parts;
use crate::cli::AccountCommand;
use crate::error::Error;
use crate::files::{self, Rights};
use crate::report::{AccountChange, Report};
use crate::site::Site;
use crate::{account, init};

/// What changes are made with.
pub(super) struct Work<'a> {
    pub(super) machine: &'a Machine,
    pub(super) config_file: &'a Path,
    pub(super) config: &'a Config,
    pub(super) now: Timestamp,
    /// What leads to dialgate afterwards.
    pub(super) route: Option<&'a Route>,
}

/// What came of the changes.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) account: Option<AccountChange>,
    pub(super) notes: Vec<String>,
}

impl Work<'_> {
    pub(super) fn carry_out(&self, changes: Vec<Change>) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for change in changes {
            self.make(change, &mut outcome)?;
        }
        Ok(outcome)
    }

    fn make(&self, change: Change, outcome: &mut Outcome) -> Result<(), Error> {
        match change {
            Change::User(name) => self.machine.run(&format!("{USERADD} {name}"))?,
            Change::File(change) => self.write(&change)?,
            Change::Init => {
                init::run(self.config_file)?;
            }
            Change::MakeFolder(path) => {
                let (folder, name) = parts(&path);
                self.folder(folder)?.make_folder(name)?;
            }
            Change::RemoveFolder(path) => {
                let (folder, name) = parts(&path);
                if !self.folder(folder)?.remove_folder(name)? {
                    outcome.notes.push(format!("{} is not empty, and is kept.", path.display()));
                }
            }
            Change::Link { path, target } => {
                let (folder, name) = parts(&path);
                self.folder(folder)?.link(name, &target)?;
            }
            Change::Unlink(path) => {
                let (folder, name) = parts(&path);
                self.folder(folder)?.remove(name)?;
            }
            Change::Reload => outcome.notes.extend(self.reload()),
            Change::Restart => {
                if let Err(error) = self.machine.run(RESTART) {
                    outcome
                        .notes
                        .push(format!("The new configuration is not in force yet: {error}"));
                }
            }
            Change::Letter(to) => {
                let site = Site::load(self.config_file, self.now)?;
                outcome.notes.push(test_letter::send(&to, &site)?);
            }
            Change::Account(new) => {
                let site = Site::load(self.config_file, self.now)?;
                if let Report::AccountChange(change) =
                    account::run(AccountCommand::Add(*new), &site)?
                {
                    outcome.account = Some(change);
                }
            }
        }
        Ok(())
    }

    fn folder(&self, path: &Path) -> Result<Folder, Error> {
        let gone = || SetupError::Changed(path.to_owned());
        Ok(self.machine.folder(path)?.ok_or_else(gone)?)
    }

    fn write(&self, change: &FileChange) -> Result<(), Error> {
        let FileChange { part, path, before, after, .. } = change;
        let (folder, name) = parts(path);
        let (folder, rights) = match part {
            Part::Asterisk => (self.folder(folder)?, Rights { owner: None, mode: 0o644 }),
            Part::Configuration => (config_folder(path)?, self.shared()?),
        };
        if folder.read(name)? != *before {
            return Err(SetupError::Changed(path.clone()).into());
        }
        match after {
            Some(after) => folder.write(name, after, rights),
            None => folder.remove(name),
        }
    }

    /// Root writes, the programs' user reads.
    fn shared(&self) -> Result<Rights, Error> {
        let owner = self.config.run_as()?.map(|user| (0, user.gid));
        Ok(Rights { owner, mode: 0o640 })
    }

    /// What Asterisk has not taken up.
    fn reload(&self) -> Vec<String> {
        if let Err(problem) = self.machine.ask(RELOAD) {
            return vec![format!(
                "Asterisk was told `{RELOAD}` and {problem}: it reads the dialplan when it starts."
            )];
        }
        let Some(route) = self.route else { return Vec::new() };
        let mut expected = vec![("s@dialgate".to_owned(), "AGI")];
        if let Some(context) = &route.context {
            let place = format!("{}@{}", route.number.as_str(), context.as_str());
            expected.push((place, "Goto(dialgate,s,1)"));
        }
        let missing = expected.into_iter().filter_map(|(place, wanted)| {
            let shown = self.machine.ask(&format!("dialplan show {place}"));
            let is_there = shown.is_ok_and(|shown| shown.contains(wanted));
            (!is_there).then(|| format!(
                "After the reload Asterisk has no {wanted} at {place}: its log tells why, and `asterisk -rx \"dialplan show {place}\"` what is there."
            ))
        });
        missing.collect()
    }
}

/// The folder of the configuration, which is made when it is missing.
pub(super) fn config_folder(config_file: &Path) -> Result<Folder, Error> {
    files::parent(config_file)?;
    let folder = config_file.parent().unwrap_or(Path::new("/"));
    let gone = || SetupError::Changed(folder.to_owned());
    Ok(Folder::open(Path::new("/"), folder)?.ok_or_else(gone)?)
}
