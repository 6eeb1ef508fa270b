use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags};

/// A file of metrics in a folder that programs of several users write.
///
/// Whoever else may write there can keep us from writing, and no more: the way to the folder has no symbolic links, the
/// folder is root's or ours, what is written is a new file that nobody else may open, and it takes the place of whatever
/// has its name. Where others may write the folder it must be sticky, so that what is ours stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsFile {
    folder: PathBuf,
    name: String,
    draft: String,
}

/// Why metrics were not written.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The folder cannot be opened.
    #[error(
        "opening the folder {} (metrics.directory): {source}; it must be there, and no part of its name a symbolic link",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others could have their way in the folder.
    #[error(
        "{folder} (metrics.directory) must be root's, and sticky where others may write: `chown root:dialgate {folder}` \
         and `chmod 1775 {folder}`",
        folder = .0.display()
    )]
    Untrusted(PathBuf),
    /// The file cannot be written.
    #[error("writing {} (metrics.directory): {source}; give this program's user the right to write there", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl MetricsFile {
    /// The file of `program` in `folder`; `None` where `folder` is empty, which means that no metrics are wanted.
    #[must_use]
    pub fn of(program: &str, folder: &Path) -> Option<Self> {
        let (folder, name) = (folder.to_owned(), format!("{program}.prom"));
        (!folder.as_os_str().is_empty()).then(|| Self {
            folder,
            name,
            draft: format!(".{program}.draft"),
        })
    }

    /// Puts `text` into the file, for everybody to read: all of it or nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, text: &str) -> Result<(), MetricsError> {
        let folder = self.open_folder()?;
        let failed = |source| MetricsError::Write { path: self.folder.join(&self.name), source };
        self.replace(folder.as_fd(), text).map_err(failed)
    }

    fn open_folder(&self) -> Result<OwnedFd, MetricsError> {
        let failed = |error: rustix::io::Errno| MetricsError::Folder {
            path: self.folder.clone(),
            source: error.into(),
        };
        let folder = without_links(&self.folder).map_err(failed)?;
        let stat = rustix::fs::fstat(&folder).map_err(failed)?;
        let mode = Mode::from_raw_mode(stat.st_mode);
        let is_shared = mode.intersects(Mode::WGRP | Mode::WOTH);
        let me = rustix::process::geteuid().as_raw();
        let is_ours = stat.st_uid == 0 || stat.st_uid == me;
        if !is_ours || (is_shared && !mode.contains(Mode::SVTX)) {
            return Err(MetricsError::Untrusted(self.folder.clone()));
        }
        Ok(folder)
    }

    fn replace(&self, folder: BorrowedFd<'_>, text: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(folder, &self.draft, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let draft = rustix::fs::openat(folder, &self.draft, flags, Mode::RUSR | Mode::WUSR)?;
        let mut file = File::from(draft);
        file.write_all(text.as_bytes())?;
        // The mask may have kept bits back.
        rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH)?;
        Ok(rustix::fs::renameat(folder, &self.draft, folder, &self.name)?)
    }
}

/// Opens a folder, name by name. openat2(2) would do it at once, but systemd keeps it from units that may not make
/// files of other users' rights (`RestrictSUIDSGID`).
fn without_links(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut folder = rustix::fs::open("/", flags, Mode::empty())?;
    for part in path.components() {
        if let Component::Normal(_) | Component::ParentDir = part {
            folder = rustix::fs::openat(&folder, part.as_os_str(), flags, Mode::empty())?;
        }
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn file(folder: &Path) -> MetricsFile {
        MetricsFile::of("dialgate-x", folder).unwrap()
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn without_a_folder_there_is_no_file() {
        assert_eq!(MetricsFile::of("dialgate-x", Path::new("")), None);
    }

    #[test]
    fn everybody_reads_the_last_text_and_no_draft_is_left() {
        let folder = folder();
        fs::write(folder.path().join(".dialgate-x.draft"), "of one that was killed").unwrap();
        for text in ["first, and longer\n", "second\n"] {
            file(folder.path()).write(text).unwrap();
            let path = folder.path().join("dialgate-x.prom");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn links_that_others_put_in_the_way_are_replaced_and_never_followed() {
        let (folder, elsewhere) = (folder(), folder());
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        for name in ["dialgate-x.prom", ".dialgate-x.draft"] {
            symlink(&victim, folder.path().join(name)).unwrap();
            file(folder.path()).write("text\n").unwrap();
        }
        fs::remove_file(folder.path().join("dialgate-x.prom")).unwrap();
        fs::hard_link(&victim, folder.path().join("dialgate-x.prom")).unwrap();
        fs::hard_link(&victim, folder.path().join(".dialgate-x.draft")).unwrap();
        file(folder.path()).write("text\n").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
        assert!(!folder.path().join("dialgate-x.prom").is_symlink());
    }

    #[test]
    fn a_folder_that_is_a_link_or_leads_through_one_is_refused() {
        let (folder, elsewhere) = (folder(), folder());
        fs::create_dir(elsewhere.path().join("within")).unwrap();
        let link = folder.path().join("link");
        symlink(elsewhere.path(), &link).unwrap();
        for path in [link.clone(), link.join("within"), folder.path().join("missing")] {
            let error = file(&path).write("text\n").unwrap_err();
            assert!(matches!(error, MetricsError::Folder { .. }), "{error}");
        }
        assert!(!elsewhere.path().join("dialgate-x.prom").exists());
    }

    #[test]
    fn a_folder_that_others_write_must_be_sticky() {
        let folder = folder();
        for mode in [0o775, 0o757, 0o777] {
            chmod(folder.path(), mode);
            let error = file(folder.path()).write("text\n").unwrap_err();
            assert!(error.to_string().contains("chmod 1775"), "{error}");
            chmod(folder.path(), mode | 0o1000);
            file(folder.path()).write("text\n").unwrap();
        }
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        if !crate::SystemUser::is_root() {
            return;
        }
        let folder = folder();
        std::os::unix::fs::chown(folder.path(), Some(1), None).unwrap();
        let error = file(folder.path()).write("text\n").unwrap_err();
        assert!(matches!(error, MetricsError::Untrusted(_)), "{error}");
    }

    #[test]
    fn what_is_in_the_way_and_cannot_be_replaced_is_told() {
        let folder = folder();
        fs::create_dir(folder.path().join("dialgate-x.prom")).unwrap();
        let error = file(folder.path()).write("text\n").unwrap_err();
        assert!(error.to_string().contains("dialgate-x.prom"), "{error}");
    }
}
