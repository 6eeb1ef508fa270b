//! What Asterisk needs: recordings, the dialplan, and lines that lead there.

use dialgate_contract::Language;

use super::Plan;
use crate::error::Error;
use crate::setup::answers::Present;
use crate::setup::block;
use crate::setup::change::{Change, FileChange, Part};
use crate::setup::dialplan::{self, Route, Taken};
use crate::setup::error::SetupError;
use crate::setup::folder::Entry;
use crate::setup::record::Kept;

/// Under which name our recordings are in the folder of each language.
const RECORDINGS: &str = "dialgate";

impl Plan {
    /// A context that no file has is one that no call comes in by.
    pub(super) fn warn_of_an_unknown_context(&mut self, present: &Present<'_>, route: &Route) {
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

    pub(super) fn recordings(&mut self, present: &Present<'_>) -> Result<(), Error> {
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

    pub(super) fn dialplan(&mut self, present: &Present<'_>) -> Result<(), Error> {
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

    pub(super) fn block(&mut self, present: &Present<'_>, route: &Route) -> Result<(), Error> {
        let machine = present.machine;
        let path = machine.dialplan();
        let torn = |torn| SetupError::Torn { path: path.clone(), torn };
        let there = block::find(present.dialplan).map_err(torn)?;
        let lines = lines(present, route)?;
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

/// The lines that are to lead to dialgate, unless the number leads elsewhere.
pub(in crate::setup) fn lines(
    present: &Present<'_>,
    route: &Route,
) -> Result<Option<String>, SetupError> {
    let (path, number) = (present.machine.dialplan(), route.number.clone());
    dialplan::lines(present.dialplan, route).map_err(|Taken { line, context, application }| {
        SetupError::Taken { path, line, number, context, application }
    })
}

/// Once, however often it was tried.
fn remember<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}
