use std::path::{Path, PathBuf};

use dialgate_contract::FileId;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::queue::Queue;

/// The queue at a path. Where somebody removes or replaces the file, what is written to the old one is read by nobody:
/// before and after each write it is looked at again.
pub(super) struct QueueFile {
    path: PathBuf,
    open: Option<Open>,
}

/// Which files a database's are: itself, its WAL and the WAL's index. All three stay the same while it is open.
pub(super) type Files = [Option<FileId>; 3];

struct Open {
    queue: Queue,
    files: Files,
}

impl QueueFile {
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let open = Some(Open::new(path)?);
        Ok(Self { path: path.to_owned(), open })
    }

    /// Does `work`, and once more where the file was replaced meanwhile.
    pub(super) fn write<T, E: From<DatabaseError>>(
        &mut self,
        work: impl Fn(&mut Queue) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = work(self.queue()?)?;
        if self.is_in_place() { Ok(done) } else { work(self.queue()?) }
    }

    fn queue(&mut self) -> Result<&mut Queue, DatabaseError> {
        if !self.is_in_place() {
            tracing::error!(path = %self.path.display(), "the queue was removed or replaced: opening it again");
            // Closed first: SQLite would take the old WAL's index for the new one's.
            self.open = None;
        }
        match &mut self.open {
            Some(open) => Ok(&mut open.queue),
            closed @ None => Ok(&mut closed.insert(Open::new(&self.path)?).queue),
        }
    }

    fn is_in_place(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.files == files(&self.path))
    }
}

impl Open {
    fn new(path: &Path) -> Result<Self, DatabaseError> {
        let queue = Queue::open(path)?;
        Ok(Self { queue, files: files(path) })
    }
}

/// The files of the database at `path` now.
pub(super) fn files(path: &Path) -> Files {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        FileId::of(Path::new(&file))
    })
}
