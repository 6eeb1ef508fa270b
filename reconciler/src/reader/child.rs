//! The child that opens the queue, as the user who can rewrite it: whatever a crafted database does, it does to
//! itself.

use std::io::Write as _;
use std::path::Path;

use dialgate_contract::Exit;
use dialgate_contract::FileId;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::queue::QueueReader;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rustix::event::{PollFd, PollFlags};
use rustix::fs::inotify;

use super::HEARTBEAT;
use super::line::Line;
use crate::child::{confine, renounce};

/// Rows that are read at a time.
const BATCH: u32 = 100;

/// Why the child gave up; the parent starts another.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReaderError {
    /// The queue cannot be read.
    #[error("{0}")]
    Database(#[from] DatabaseError),
    /// The system refused something.
    #[error("reading the queue: {0}")]
    System(#[from] rustix::io::Errno),
    /// It may not even give up its rights.
    #[error("giving up rights: {0}")]
    Confine(std::io::Error),
    /// The parent has gone.
    #[error("telling of a request: {0}")]
    Parent(std::io::Error),
    /// Somebody put another file in its place.
    #[error("the queue was replaced")]
    Replaced,
}

/// Tells of every request in the queue; with `watch` also of those that come, until the parent has gone. Tells why it
/// cannot go on, too.
#[must_use]
pub(crate) fn run(queue: &Path, watch: bool) -> Exit {
    match read(queue, watch) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            // There is nowhere else to complain to.
            let _ = say(&Line::failed(&error.to_string()));
            Exit::TempFail
        }
    }
}

fn read(queue: &Path, watch: bool) -> Result<(), ReaderError> {
    confine().and_then(|()| renounce()).map_err(ReaderError::Confine)?;
    if watch {
        return stay(queue);
    }
    // Without one, nobody has called yet.
    if FileId::of(queue).is_some() {
        tell(&open(queue)?, &mut 0)?;
    }
    Ok(())
}

fn stay(queue: &Path) -> Result<(), ReaderError> {
    let changes = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
    if let Some(folder) = queue.parent() {
        // A database announces a commit by its own times, see `database::write`.
        let written = inotify::WatchFlags::ATTRIB
            | inotify::WatchFlags::CREATE
            | inotify::WatchFlags::MOVED_TO;
        inotify::add_watch(&changes, folder, written)?;
    }
    let opened = loop {
        match FileId::of(queue) {
            Some(file) => break file,
            None => say(&Line::Alive)?,
        }
        wait(&changes)?;
    };
    let reader = open(queue)?;
    let mut last = 0;
    while FileId::of(queue) == Some(opened) {
        tell(&reader, &mut last)?;
        say(&Line::Alive)?;
        wait(&changes)?;
    }
    Err(ReaderError::Replaced)
}

/// A crafted schema can make a plain query run code of its author's: views, triggers, endless recursion.
fn open(queue: &Path) -> Result<QueueReader, DatabaseError> {
    let reader = QueueReader::open(queue)?;
    let connection = reader.connection();
    for setting in [DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER]
    {
        connection.set_db_config(setting, false)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 4096)?;
    Ok(reader)
}

fn tell(reader: &QueueReader, last: &mut i64) -> Result<(), ReaderError> {
    loop {
        let rows = reader.after(*last, BATCH)?;
        let Some(newest) = rows.last() else { return Ok(()) };
        *last = newest.number;
        // A row that is no request was not written by our telephone side, and nobody waits for its answer.
        for request in rows.iter().filter_map(|raw| raw.request().ok()) {
            say(&Line::Request(request))?;
        }
    }
}

fn say(line: &Line) -> Result<(), ReaderError> {
    let mut text = line.print();
    text.push('\n');
    let mut parent = std::io::stdout().lock();
    parent.write_all(text.as_bytes()).and_then(|()| parent.flush()).map_err(ReaderError::Parent)
}

fn wait(changes: &impl std::os::fd::AsFd) -> Result<(), ReaderError> {
    let timeout = rustix::event::Timespec::try_from(HEARTBEAT).unwrap_or_default();
    let mut wanted = [PollFd::new(changes, PollFlags::IN)];
    match rustix::event::poll(&mut wanted, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let mut events = [0; 4096];
    while matches!(rustix::io::read(changes, &mut events), Ok(read) if read > 0) {}
    Ok(())
}
