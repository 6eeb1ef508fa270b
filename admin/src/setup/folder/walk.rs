//! The way to a folder, step by step.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};

use super::{foreign, io};
use crate::error::Error;

/// How many symbolic links are followed on the way to a folder, as Linux does.
const LINKS: u32 = 40;

/// A path of the machine whose files are below `root`.
pub(in crate::setup) fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Enters a folder below `root`, following links of root's and ours alone.
pub(super) fn walk(root: &Path, path: &Path, shown: &Path) -> Result<OwnedFd, Error> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = || rustix::fs::open(root, flags, Mode::empty()).map_err(io("opening", root));
    let (mut at, mut ahead, mut links) = (top()?, steps(path), 0);
    while let Some(step) = ahead.pop() {
        let look = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next =
            rustix::fs::openat(&at, &step, look, Mode::empty()).map_err(io("opening", shown))?;
        let stat = rustix::fs::fstat(&next).map_err(io("looking at", shown))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            at = rustix::fs::openat(&at, &step, flags | OFlags::NOFOLLOW, Mode::empty())
                .map_err(io("opening", shown))?;
            continue;
        }
        links += 1;
        if links > LINKS || !is_trusted(stat.st_uid) {
            return Err(foreign(
                shown.to_owned(),
                "reached through a symbolic link of another user",
            ));
        }
        let target =
            rustix::fs::readlinkat(next.as_fd(), "", Vec::new()).map_err(io("reading", shown))?;
        let target = Path::new(OsStr::from_bytes(target.to_bytes()));
        if target.is_absolute() {
            at = top()?;
        }
        ahead.extend(steps(target));
    }
    Ok(at)
}

/// The names on the way, the last first.
fn steps(path: &Path) -> Vec<OsString> {
    let names = path.components().rev().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    names.collect()
}

/// Whether what this user owns is no trap.
pub(super) fn is_trusted(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}
