//! From how things stand and what is wanted to the changes between them.

use std::path::Path;

use dialgate_contract::config::Config;
use dialgate_contract::{Language, SystemUser, SystemUserError};

use super::answers::{Answers, Present};
use super::block;
use super::change::{Change, FileChange, Part};
use super::dialplan::{self, Taken};
use super::error::SetupError;
use super::folder::Entry;
use super::record::{Kept, Record};
use super::settings;
use crate::error::Error;

/// Under which name our recordings are in the folder of each language.
const RECORDINGS: &str = "dialgate";

/// What is to be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    /// What will have been done then.
    pub(super) record: Record,
    /// The configuration as it will be.
    pub(super) config: Config,
    pub(super) notes: Vec<String>,
}

/// The configuration's file.
pub(super) struct ConfigFile<'a> {
    pub(super) path: &'a Path,
    pub(super) text: Option<String>,
}

pub(super) fn plan(
    answers: Answers,
    present: &Present<'_>,
    file: &ConfigFile<'_>,
) -> Result<Plan, Error> {
    let record = present.record.cloned().unwrap_or_default();
    let config = present.config.clone();
    let mut plan = Plan { changes: Vec::new(), record, config, notes: Vec::new() };
    let Answers { route, letters, test_letter, account } = answers;
    plan.record.number = route.number.as_str().to_owned();
    plan.record.context = route.context.as_ref().map(|context| context.as_str().to_owned());
    plan.configuration(file, letters.as_ref())?;
    plan.init()?;
    if present.machine.has_systemd() && file.text.is_some() && !plan.changes.is_empty() {
        plan.changes.push(Change::Restart);
    } else if present.ledger.has_passed && !plan.changes.is_empty() {
        plan.notes.push(
            "Programs that run go by the new configuration once they are started again, and so do letters."
                .to_owned(),
        );
    }
    plan.recordings(present)?;
    let before = plan.changes.len();
    plan.dialplan(present)?;
    plan.block(present, &route)?;
    if plan.changes.len() > before {
        plan.changes.push(Change::Reload);
    }
    plan.changes.extend(test_letter.map(|to| Change::Letter(to.into_string())));
    plan.changes.extend(account.map(|account| Change::Account(Box::new(account))));
    plan.notes
        .push(format!("Firewall: {}.", present.machine.firewall(&plan.config.firewall.anchor)));
    plan.warn_of_an_unknown_context(present, &route);
    if !present.ledger.has_passed {
        let how = match present.machine.has_systemd() {
            true => ": systemctl enable --now dialgate-agi dialgate-reconciler",
            false => ", and dialgate-agi beside it",
        };
        plan.notes.push(format!("Calls are served once dialgate-reconciler runs{how}."));
    }
    if route.context.is_none() {
        plan.notes.push(format!(
            "In FreePBX: Admin > Custom Destinations > Add, target dialgate,s,1 and Return: No. Then Connectivity > Inbound Routes > Add, DID {}, with that destination, and Apply Config.",
            route.number.as_str()
        ));
    }
    Ok(plan)
}

impl Plan {
    fn configuration(
        &mut self,
        file: &ConfigFile<'_>,
        letters: Option<&settings::Letters>,
    ) -> Result<(), Error> {
        let wrong = |problem: String| SetupError::Edit { path: file.path.to_owned(), problem };
        let before = file.text.as_deref();
        let edited = settings::edit(before, &self.config.mail, letters)
            .map_err(|error| wrong(error.to_string()))?;
        if before == Some(edited.text.as_str()) {
            return Ok(());
        }
        self.config = toml::from_str(&edited.text).map_err(|error| wrong(error.to_string()))?;
        self.record.config =
            Some(Kept::changed(self.record.config.as_ref(), file.path, before, &edited.text));
        self.changes.push(Change::File(FileChange {
            part: Part::Configuration,
            path: file.path.to_owned(),
            before: before.map(|text| text.as_bytes().to_owned()),
            after: Some(edited.text.into_bytes()),
            lines: edited.settings,
        }));
        Ok(())
    }

    /// A context that no file has is one that no call comes in by.
    fn warn_of_an_unknown_context(&mut self, present: &Present<'_>, route: &dialplan::Route) {
        let Some(context) = &route.context else { return };
        let own = block::remove(present.dialplan).unwrap_or_default();
        if !present.machine.is_freepbx && !dialplan::contexts(&own).contains(context) {
            self.notes.push(format!(
                "{} has no [{}]: see that it is the context of the trunk that calls come in by.",
                present.machine.dialplan().display(),
                context.as_str()
            ));
        }
    }

