//! From how things stand and what is wanted to the changes between them.

mod asterisk;

use std::path::Path;

use dialgate_contract::config::{Config, Tls};
use dialgate_contract::{SystemUser, SystemUserError};

use super::answers::{Answers, Present};
use super::change::{Change, FileChange, Part};
use super::error::SetupError;
use super::record::{Kept, Record};
use super::settings;
use crate::error::Error;

pub(super) use asterisk::lines;

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
    if letters.is_some_and(|letters| letters.server.tls() != Tls::None)
        && plan.config.mail.username.is_empty()
    {
        plan.notes.push(
            "At this port mail servers mostly want a login: set mail.username and mail.password-file in the configuration."
                .to_owned(),
        );
    }
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
    plan.changes.extend(test_letter.map(Change::Letter));
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
}
