use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dialgate_contract::SystemUser;
use dialgate_contract::config::{Mail, Tls, Transport};
use dialgate_contract::ledger::LetterId;
use dialgate_contract::ledger::letter::Waiting;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::child::THIS_PROGRAM;

use super::process::{Heard, Process};
use super::wire::{Answer, Delivery, Errand, LONGEST_TO_CHILD, Password, Settings};

/// How long the child has for one letter. Its own time limit for each step with a mail server is shorter, so that in
/// most cases it lives to say what went wrong.
const PATIENCE: Duration = Duration::from_secs(60);
/// A password longer than this is a wrong file.
const LONGEST_PASSWORD: u64 = 4096;

/// Hands letters to the mail child, one at a time. The child is started with the first letter, stays, and is replaced
/// when it dies or misbehaves. It ends with this handle, and with the thread that started it (`PR_SET_PDEATHSIG`).
pub struct Mailer {
    mail: Mail,
    user: Option<SystemUser>,
    program: PathBuf,
    process: Option<Process>,
    task: Option<Task>,
}

/// What became of the letter in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which letter.
    pub id: LetterId,
    /// What became of it.
    pub outcome: Delivery,
    /// What is wrong with the operator's own words, which it was sent without; fit for a log line.
    pub fault: Option<String>,
}

/// Why a letter could not even be handed to the child. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The letter before is not done with.
    #[error("letter {} is still on its way: wait for its report", .0.row())]
    Busy(LetterId),
    /// The letter is longer than any that this program writes.
    #[error("the letter is longer than {LONGEST_TO_CHILD} bytes")]
    TooLong,
    /// The password would be readable on its way.
    #[error(
        "mail.username is set but mail.tls is \"none\", and {host} is not this machine: set mail.tls to \
         \"starttls\" or \"tls\""
    )]
    Unprotected {
        /// The mail server.
        host: String,
    },
    /// The file with the password cannot be read.
    #[error("mail.password-file {}: {source}; put the password of mail.username there", path.display())]
    Password {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The child cannot be started.
    #[error("starting the mail child from {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The child did not take the letter.
    #[error("handing a letter to the mail child: {0}; it is replaced")]
    Tell(#[source] io::Error),
}

#[derive(Debug, Clone, Copy)]
struct Task {
    id: LetterId,
    deadline: Instant,
}

impl Mailer {
    /// With this program itself as the child; `user` is whom the child runs as if this process is root, `None` to
    /// not change the user.
    #[must_use]
    pub fn new(mail: Mail, user: Option<SystemUser>) -> Self {
        Self::with_program(mail, user, THIS_PROGRAM.into())
    }

    /// The same with another program as the child.
    #[must_use]
    pub fn with_program(mail: Mail, user: Option<SystemUser>, program: PathBuf) -> Self {
        Self { mail, user, program, process: None, task: None }
    }

    /// What to poll for reading besides everything else; call [`Mailer::report`] when it is ready. `None` while no
    /// letter is on its way.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.task.and(self.process.as_ref()).map(Process::fd)
    }

    /// When to call [`Mailer::report`] even if nothing is ready.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.task.map(|task| task.deadline)
    }

    /// Whether the next letter may come.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.task.is_none()
    }

    /// Hands over a letter. What became of it comes with a [`Mailer::report`].
    ///
    /// # Errors
    /// When it could not be handed over; [`MailError::outcome`] says what that means for the letter.
    pub fn send(&mut self, waiting: &Waiting, now: Instant) -> Result<(), MailError> {
        if let Some(task) = self.task {
            return Err(MailError::Busy(task.id));
        }
        let errand = Errand {
            id: waiting.id,
            recipient: waiting.recipient.clone(),
            letter: waiting.letter.clone(),
            created_at: waiting.created_at,
        };
        let errand = line(&errand)?;
        let mut process = match self.process.take().map(Process::if_silent) {
            Some(Some(process)) => process,
            Some(None) | None => self.start()?,
        };
        process.tell(&errand).map_err(MailError::Tell)?;
        self.process = Some(process);
        self.task = Some(Task { id: waiting.id, deadline: now + PATIENCE });
        Ok(())
    }

    /// Takes what the child has answered. `None` when there is nothing to tell yet. A child that does not answer in
    /// time, dies or says anything but one answer to the letter in hand is ended, and the letter is to be retried.
    pub fn report(&mut self, now: Instant) -> Option<Report> {
        let Task { id, deadline } = self.task?;
        let mut fault = None;
        let outcome = match self.process.as_mut()?.listen() {
            Heard::Nothing if now < deadline => return None,
            Heard::Nothing => self.give_up("did not answer in time"),
            Heard::Babble => self.give_up("said more than an answer"),
            Heard::End => self.give_up("ended before it answered"),
            Heard::Line(line) => match Answer::read(&line) {
                Some(answer) if answer.id == id => {
                    fault = answer.fault;
                    answer.delivery
                }
                Some(_) | None => self.give_up("did not answer what it was asked"),
            },
        };
        self.task = None;
        Some(Report { id, outcome, fault })
    }

    fn give_up(&mut self, what: &str) -> Delivery {
        let ended = self.process.take().map(|mut process| process.end()).unwrap_or_default();
        Delivery::Retry(format!("the mail child {what} ({ended})")).bounded()
    }

    fn start(&self) -> Result<Process, MailError> {
        let owner = rustix::process::getuid().as_raw();
        let settings =
            line(&Settings { mail: self.mail.clone(), password: password(&self.mail)?, owner })?;
        let mut process = Process::start(&self.program, self.user.as_ref())
            .map_err(|source| MailError::Start { program: self.program.clone(), source })?;
        process.tell(&settings).map_err(MailError::Tell)?;
        Ok(process)
    }
}

impl MailError {
    /// What it means for the letter.
    #[must_use]
    pub fn outcome(&self) -> Delivery {
        match self {
            Self::TooLong => Delivery::Hopeless(self.to_string()).bounded(),
            Self::Busy(_)
            | Self::Unprotected { .. }
            | Self::Password { .. }
            | Self::Start { .. }
            | Self::Tell(_) => Delivery::Retry(self.to_string()).bounded(),
        }
    }
}

/// One line to the child, wiped from memory when it is done with.
fn line(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, MailError> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_TO_CHILD));
    serde_json::to_writer(&mut *line, value).map_err(|_| MailError::TooLong)?;
    line.push(b'\n');
    if line.len() > LONGEST_TO_CHILD { Err(MailError::TooLong) } else { Ok(line) }
}

/// The password to log in with, if the child is to log in.
fn password(mail: &Mail) -> Result<Option<Password>, MailError> {
    if mail.transport != Transport::Smtp || mail.username.is_empty() {
        return Ok(None);
    }
    if mail.tls == Tls::None && !is_loopback(&mail.host) {
        return Err(MailError::Unprotected { host: mail.host.clone() });
    }
    read_password(&mail.password_file)
        .map(Some)
        .map_err(|source| MailError::Password { path: mail.password_file.clone(), source })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The first line of the file.
fn read_password(path: &Path) -> io::Result<Password> {
    let mut text = Zeroizing::new(String::with_capacity(8192));
    File::open(path)?.take(LONGEST_PASSWORD).read_to_string(&mut text)?;
    Ok(Password(text.lines().next().unwrap_or_default().to_owned()))
}
