//! Files and folders with an owner and a mode. Whatever is not a plain file or folder of its own is left alone.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use serde::Serialize;

use crate::error::Error;

/// Whose a file is to be, and who may do what with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rights {
    /// User and group; `None` to leave them as they are.
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: u32,
}

/// What was done about one file or folder.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) path: PathBuf,
    pub(crate) state: State,
    /// What was mended, or what follows.
    pub(crate) detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Made,
    WasThere,
    Mended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// Makes the folder that `path` is to be in, for everybody to pass through; `None` when it is there.
pub(crate) fn parent(path: &Path) -> Result<Option<Step>, Error> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(None);
    };
    if folder.try_exists().map_err(Error::io("looking for", folder))? {
        return Ok(None);
    }
    std::fs::create_dir_all(folder).map_err(Error::io("making", folder))?;
    let made = open(folder, Kind::Folder)?;
    mend(&made, folder, Rights { owner: None, mode: 0o755 })?;
    Ok(Some(Step { path: folder.to_owned(), state: State::Made, detail: None }))
}

/// Makes a folder, or mends its rights.
pub(crate) fn folder(path: &Path, rights: Rights) -> Result<Step, Error> {
    if let Some(step) = existing(path, Kind::Folder, rights)? {
        return Ok(step);
    }
    DirBuilder::new().mode(0o700).create(path).map_err(Error::io("making", path))?;
    mend(&open(path, Kind::Folder)?, path, rights)?;
    Ok(Step { path: path.to_owned(), state: State::Made, detail: None })
}

/// Makes a file with this content, whole or not at all, or mends the rights of the one that is there.
pub(crate) fn file(path: &Path, rights: Rights, content: &[u8]) -> Result<Step, Error> {
    if let Some(step) = existing(path, Kind::File, rights)? {
        return Ok(step);
    }
    let draft = draft_path(path);
    let result = make(path, &draft, rights, content);
    // A draft that cannot be removed is found by the next attempt, which says so.
    let removed = std::fs::remove_file(&draft);
    result?;
    removed.map_err(Error::io("removing", &draft))?;
    Ok(Step { path: path.to_owned(), state: State::Made, detail: None })
}

/// Mends the rights of what is there; `None` when nothing is.
pub(crate) fn existing_file(path: &Path, rights: Rights) -> Result<Option<Step>, Error> {
    existing(path, Kind::File, rights)
}

fn existing(path: &Path, kind: Kind, rights: Rights) -> Result<Option<Step>, Error> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("looking at", path)(error)),
        Ok(found) if found.is_symlink() => return Err(foreign(path, "a symbolic link")),
        Ok(_) => {}
    }
    let mended = mend(&open(path, kind)?, path, rights)?;
    let state = if mended.is_some() { State::Mended } else { State::WasThere };
    Ok(Some(Step { path: path.to_owned(), state, detail: mended }))
}

/// A link under the final name fails when that name is taken, so nothing is ever overwritten.
fn make(path: &Path, draft: &Path, rights: Rights, content: &[u8]) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)
        .map_err(Error::io("making", draft))?;
    file.write_all(content).map_err(Error::io("writing", draft))?;
    mend(&file, draft, rights)?;
    file.sync_all().map_err(Error::io("writing", draft))?;
    std::fs::hard_link(draft, path).map_err(Error::io("making", path))?;
    sync_folder_of(path)
}

/// Puts a file with this content in the place of the one that is there, if any: whole or not at all.
pub(crate) fn replace(path: &Path, rights: Rights, content: &[u8]) -> Result<(), Error> {
    let draft = draft_path(path);
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(&draft).map_err(Error::io("making", &draft))?;
    let replaced = file
        .write_all(content)
        .map_err(Error::io("writing", &draft))
        .and_then(|()| mend(&file, &draft, rights))
        .and_then(|_| file.sync_all().map_err(Error::io("writing", &draft)))
        .and_then(|()| std::fs::rename(&draft, path).map_err(Error::io("replacing", path)));
    if replaced.is_err() {
        // What went wrong first is what is told.
        let _ = std::fs::remove_file(&draft);
    }
    replaced.and_then(|()| sync_folder_of(path))
}

/// Waits until the disk has the names in the folder that `path` is in.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("writing", folder))
}

pub(crate) fn draft_path(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".new-{}", std::process::id()));
    draft.into()
}

fn open(path: &Path, kind: Kind) -> Result<File, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())
        .map_err(|error| Error::io("opening", path)(error.into()))?;
    let file = File::from(file);
    let found = file.metadata().map_err(Error::io("looking at", path))?;
    match kind {
        Kind::Folder if !found.is_dir() => Err(foreign(path, "not a folder")),
        Kind::File if !found.is_file() => Err(foreign(path, "not a plain file")),
        Kind::File if found.nlink() != 1 => {
            Err(foreign(path, "a file with a second name elsewhere (a hard link)"))
        }
        Kind::File | Kind::Folder => Ok(file),
    }
}

/// What was wrong, in words; `None` when nothing was.
fn mend(file: &File, path: &Path, rights: Rights) -> Result<Option<String>, Error> {
    let found = file.metadata().map_err(Error::io("looking at", path))?;
    let mut mended = Vec::new();
    if let Some((user, group)) = rights.owner.filter(|o| *o != (found.uid(), found.gid())) {
        fchown(file, Some(user), Some(group)).map_err(Error::io("changing the owner of", path))?;
        mended.push(format!("owner {}:{} -> {user}:{group}", found.uid(), found.gid()));
    }
    let mode = found.mode() & 0o7777;
    if mode != rights.mode {
        file.set_permissions(Permissions::from_mode(rights.mode))
            .map_err(Error::io("changing the mode of", path))?;
        mended.push(format!("mode {mode:04o} -> {:04o}", rights.mode));
    }
    Ok(if mended.is_empty() { None } else { Some(mended.join(", ")) })
}

fn foreign(path: &Path, what: &'static str) -> Error {
    Error::Foreign { path: path.to_owned(), what }
}
