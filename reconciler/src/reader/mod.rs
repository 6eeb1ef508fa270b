//! How requests reach root: a child opens the queue and tells of them over a pipe, and root believes nothing but the
//! shape of a line.

pub(crate) mod child;
mod line;

use std::io::ErrorKind;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout};
use std::time::{Duration, Instant};

use dialgate_contract::SystemUser;
use dialgate_contract::queue::Request;

use crate::child::{THIS_PROGRAM, command, end};
use crate::complaint::Complaint;
use line::{BadLine, Line, MAX_LINE};

/// How often a child that watches says that it is well.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);
/// A child that has said nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A child that has lived for so long has started well.
const WELL: Duration = Duration::from_secs(60);

/// The hidden argument that makes this program the child.
pub(crate) const ARGUMENT: &str = "reader-child";

/// The parent's end: keeps one child, replaces it when it dies or misbehaves.
#[derive(Debug)]
pub(crate) struct Reader {
    queue: PathBuf,
    user: Option<SystemUser>,
    watch: bool,
    state: State,
    pause: Duration,
    complaint: Complaint,
}

#[derive(Debug)]
enum State {
    Running { child: Child, pipe: ChildStdout, buffer: Vec<u8>, started: Instant, heard: Instant },
    Waiting { until: Instant },
    Finished,
}

/// Why a child was ended.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("it ended")]
    Ended,
    #[error("{0}")]
    Failed(String),
    #[error("it has said nothing for {} s", SILENCE.as_secs())]
    Silent,
    #[error("{0}")]
    Babble(#[from] BadLine),
    #[error("{0}")]
    Pipe(#[from] std::io::Error),
}

impl Reader {
    /// A reader of the queue at `queue`, whose child runs as `user`. One that does not `watch` reads what is there
    /// and is finished.
    #[must_use]
    pub(crate) fn new(queue: PathBuf, user: Option<SystemUser>, watch: bool, now: Instant) -> Self {
        Self {
            queue,
            user,
            watch,
            state: State::Waiting { until: now },
            pause: SHORTEST_PAUSE,
            complaint: Complaint::default(),
        }
    }

    /// What to poll for reading; `None` while there is no child.
    #[must_use]
    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Running { pipe, .. } => Some(pipe.as_fd()),
            State::Waiting { .. } | State::Finished => None,
        }
    }

    /// When [`Reader::requests`] is to be called even if there is nothing to read; `None` when never.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Running { heard, .. } => Some(*heard + SILENCE),
            State::Waiting { until } => Some(*until),
            State::Finished => None,
        }
    }

    /// Whether a reader that does not watch has told all.
    #[must_use]
    pub(crate) const fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// The requests that have come since the last call, without waiting for any. Starts a child when its time has
    /// come.
    pub(crate) fn requests(&mut self, now: Instant) -> Vec<Request> {
        let mut requests = Vec::new();
        if let State::Waiting { until } = self.state
            && until <= now
        {
            self.start(now);
        }
        let State::Running { pipe, buffer, heard, .. } = &mut self.state else { return requests };
        let read = read(pipe, buffer, heard, now, &mut requests);
        if let Err(broken) = read {
            self.stop(&broken, now);
        }
        requests
    }

    /// What the child told was carried out.
    pub(crate) fn carried_out(&mut self) {
        self.pause = SHORTEST_PAUSE;
        self.complaint.settle();
    }

    /// Makes the child tell everything again, because what it told last was not carried out. The more often that
    /// happens, the later.
    pub(crate) fn restart(&mut self, now: Instant) {
        self.end_child();
        self.state = State::Waiting { until: now + self.pause };
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    fn start(&mut self, now: Instant) {
        let mut command = command(Path::new(THIS_PROGRAM), ARGUMENT, self.user.as_ref());
        command.arg(&self.queue);
        if self.watch {
            command.arg("watch");
        }
        let started = command.spawn().and_then(|mut child| {
            let pipe = child.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
            rustix::io::ioctl_fionbio(&pipe, true)?;
            Ok((child, pipe))
        });
        match started {
            Ok((child, pipe)) => {
                self.state =
                    State::Running { child, pipe, buffer: Vec::new(), started: now, heard: now };
            }
            Err(error) => self.stop(&Broken::Pipe(error), now),
        }
    }

    fn stop(&mut self, broken: &Broken, now: Instant) {
        if !self.watch {
            // Whatever it has not told is told to the next reconciler.
            if !matches!(broken, Broken::Ended) {
                tracing::error!("the queue's reader was ended: {broken}");
            }
            self.end_child();
            self.state = State::Finished;
            return;
        }
        if matches!(&self.state, State::Running { started, .. } if now.duration_since(*started) >= WELL)
        {
            self.pause = SHORTEST_PAUSE;
        }
        if self.complaint.is_due(&broken.to_string(), now) {
            tracing::warn!("the queue's reader is replaced: {broken}");
        }
        self.restart(now);
    }

    fn end_child(&mut self) {
        if let State::Running { child, .. } = &mut self.state {
            // It fails only for a child that is gone already.
            let _ = end(child);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end_child();
    }
}

/// At most one buffer's worth for each call, so that a child that babbles cannot keep root busy.
fn read(
    pipe: &ChildStdout,
    buffer: &mut Vec<u8>,
    heard: &mut Instant,
    now: Instant,
    requests: &mut Vec<Request>,
) -> Result<(), Broken> {
    let mut chunk = [0; 16 * 1024];
    let ended = match rustix::io::read(pipe, &mut chunk) {
        Ok(0) => true,
        Ok(read) => {
            buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
            *heard = now;
            false
        }
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => false,
        Err(error) => return Err(Broken::Pipe(error.into())),
    };
    while let Some(end) = buffer.iter().position(|&byte| byte == b'\n') {
        let line: Vec<u8> = buffer.drain(..=end).collect();
        match Line::parse(line.strip_suffix(b"\n").unwrap_or_default())? {
            Line::Alive => {}
            Line::Request(request) => requests.push(request),
            Line::Failed(reason) => return Err(Broken::Failed(reason)),
        }
    }
    if buffer.len() > MAX_LINE {
        return Err(BadLine.into());
    }
    if ended {
        return Err(Broken::Ended);
    }
    if now.duration_since(*heard) >= SILENCE {
        return Err(Broken::Silent);
    }
    Ok(())
}
