use std::os::linux::fs::MetadataExt as _;
use std::path::Path;

/// Which file a name stands for, to see whether it still is the one that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at `path`, links followed; `None` when there is none.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self { device: metadata.st_dev(), inode: metadata.st_ino() })
    }
}
