//! The first act of the root program: its own files are what they should be. A file that another user may write is
//! another user's order to root.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file that root must not act on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SelfCheckError {
    /// It cannot be looked at.
    #[error("{}: {source}; `dialgate init` makes what is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is a symbolic link, so it can be made to mean another file.
    #[error("{} is a symbolic link: put the real file there", path.display())]
    Link {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}: `chown root {}`", path.display(), path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The number of its owner.
        owner: u32,
    },
    /// Others may write it.
    #[error("{} may be written by others than its owner: `chmod go-w {}`", path.display(), path.display())]
    Writable {
        /// The file.
        path: PathBuf,
    },
}

/// Makes sure that nobody but the user who runs this program, or root, can have written `path`.
///
/// # Errors
/// When somebody could, or when it is not there.
pub(crate) fn trusted(path: &Path) -> Result<(), SelfCheckError> {
    let metadata = std::fs::symlink_metadata(path)
        .map_err(|source| SelfCheckError::Missing { path: path.to_owned(), source })?;
    let path = path.to_owned();
    let me = rustix::process::geteuid().as_raw();
    if metadata.file_type().is_symlink() {
        return Err(SelfCheckError::Link { path });
    }
    if metadata.uid() != 0 && metadata.uid() != me {
        return Err(SelfCheckError::Owner { path, owner: metadata.uid() });
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(SelfCheckError::Writable { path });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_that_only_its_owner_writes_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, "").unwrap();
        set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        assert!(trusted(&file).is_ok());
    }

    #[test]
    fn a_file_that_others_write_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, "").unwrap();
        for mode in [0o660, 0o602, 0o777] {
            set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert!(matches!(trusted(&file), Err(SelfCheckError::Writable { .. })), "{mode:o}");
        }
    }

    #[test]
    fn a_link_and_a_missing_file_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        assert!(matches!(trusted(&link), Err(SelfCheckError::Link { .. })));
        assert!(matches!(
            trusted(&folder.path().join("none")),
            Err(SelfCheckError::Missing { .. })
        ));
    }

    #[test]
    fn a_file_of_another_user_is_not() {
        if rustix::process::geteuid().is_root() {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("x");
            std::fs::write(&file, "").unwrap();
            std::os::unix::fs::chown(&file, Some(12345), None).unwrap();
            assert!(matches!(trusted(&file), Err(SelfCheckError::Owner { owner: 12345, .. })));
        }
    }
}
