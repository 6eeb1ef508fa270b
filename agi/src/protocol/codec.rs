//! One AGI session: bytes in, events out, one command in flight.

use super::command::{Command, LineTooLong};
use super::environment::{Environment, EnvironmentError, EnvironmentReader};
use super::receive_buffer::{MAX_BUFFERED, NoLine, ReceiveBuffer};
use super::reply::{END_OF_USAGE, Reply, ReplyError, ReplyLine};

const HANGUP: &[u8] = b"HANGUP";

/// Asterisk writes at most two, with `AGIEXITONHANGUP=yes`.
const MAX_HANGUPS: usize = 8;

/// Limits on all lines that answer one command; the longest usage text is about 1 KiB.
const MAX_REPLY_LINES: usize = 64;
const MAX_REPLY_BYTES: usize = 8 * 1024;

/// What Asterisk told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The session has begun; comes first and once.
    Environment(Environment),
    /// The answer to the command in flight.
    Reply(Reply),
    /// The caller hung up; comes at most once, before or after the answer to a command in flight.
    HangUp,
}

/// The protocol's state for one session. After any error it stays poisoned.
pub struct Codec {
    received: ReceiveBuffer,
    phase: Phase,
    hangups: usize,
    dead: bool,
    failure: Option<ProtocolError>,
}

enum Phase {
    Environment(EnvironmentReader),
    Idle,
    InFlight(InFlight),
}

struct InFlight {
    command: &'static str,
    in_usage: bool,
    lines: usize,
    bytes: usize,
}

impl Default for Codec {
    fn default() -> Self {
        Self::new()
    }
}

impl Codec {
    /// A session that has received nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            received: ReceiveBuffer::new(),
            phase: Phase::Environment(EnvironmentReader::new()),
            hangups: 0,
            dead: false,
            failure: None,
        }
    }

    /// Takes bytes from the socket. More than [`MAX_BUFFERED`] unread bytes
    /// make [`Codec::poll`] fail.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failure.is_none() {
            self.received.append(bytes);
        }
    }

    /// The next event, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`ProtocolError`] for anything that Asterisk would not write here, now and at every later
    /// call: close the connection.
    pub fn poll(&mut self) -> Result<Option<Incoming>, ProtocolError> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => self.next_event().map_err(|failure| self.poison(failure)),
        }
    }

    /// The bytes to write for `command`, in one piece: Asterisk executes half a line at the end of
    /// the stream.
    ///
    /// # Errors
    /// [`SendError`]; nothing may be written then. Only [`SendError::Poisoned`] ends the session.
    pub fn send(&mut self, command: &Command) -> Result<Vec<u8>, SendError> {
        let verb = command.verb();
        match (&self.failure, &self.phase) {
            (Some(failure), _) => return Err(SendError::Poisoned(failure.clone())),
            (None, Phase::Environment(_)) => {
                return Err(SendError::NoEnvironment { command: verb });
            }
            (None, Phase::InFlight(InFlight { command: in_flight, .. })) => {
                return Err(SendError::InFlight { command: verb, in_flight });
            }
            (None, Phase::Idle) => {}
        }
        // What is already here cannot be the answer to a command that is not yet written.
        if let Err(failure) = self.refuse_unsolicited(MAX_BUFFERED) {
            return Err(SendError::Poisoned(self.poison(failure)));
        }
        if self.dead && !command.is_permitted_on_dead_channel() {
            return Err(SendError::HungUp { command: verb });
        }
        let line = command.encode()?;
        self.phase =
            Phase::InFlight(InFlight { command: verb, in_usage: false, lines: 0, bytes: 0 });
        Ok(line)
    }

    /// Whether the caller is known to be gone, by `HANGUP` or by a reply 511.
    #[must_use]
    pub fn is_hung_up(&self) -> bool {
        self.dead
    }

    /// How many bytes wait for the end of their line; not 0 at the end of the stream means that
    /// Asterisk was cut off. Never more than [`MAX_BUFFERED`].
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.received.unread().len()
    }

    fn next_event(&mut self) -> Result<Option<Incoming>, ProtocolError> {
        loop {
            // One line at a time, so that a hang-up before the junk is still told.
            self.refuse_unsolicited(HANGUP.len() + 1)?;
            let line = match self.received.take_line() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(None),
                Err(NoLine::TooLong) => return Err(ProtocolError::LineTooLong),
                Err(NoLine::Overflow) => return Err(ProtocolError::TooMuch),
            };
            if let Some(incoming) = self.accept(&line)? {
                return Ok(Some(incoming));
            }
        }
    }

    fn accept(&mut self, line: &[u8]) -> Result<Option<Incoming>, ProtocolError> {
        match &mut self.phase {
            Phase::Environment(reader) => {
                let Some(environment) = reader.accept(line)? else { return Ok(None) };
                self.phase = Phase::Idle;
                Ok(Some(Incoming::Environment(environment)))
            }
            Phase::Idle | Phase::InFlight(_) if line == HANGUP => self.accept_hangup(),
            Phase::Idle => Err(ProtocolError::Unsolicited),
            Phase::InFlight(in_flight) => {
                let Some(reply) = in_flight.accept(line)? else { return Ok(None) };
                self.phase = Phase::Idle;
                self.dead |= reply == Reply::DeadChannel;
                Ok(Some(Incoming::Reply(reply)))
            }
        }
    }

    fn accept_hangup(&mut self) -> Result<Option<Incoming>, ProtocolError> {
        self.hangups += 1;
        self.dead = true;
        match self.hangups {
            1 => Ok(Some(Incoming::HangUp)),
            2..=MAX_HANGUPS => Ok(None),
            _ => Err(ProtocolError::TooMuch),
        }
    }

    /// While no command is in flight the only bytes that may arrive are `HANGUP` lines. Looks at
    /// so many of the unread bytes.
    fn refuse_unsolicited(&self, count: usize) -> Result<(), ProtocolError> {
        let mut hangups = HANGUP.iter().chain(b"\n").cycle();
        let mut unread = self.received.unread().iter().take(count);
        match self.phase {
            Phase::Idle if !unread.all(|byte| hangups.next() == Some(byte)) => {
                Err(ProtocolError::Unsolicited)
            }
            Phase::Idle | Phase::Environment(_) | Phase::InFlight(_) => Ok(()),
        }
    }

    fn poison(&mut self, failure: ProtocolError) -> ProtocolError {
        self.received.clear();
        self.failure = Some(failure.clone());
        failure
    }
}

