//! Folders that root does not own alone, as those of Asterisk: who owns one may put links in the way of whoever writes
//! there. So every folder is entered step by step, no symbolic link of another user is followed, and files are taken by
//! their names within the folder that was entered.

#[cfg(test)]
mod tests;
mod walk;

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

pub(super) use self::walk::below;
use self::walk::{is_trusted, walk};
use crate::error::Error;
use crate::files::Rights;

/// The most that is read of a file.
const LONGEST: u64 = 16 << 20;

/// A folder that was entered.
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
    owner: (u32, u32),
}

/// What has a name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Nothing,
    /// A symbolic link, and where it leads.
    Link(PathBuf),
    Other,
}

impl Folder {
    /// Enters a folder below `root`; `None` when it is not there.
    pub(super) fn open(root: &Path, path: &Path) -> Result<Option<Self>, Error> {
        let shown = below(root, path);
        let fd = match walk(root, path, &shown) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Ok(None);
            }
            found => found?,
        };
        let stat = rustix::fs::fstat(&fd).map_err(io("looking at", &shown))?;
        Ok(Some(Self { fd, path: shown, owner: (stat.st_uid, stat.st_gid) }))
    }

    /// What a file holds; `None` when it is not there.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(mut file) = self.file(name)? else { return Ok(None) };
        let mut content = Vec::new();
        let path = self.path.join(name);
        (&mut file).take(LONGEST).read_to_end(&mut content).map_err(Error::io("reading", &path))?;
        Ok(Some(content))
    }

    /// Whether others than root and ourselves own it.
    pub(super) fn is_of_others(&self) -> bool {
        !is_trusted(self.owner.0)
    }

    /// Whether others than root and ourselves say what a file holds.
    pub(super) fn is_others_to_write(&self, name: &str) -> Result<bool, Error> {
        let Some(file) = self.file(name)? else { return Ok(self.is_of_others()) };
        let found = file.metadata().map_err(Error::io("looking at", &self.path.join(name)))?;
        Ok(self.is_of_others() || !is_trusted(found.uid()) || found.mode() & 0o022 != 0)
    }

    /// Puts a file in the place of another, whole or not at all, with the same owner and mode. A new one has `rights`;
    /// without an owner there, that of the folder.
    pub(super) fn write(&self, name: &str, content: &[u8], rights: Rights) -> Result<(), Error> {
        let rights = match self.file(name)? {
            None => Rights { owner: rights.owner.or(Some(self.owner)), ..rights },
            Some(there) => {
                let found =
                    there.metadata().map_err(Error::io("looking at", &self.path.join(name)))?;
                Rights { owner: Some((found.uid(), found.gid())), mode: found.mode() & 0o7777 }
            }
        };
        let draft = format!(".{name}.dialgate-{}", std::process::id());
        let done = self.draft(&draft, content, rights).and_then(|()| {
            rustix::fs::renameat(&self.fd, &draft, &self.fd, name)
                .map_err(io("writing", &self.path.join(name)))
        });
        if done.is_err() {
            // It may not have been made.
            let _ = rustix::fs::unlinkat(&self.fd, &draft, AtFlags::empty());
        }
        done.and_then(|()| self.sync())
    }

    /// Removes a file or a symbolic link.
    pub(super) fn remove(&self, name: &str) -> Result<(), Error> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())
            .map_err(io("removing", &self.path.join(name)))?;
        self.sync()
    }

    /// Makes a symbolic link, where nothing has the name.
    pub(super) fn link(&self, name: &str, target: &Path) -> Result<(), Error> {
        rustix::fs::symlinkat(target, &self.fd, name)
            .map_err(io("making", &self.path.join(name)))?;
        self.sync()
    }

    /// Makes a folder of the same owner, where nothing has the name.
    pub(super) fn make_folder(&self, name: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(0o755))
            .map_err(io("making", &path))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = rustix::fs::openat(&self.fd, name, flags, Mode::empty())
            .map_err(io("opening", &path))?;
        let (user, group) = self.owner;
        fchown(&made, Some(user), Some(group))
            .map_err(Error::io("changing the owner of", &path))?;
        self.sync()
    }

    /// Removes a folder; `false` when something is in it.
    pub(super) fn remove_folder(&self, name: &str) -> Result<bool, Error> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR) {
            Ok(()) => self.sync().map(|()| true),
            Err(Errno::NOTEMPTY) => Ok(false),
            Err(error) => Err(io("removing", &self.path.join(name))(error)),
        }
    }

    /// What has the name.
    pub(super) fn entry(&self, name: &str) -> Result<Entry, Error> {
        let path = self.path.join(name);
        let stat = match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(Entry::Nothing),
            found => found.map_err(io("looking at", &path))?,
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Ok(Entry::Other);
        }
        let target =
            rustix::fs::readlinkat(&self.fd, name, Vec::new()).map_err(io("reading", &path))?;
        Ok(Entry::Link(PathBuf::from(OsStr::from_bytes(target.to_bytes()))))
    }

    /// An ordinary file with one name; in a folder of another user's, of his, root's or ours. `None` when it is not there.
    fn file(&self, name: &str) -> Result<Option<File>, Error> {
        let path = self.path.join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(foreign(path, "a symbolic link")),
            found => File::from(found.map_err(io("opening", &path))?),
        };
        let found = file.metadata().map_err(Error::io("looking at", &path))?;
        if !found.is_file() {
            return Err(foreign(path, "not a plain file"));
        }
        if found.nlink() != 1 {
            return Err(foreign(path, "a file with a second name elsewhere (a hard link)"));
        }
        let expected = [self.owner.0, found.uid()].into_iter().any(is_trusted);
        if !expected && found.uid() != self.owner.0 {
            return Err(foreign(path, "a file of another user than the folder's"));
        }
        Ok(Some(file))
    }

    fn draft(&self, draft: &str, content: &[u8], rights: Rights) -> Result<(), Error> {
        let path = self.path.join(draft);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o600);
        let file = rustix::fs::openat(&self.fd, draft, flags, mode).map_err(io("making", &path))?;
        let mut file = File::from(file);
        file.write_all(content).map_err(Error::io("writing", &path))?;
        if let Some((user, group)) = rights.owner {
            fchown(&file, Some(user), Some(group))
                .map_err(Error::io("changing the owner of", &path))?;
        }
        file.set_permissions(Permissions::from_mode(rights.mode))
            .map_err(Error::io("changing the mode of", &path))?;
        file.sync_all().map_err(Error::io("writing", &path))
    }

    fn sync(&self) -> Result<(), Error> {
        rustix::fs::fsync(&self.fd).map_err(io("writing", &self.path))
    }
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(Errno) -> Error {
    let failed = Error::io(doing, path);
    move |errno| failed(errno.into())
}

fn foreign(path: PathBuf, what: &'static str) -> Error {
    Error::Foreign { path, what }
}