    fn init(&mut self) -> Result<(), Error> {
        match self.config.run_as() {
            Err(SystemUserError::Unknown(name)) => self.changes.insert(0, Change::User(name)),
            user => {
                let _: Option<SystemUser> = user?;
            }
        }
        let Config { pepper_file, .. } = &self.config;
        let queue = self.config.queue_dir();
        let all = [&self.config.ledger_file(), pepper_file, &queue];
        if !all.into_iter().all(|path| path.exists()) {
            self.changes.push(Change::Init);
        }
        Ok(())
    }

    fn recordings(&mut self, present: &Present<'_>) -> Result<(), Error> {
        let machine = present.machine;
        let Some(sounds) = &machine.sounds else {
            self.notes.push("Asterisk's sounds were not found: install asterisk-core-sounds-en, then run this again.".to_owned());
            return Ok(());
        };
        let Some(recordings) = &machine.recordings else {
            if !machine.has(&sounds.join("en").join(RECORDINGS)) {
                self.notes.push(
                    "dialgate's recordings were not found, and callers will hear nothing but digits: run this again with --recordings and the folder sounds that comes with dialgate."
                        .to_owned(),
                );
            }
            return Ok(());
        };
        for language in Language::ALL {
            let (target, folder) =
                (recordings.join(language.as_str()), sounds.join(language.as_str()));
            if !machine.has(&target) {
                continue;
            }
            let path = folder.join(RECORDINGS);
            let found = match machine.folder(&folder) {
                Err(error @ Error::Foreign { .. }) => {
                    self.notes.push(format!("{error}."));
                    continue;
                }
                found => found?,
            };
            match found {
                Some(folder) if folder.entry(RECORDINGS)? != Entry::Nothing => continue,
                None if *language != Language::En => continue,
                None => {
                    remember(&mut self.record.folders, folder.clone());
                    self.changes.push(Change::MakeFolder(folder));
                }
                Some(_) => {}
            }
            remember(&mut self.record.links, (path.clone(), target.clone()));
            self.changes.push(Change::Link { path, target });
        }
        Ok(())
    }

    fn dialplan(&mut self, present: &Present<'_>) -> Result<(), Error> {
        let machine = present.machine;
        let path = machine.etc.join(dialplan::FILE);
        let there = machine.folder(&machine.etc)?.map(|folder| folder.read(dialplan::FILE));
        let there = there.transpose()?.flatten();
        let after = dialplan::file(self.config.agi.listen);
        let text = there.as_deref().map(|text| String::from_utf8_lossy(text).into_owned());
        let earlier = self.record.dialplan.take();
        let is_ours = earlier.as_ref().is_some_and(|kept| Some(&kept.after) == text.as_ref());
        if text.as_ref() == Some(&after) {
            self.record.dialplan = earlier;
            return Ok(());
        }
        if text.is_some() && !is_ours {
            self.record.dialplan = earlier;
            self.notes.push(format!(
                "{} was not written by this program and is left as it is: move it away and run this again to have the current one.",
                path.display()
            ));
            return Ok(());
        }
        self.record.dialplan =
            Some(Kept::changed(earlier.as_ref(), &path, text.as_deref(), &after));
        self.changes.push(Change::File(FileChange {
            part: Part::Asterisk,
            path,
            before: there,
            after: Some(after.into_bytes()),
            lines: Vec::new(),
        }));
        Ok(())
    }

    fn block(&mut self, present: &Present<'_>, route: &dialplan::Route) -> Result<(), Error> {
        let machine = present.machine;
        let path = machine.dialplan();
        let torn = |torn| SetupError::Torn { path: path.clone(), torn };
        let there = block::find(present.dialplan).map_err(torn)?;
        let lines = dialplan::lines(present.dialplan, route).map_err(|taken| {
            let Taken { line, application } = taken;
            let (number, path) = (route.number.clone(), path.clone());
            route.context.clone().map_or_else(
                || SetupError::Changed(path.clone()),
                |context| SetupError::Taken {
                    path: path.clone(),
                    line,
                    number,
                    context,
                    application,
                },
            )
        })?;
        if there == lines {
            return Ok(());
        }
        let after = match &lines {
            Some(lines) => block::insert(present.dialplan, lines),
            None => block::remove(present.dialplan),
        };
        let after = after.map_err(torn)?;
        let is_new = !machine.has(&path);
        let was_made = self.record.block.as_ref().is_some_and(|(_, is_made)| *is_made);
        self.record.block = Some((path.clone(), is_new || was_made));
        self.changes.push(Change::File(FileChange {
            part: Part::Asterisk,
            path,
            before: Some(present.dialplan.to_owned()).filter(|_| !is_new),
            after: Some(after),
            lines: lines.unwrap_or_default().lines().map(str::to_owned).collect(),
        }));
        Ok(())
    }
}

/// Once, however often it was tried.
fn remember<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}
