//! Files whose words are sent in the operator's name.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use dialgate_contract::SystemUser;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

use super::FaultKind;

/// The longest file, in bytes.
pub(super) const LONGEST: u64 = 64 * 1024;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A folder that nobody else can put files into.
pub(super) fn check_folder(folder: &Path, owner: u32) -> Result<(), FaultKind> {
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() {
        return Err(FaultKind::Foreign("folder"));
    }
    check_owner(&found, owner)
}

/// What a file says; `None` where there is none.
pub(super) fn read(path: &Path, owner: u32) -> Result<Option<String>, FaultKind> {
    // A link is not followed, and nobody waits for a pipe to be written.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(FaultKind::Foreign("file")),
        Err(error) => return Err(io::Error::from(error).into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(FaultKind::Foreign("file"));
    }
    check_owner(&found, owner)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(FaultKind::TooLong);
    }
    String::from_utf8(bytes).map(Some).map_err(|_| FaultKind::NotText)
}

/// Whether a user may read it, by its mode alone.
pub(super) fn check_reader(path: &Path, reader: Option<&SystemUser>) -> Result<(), FaultKind> {
    let Some(user) = reader else { return Ok(()) };
    let found = fs::symlink_metadata(path)?;
    let shift = match () {
        () if found.uid() == user.uid => 6,
        () if found.gid() == user.gid => 3,
        () => 0,
    };
    let wanted = if found.is_dir() { 0o5 } else { 0o4 };
    if (found.mode() >> shift) & wanted == wanted {
        Ok(())
    } else {
        Err(FaultKind::Unreadable(user.name.clone()))
    }
}

/// The names of at most so many files in a folder, in order.
pub(super) fn names(folder: &Path, most: usize) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?
        .take(most)
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<Result<_, _>>()?;
    names.retain(|name| !name.starts_with('.') && !name.ends_with('~'));
    names.sort();
    Ok(names)
}

fn check_owner(found: &Metadata, owner: u32) -> Result<(), FaultKind> {
    let is_ours = found.uid() == 0 || found.uid() == owner;
    if is_ours && found.mode() & WRITABLE_BY_OTHERS == 0 {
        Ok(())
    } else {
        Err(FaultKind::Writable)
    }
}