impl InFlight {
    /// Takes one line of the answer; the last one yields the reply.
    fn accept(&mut self, line: &[u8]) -> Result<Option<Reply>, ProtocolError> {
        self.lines += 1;
        self.bytes += line.len() + 1;
        if self.lines > MAX_REPLY_LINES || self.bytes > MAX_REPLY_BYTES {
            return Err(ProtocolError::TooMuch);
        }
        if self.in_usage {
            return Ok((line == END_OF_USAGE).then_some(Reply::BadSyntax));
        }
        let parsed = ReplyLine::parse(line)
            .map_err(|reason| ProtocolError::Reply { command: self.command, reason })?;
        match parsed {
            ReplyLine::Final(reply) => Ok(Some(reply)),
            ReplyLine::Provisional => Ok(None),
            ReplyLine::UsageBegins => {
                self.in_usage = true;
                Ok(None)
            }
        }
    }
}

/// Why the session cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The environment is not one.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The answer to a command is not one.
    #[error("cannot understand the answer to {command}: {reason}; end the session")]
    Reply {
        /// The command's words.
        command: &'static str,
        /// What is wrong.
        reason: ReplyError,
    },
    /// Something other than `HANGUP` arrived while no command was in flight.
    #[error(
        "Asterisk sent something that answers no command: part of the stream is forged or out of step; end the session"
    )]
    Unsolicited,
    /// A line of more than 4096 bytes.
    #[error("a line from Asterisk is longer than 4096 bytes; end the session")]
    LineTooLong,
    /// More lines or bytes than any answer has.
    #[error("Asterisk sent more lines than any answer has; end the session")]
    TooMuch,
}

/// Why a command was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Commands begin after the environment.
    #[error("cannot send {command} before the AGI environment has arrived; wait for it")]
    NoEnvironment {
        /// The command's words.
        command: &'static str,
    },
    /// Asterisk silently drops the first of two commands.
    #[error("cannot send {command} while {in_flight} is unanswered; wait for its reply")]
    InFlight {
        /// The command's words.
        command: &'static str,
        /// The words of the command that is unanswered.
        in_flight: &'static str,
    },
    /// The caller is gone and the command needs one.
    #[error("cannot send {command} after the caller hung up; set variables and close")]
    HungUp {
        /// The command's words.
        command: &'static str,
    },
    /// The line would be cut in two.
    #[error(transparent)]
    LineTooLong(#[from] LineTooLong),
    /// The session has failed; the reason is the first failure.
    #[error("the session has failed: {0}")]
    Poisoned(ProtocolError),
}
