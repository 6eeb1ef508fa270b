//! Folders that root does not own alone, as those of Asterisk: who owns one may put links in the way of whoever writes
//! there. So every folder is entered step by step, no symbolic link of another user is followed, and files are taken by
//! their names within the folder that was entered.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::Error;
use crate::files::Rights;

/// How many symbolic links are followed on the way to a folder, as Linux does.
const LINKS: u32 = 40;
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

    /// An ordinary file with one name, of root's, ours or the folder's owner; `None` when it is not there.
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
        if !is_trusted(found.uid()) && found.uid() != self.owner.0 {
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

/// A path of the machine whose files are below `root`.
pub(super) fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn walk(root: &Path, path: &Path, shown: &Path) -> Result<OwnedFd, Error> {
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

fn is_trusted(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(Errno) -> Error {
    let failed = Error::io(doing, path);
    move |errno| failed(errno.into())
}

fn foreign(path: PathBuf, what: &'static str) -> Error {
    Error::Foreign { path, what }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, lchown, symlink};

    use super::*;

    const NEW: Rights = Rights { owner: None, mode: 0o640 };

    fn folder() -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("etc/asterisk")).unwrap();
        let folder = Folder::open(root.path(), Path::new("/etc/asterisk")).unwrap().unwrap();
        (root, folder)
    }

    #[test]
    fn a_file_is_made_replaced_and_removed_and_keeps_its_mode() {
        let (root, folder) = folder();
        let path = root.path().join("etc/asterisk/x.conf");
        assert_eq!(folder.read("x.conf").unwrap(), None);
        folder.write("x.conf", b"one", NEW).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o7777;
        assert_eq!(
            (folder.read("x.conf").unwrap().unwrap(), mode(&path)),
            (b"one".to_vec(), 0o640)
        );
        std::fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        folder.write("x.conf", b"two", NEW).unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o664));
        folder.remove("x.conf").unwrap();
        assert_eq!(std::fs::read_dir(root.path().join("etc/asterisk")).unwrap().count(), 0);
    }

    #[test]
    fn links_and_other_things_in_a_files_place_are_left_alone() {
        let (root, folder) = folder();
        let place = |name: &str| root.path().join("etc/asterisk").join(name);
        let secret = root.path().join("secret");
        std::fs::write(&secret, "secret").unwrap();
        symlink(&secret, place("soft")).unwrap();
        std::fs::hard_link(&secret, place("hard")).unwrap();
        std::fs::create_dir(place("folder")).unwrap();
        for name in ["soft", "hard", "folder"] {
            for refused in [folder.read(name).map(|_| ()), folder.write(name, b"x", NEW)] {
                assert!(matches!(refused, Err(Error::Foreign { .. })), "{name}: {refused:?}");
            }
        }
        assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
        assert_eq!(folder.entry("soft").unwrap(), Entry::Link(secret));
    }

    #[test]
    fn links_are_made_once_and_folders_are_removed_when_they_are_empty() {
        let (_root, folder) = folder();
        let target = Path::new("/usr/share/dialgate/sounds/en");
        folder.link("dialgate", target).unwrap();
        assert_eq!(folder.entry("dialgate").unwrap(), Entry::Link(target.to_owned()));
        assert!(folder.link("dialgate", Path::new("/x")).is_err());
        folder.make_folder("en").unwrap();
        assert_eq!(folder.entry("en").unwrap(), Entry::Other);
        assert!(folder.remove_folder("en").unwrap());
        assert_eq!(folder.entry("en").unwrap(), Entry::Nothing);
    }

    #[test]
    fn the_way_to_a_folder_leads_through_our_own_links_only() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        std::fs::create_dir_all(path("usr/sounds/en_US")).unwrap();
        std::fs::create_dir(path("alternatives")).unwrap();
        symlink("/alternatives/en", path("usr/sounds/en")).unwrap();
        symlink("../usr/sounds/en_US", path("alternatives/en")).unwrap();
        let open = || Folder::open(root.path(), Path::new("/usr/sounds/en"));
        open().unwrap().unwrap().link("x", Path::new("/x")).unwrap();
        assert!(path("usr/sounds/en_US/x").is_symlink());
        assert!(Folder::open(root.path(), Path::new("/usr/none/en")).unwrap().is_none());
        symlink("loop", path("usr/loop")).unwrap();
        assert!(Folder::open(root.path(), Path::new("/usr/loop")).is_err());
        if rustix::process::geteuid().is_root() {
            lchown(path("alternatives/en"), Some(1), Some(1)).unwrap();
            assert!(matches!(open(), Err(Error::Foreign { .. })));
        }
    }

    #[test]
    fn a_file_keeps_its_owner_and_a_new_one_has_that_of_the_folder() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let (root, _) = folder();
        let place = root.path().join("etc/asterisk");
        chown(&place, Some(1), Some(2)).unwrap();
        let folder = Folder::open(root.path(), Path::new("/etc/asterisk")).unwrap().unwrap();
        std::fs::write(place.join("old"), "x").unwrap();
        chown(place.join("old"), Some(0), Some(3)).unwrap();
        std::fs::write(place.join("foreign"), "x").unwrap();
        chown(place.join("foreign"), Some(4), Some(4)).unwrap();
        for (name, owner) in [("old", (0, 3)), ("new", (1, 2))] {
            folder.write(name, b"y", NEW).unwrap();
            let found = place.join(name).metadata().unwrap();
            assert_eq!((found.uid(), found.gid()), owner, "{name}");
        }
        assert!(folder.write("foreign", b"y", NEW).is_err());
    }
}
