use std::path::{Path, PathBuf};

use dialgate_contract::FileId;
use dialgate_contract::ledger::Ledger;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

/// Sees that somebody else, the operator's command, has written a ledger, or put another file in its place.
pub(crate) struct LedgerWatch {
    path: PathBuf,
    opened: Option<FileId>,
    events: OwnedFd,
    version: Option<i64>,
}

impl LedgerWatch {
    /// Watches `ledger`, which is the file at `path`.
    ///
    /// # Errors
    /// When the kernel does not let its folder be watched.
    pub(crate) fn new(path: PathBuf, ledger: &Ledger) -> rustix::io::Result<Self> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        if let Some(folder) = path.parent() {
            // A database announces a commit by its own times, see `database::write`.
            let written = WatchFlags::ATTRIB
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO
                | WatchFlags::DELETE;
            inotify::add_watch(&events, folder, written)?;
        }
        let (opened, version) = (FileId::of(&path), ledger.data_version().ok());
        Ok(Self { path, opened, events, version })
    }

    /// The file.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What to poll for reading.
    #[must_use]
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }

    /// Whether the file is still the one that was opened.
    #[must_use]
    pub(crate) fn is_in_place(&self) -> bool {
        FileId::of(&self.path) == self.opened
    }

    /// Whether `ledger` was written since the last call, by anybody but its own connection.
    pub(crate) fn is_changed(&mut self, ledger: &Ledger) -> bool {
        let mut events = [0; 4096];
        // What is left after so many comes with the next call.
        for _ in 0..16 {
            if !matches!(rustix::io::read(&self.events, &mut events), Ok(read) if read > 0) {
                break;
            }
        }
        // One that cannot be read is looked at again with the regular pass.
        let Ok(version) = ledger.data_version() else { return false };
        self.version.replace(version).is_some_and(|known| known != version)
    }
}
