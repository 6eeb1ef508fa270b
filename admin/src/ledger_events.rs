use std::io;
use std::path::Path;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

/// Sees that somebody has written the ledger.
pub(crate) struct LedgerEvents(OwnedFd);

impl LedgerEvents {
    /// Of the ledger at `path`, from now on.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        if let Some(folder) = path.parent() {
            // A database announces a commit by its own times.
            inotify::add_watch(&events, folder, WatchFlags::ATTRIB | WatchFlags::MOVED_TO)?;
        }
        Ok(Self(events))
    }

    /// What to poll for reading.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Forgets what was seen until now.
    pub(crate) fn clear(&self) {
        let mut events = [0; 4096];
        // What is left after so many comes with the next call.
        for _ in 0..16 {
            if !matches!(rustix::io::read(&self.0, &mut events), Ok(read) if read > 0) {
                break;
            }
        }
    }
}
