use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use dialgate_contract::SystemUser;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::child::{command, end};

use super::wire::LONGEST_FROM_CHILD;

/// The only argument the program is started with when it is to be the mail child.
pub const ARGUMENT: &str = "mail-child";

/// The one thing a child may take from our environment: where to find the certificates it trusts.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// A mail child and the pipes to it. Neither pipe is ever waited for. Ends with its handle.
pub(super) struct Process {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    heard: Vec<u8>,
}

/// What a child has said since the last time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// No whole line yet.
    Nothing,
    /// One line, without its end.
    Line(Vec<u8>),
    /// More than one line, or one that is too long.
    Babble,
    /// It closed the pipe: no more will come.
    End,
}

impl Process {
    /// Starts a child, as `user` if this process is root.
    pub(super) fn start(program: &Path, user: Option<&SystemUser>) -> io::Result<Self> {
        let mut command = command(program, ARGUMENT, user);
        command
            .envs(CERTIFICATES.iter().filter_map(|key| Some((key, std::env::var_os(key)?))))
            .stdin(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the pipes are missing"));
        };
        let process = Self { child, to, from, heard: Vec::new() };
        never_wait(process.to.as_fd())?;
        never_wait(process.from.as_fd())?;
        Ok(process)
    }

    /// Writes to the child what the pipe has room for.
    pub(super) fn tell(&mut self, lines: &[u8]) -> io::Result<()> {
        self.to.write_all(lines)
    }

    /// Reads what is there, without waiting.
    pub(super) fn listen(&mut self) -> Heard {
        let mut chunk = [0; 1024];
        let nothing_yet = loop {
            match self.from.read(&mut chunk) {
                Ok(0) => break Heard::End,
                Ok(count) => self.heard.extend(chunk.iter().take(count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Heard::Nothing,
                Err(_) => break Heard::End,
            }
            if self.heard.len() > LONGEST_FROM_CHILD {
                return Heard::Babble;
            }
        };
        // A child that has answered and then ended has answered.
        match self.heard.iter().position(|&byte| byte == b'\n') {
            None => nothing_yet,
            Some(end) if end + 1 < self.heard.len() => Heard::Babble,
            Some(end) => {
                let mut line = std::mem::take(&mut self.heard);
                line.truncate(end);
                Heard::Line(line)
            }
        }
    }

    /// The child, if it is alive and has said nothing. Between letters it has nothing to say.
    pub(super) fn if_silent(mut self) -> Option<Self> {
        if self.listen() == Heard::Nothing && self.heard.is_empty() { Some(self) } else { None }
    }

    /// What to poll for the child's next words.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.from.as_fd()
    }

    /// Ends the child and says how it ended: by itself if it had already.
    pub(super) fn end(&mut self) -> String {
        end(&mut self.child).map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn never_wait(pipe: BorrowedFd<'_>) -> io::Result<()> {
    let flags = fcntl_getfl(pipe)?;
    fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?;
    Ok(())
}
