//! Where the hosts on the allow list are: for each question a child without rights asks the DNS and says one line, and
//! root judges what it says. A name that is slow, wrong or hostile costs its own question and no other.

mod answer;
pub(crate) mod child;
mod line;

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::process::{Child, ChildStdout};
use std::time::{Duration, Instant};

use dialgate_contract::{HostName, SystemUser};

use crate::child::{THIS_PROGRAM, command, end};
use answer::judge;
use line::{BadLine, Line, MAX_LINE};

pub use answer::{Answer, BadAnswer};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Questions at a time.
const MOST_AT_A_TIME: usize = 16;

/// The hidden argument that makes this program the child; the name follows it.
pub(crate) const ARGUMENT: &str = "resolver-child";

/// Asks for hosts. Nothing here waits: poll [`Resolver::fds`] until [`Resolver::deadline`], then take the
/// [`Resolver::answers`].
#[derive(Debug)]
pub struct Resolver {
    program: PathBuf,
    user: Option<SystemUser>,
    allow_private: bool,
    waiting: VecDeque<HostName>,
    asked: Vec<Question>,
}

#[derive(Debug)]
struct Question {
    name: HostName,
    child: Child,
    pipe: ChildStdout,
    heard: Vec<u8>,
    deadline: Instant,
}

impl Resolver {
    /// A resolver whose children run as `user` if this process is root; `None` to not change the user. Private
    /// addresses are believed only with `allow_private`.
    #[must_use]
    pub fn new(user: Option<SystemUser>, allow_private: bool) -> Self {
        Self::with_program(user, allow_private, THIS_PROGRAM.into())
    }

    /// The same with another program as the child.
    #[must_use]
    pub const fn with_program(
        user: Option<SystemUser>,
        allow_private: bool,
        program: PathBuf,
    ) -> Self {
        Self { program, user, allow_private, waiting: VecDeque::new(), asked: Vec::new() }
    }

    /// Whether private addresses are believed from now on.
    pub(crate) const fn believe_private(&mut self, allow_private: bool) {
        self.allow_private = allow_private;
    }

    /// Asks for these, but for those that it is asking for already.
    pub fn ask(&mut self, names: impl IntoIterator<Item = HostName>) {
        for name in names {
            let known = self.waiting.iter().chain(self.asked.iter().map(|asked| &asked.name));
            if known.into_iter().all(|known| *known != name) {
                self.waiting.push_back(name);
            }
        }
    }

    /// Whether nothing is asked and nothing waits to be.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.asked.is_empty()
    }

    /// What to poll for reading.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.asked.iter().map(|question| question.pipe.as_fd())
    }

    /// When [`Resolver::answers`] is to be called even if there is nothing to read: `now` while a question can be
    /// begun; `None` when never.
    #[must_use]
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        if !self.waiting.is_empty() && self.asked.len() < MOST_AT_A_TIME {
            return Some(now);
        }
        self.asked.iter().map(|question| question.deadline).min()
    }

    /// The answers that have come since the last call, without waiting for any. Begins the questions that there is
    /// room for.
    pub fn answers(&mut self, now: Instant) -> Vec<Answer> {
        let mut answers = Vec::new();
        for mut question in std::mem::take(&mut self.asked) {
            match question.listen(now) {
                None => self.asked.push(question),
                Some(heard) => {
                    question.end();
                    let addresses = heard.and_then(|heard| judge(heard, self.allow_private));
                    answers.push(Answer { name: question.name.clone(), addresses });
                }
            }
        }
        while self.asked.len() < MOST_AT_A_TIME
            && let Some(name) = self.waiting.pop_front()
        {
            match self.begin(&name, now) {
                Ok(question) => self.asked.push(question),
                Err(error) => {
                    let problem = BadAnswer::Failed(format!("starting the resolver: {error}"));
                    answers.push(Answer { name, addresses: Err(problem) });
                }
            }
        }
        answers
    }

    fn begin(&self, name: &HostName, now: Instant) -> io::Result<Question> {
        let mut command = command(&self.program, ARGUMENT, self.user.as_ref());
        let mut child = command.arg(name.as_str()).spawn()?;
        let pipe = child.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
        let (name, heard, deadline) = (name.clone(), Vec::new(), now + PATIENCE);
        let question = Question { name, child, pipe, heard, deadline };
        rustix::io::ioctl_fionbio(&question.pipe, true)?;
        Ok(question)
    }
}

impl Question {
    /// What came of it; `None` while it is open.
    fn listen(&mut self, now: Instant) -> Option<Result<BTreeSet<IpAddr>, BadAnswer>> {
        let mut chunk = [0; MAX_LINE];
        let ended = match rustix::io::read(&self.pipe, &mut chunk) {
            Ok(0) => true,
            Ok(read) => {
                self.heard.extend(chunk.iter().take(read));
                false
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => false,
            Err(error) => return Some(Err(BadAnswer::Failed(error.to_string()))),
        };
        let end = self.heard.iter().position(|&byte| byte == b'\n');
        let is_line = end.is_some_and(|end| end + 1 == self.heard.len());
        // More than one line is none of our child's, and neither is less.
        match end {
            Some(_) if !is_line => Some(Err(nonsense(BadLine))),
            Some(_) if ended => Some(read(&self.heard)),
            None if ended || self.heard.len() > MAX_LINE => Some(Err(nonsense(BadLine))),
            Some(_) | None if now >= self.deadline => Some(Err(BadAnswer::Late)),
            Some(_) | None => None,
        }
    }

    fn end(&mut self) {
        // It fails only for a child that is gone already.
        let _ = end(&mut self.child);
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.end();
    }
}

fn read(line: &[u8]) -> Result<BTreeSet<IpAddr>, BadAnswer> {
    match Line::parse(line.strip_suffix(b"\n").unwrap_or(line)) {
        Ok(Line::Addresses(addresses)) => Ok(addresses),
        Ok(Line::Failed(reason)) => Err(BadAnswer::Failed(reason)),
        Err(bad) => Err(nonsense(bad)),
    }
}

fn nonsense(bad: BadLine) -> BadAnswer {
    BadAnswer::Failed(bad.to_string())
}
