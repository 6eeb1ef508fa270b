//! Takes back what setup did, and nothing that anybody else did since.

use std::path::Path;

use super::block;
use super::change::{Change, FileChange, Part};
use super::dialplan;
use super::error::SetupError;
use super::folder::{Entry, Folder};
use super::machine::Machine;
use super::record::{Kept, Record};
use crate::error::Error;

/// What stays, for it is the operator's by now.
const KEPT: &str = "Accounts, ledger, pepper and the user that the programs run as are kept.";

/// The changes that take it back, and what is to be said of what stays.
pub(super) fn plan(
    record: &Record,
    machine: &Machine,
) -> Result<(Vec<Change>, Vec<String>), Error> {
    let (mut changes, mut notes) = (Vec::new(), vec![KEPT.to_owned()]);
    if let Some((path, is_made)) = &record.block {
        changes.extend(without_block(machine, path, *is_made)?);
    }
    if let Some(kept) = record.dialplan.as_ref().filter(|kept| kept.before.is_none())
        && includes(machine)?
    {
        // Where it says so, a file that is missing keeps Asterisk from loading any of the dialplan.
        notes.push(format!(
            "{} has an #include of its own, so {} is kept: remove that line first.",
            machine.dialplan().display(),
            kept.path.display()
        ));
    } else if let Some(kept) = &record.dialplan {
        changes.extend(restored(&machine.root, kept, Part::Asterisk, &mut notes)?);
    }
    if !changes.is_empty() {
        changes.push(Change::Reload);
    }
    for (path, target) in &record.links {
        let (folder, name) = parts(path);
        let found = machine.folder(folder)?.map(|folder| folder.entry(name)).transpose()?;
        if found == Some(Entry::Link(target.clone())) {
            changes.push(Change::Unlink(path.clone()));
        }
    }
    for folder in &record.folders {
        if machine.folder(folder)?.is_some() {
            changes.push(Change::RemoveFolder(folder.clone()));
        }
    }
    if let Some(kept) = &record.config {
        let restored = restored(Path::new("/"), kept, Part::Configuration, &mut notes)?;
        let is_read_again = restored.is_some() && kept.before.is_some() && machine.has_systemd();
        changes.extend(restored);
        changes.extend(is_read_again.then_some(Change::Restart));
    }
    if record.context.is_none() {
        notes.push("What was added in FreePBX itself, such as the Custom Destination, is to be removed there.".to_owned());
    }
    Ok((changes, notes))
}

/// Whether the operator takes our dialplan in himself.
fn includes(machine: &Machine) -> Result<bool, Error> {
    let path = machine.dialplan();
    let (folder, name) = parts(&path);
    let text = machine.folder(folder)?.map(|folder| folder.read(name)).transpose()?.flatten();
    let text = text.unwrap_or_default();
    let own = block::remove(&text).unwrap_or(text);
    Ok(dialplan::includes(&String::from_utf8_lossy(&own)))
}

/// A path in two parts that [`Folder`] can be asked for.
pub(super) fn parts(path: &Path) -> (&Path, &str) {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    (path.parent().unwrap_or(Path::new("/")), name)
}

fn without_block(machine: &Machine, path: &Path, is_made: bool) -> Result<Option<Change>, Error> {
    let (folder, name) = parts(path);
    let there = machine.folder(folder)?.map(|folder| folder.read(name)).transpose()?.flatten();
    let Some(before) = there else { return Ok(None) };
    let torn = |torn| SetupError::Torn { path: path.to_owned(), torn };
    let Some(lines) = block::find(&before).map_err(torn)? else { return Ok(None) };
    let after =
        Some(block::remove(&before).map_err(torn)?).filter(|text| !(is_made && text.is_empty()));
    let lines = lines.lines().map(|line| format!("- {line}")).collect();
    let (part, path, before) = (Part::Asterisk, path.to_owned(), Some(before));
    Ok(Some(Change::File(FileChange { part, path, before, after, lines })))
}

/// A file as it was, if it is still as setup left it.
fn restored(
    root: &Path,
    kept: &Kept,
    part: Part,
    notes: &mut Vec<String>,
) -> Result<Option<Change>, Error> {
    let Kept { path, before, after } = kept;
    let (folder, name) = parts(path);
    let there = Folder::open(root, folder)?.map(|folder| folder.read(name)).transpose()?.flatten();
    let Some(there) = there else { return Ok(None) };
    if there != after.as_bytes() {
        if before.as_ref().is_none_or(|before| there != before.as_bytes()) {
            notes.push(format!(
                "{} has changed since setup wrote it, and is left as it is.",
                path.display()
            ));
        }
        return Ok(None);
    }
    let after = before.as_ref().map(|text| text.as_bytes().to_owned());
    let (path, before, lines) = (path.clone(), Some(there), Vec::new());
    Ok(Some(Change::File(FileChange { part, path, before, after, lines })))
}
