use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::conversation::Conversation;
use crate::{Caller, CallerId, Channel, Environment, KeyError, Script, Transcript, Typeahead};

/// How long a server may take to accept a connection.
const REACH: Duration = Duration::from_secs(5);

/// How time passes in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// Recordings take no time, and `GET DATA` gives up at once on a caller who does nothing. Silence and
    /// `WAIT FOR DIGIT` last as long as the server asks.
    Instant,
    /// Recordings take this long for each character of their name or words, and all waits are real.
    Real(Duration),
}

/// A call that has not been placed yet.
#[derive(Clone, Debug)]
pub struct Call {
    server: SocketAddr,
    environment: Environment,
    typeahead: Typeahead,
    clock: Clock,
    longest: Option<Duration>,
}

/// Why a call came to nothing.
#[derive(Debug, Error)]
pub enum CallError {
    /// The script presses something that is not a key.
    #[error("the script cannot be followed: {0}")]
    Script(#[from] KeyError),
    /// Nobody answers at the server's address.
    #[error(
        "cannot reach a dialgate-agi at {server}: {source}; is it running, and is this its agi.listen?"
    )]
    Connect {
        /// Where it was looked for.
        server: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The call took too long.
    #[error("the call was not over after {} s; the last command was {}", after.as_secs_f32(), last_command(transcript))]
    Unfinished {
        /// How long it was waited for.
        after: Duration,
        /// What had happened by then.
        transcript: Box<Transcript>,
    },
}

impl Call {
    /// A call to the FastAGI server at `server`, on a [`Clock::Instant`] and of one minute at most.
    pub fn new(server: SocketAddr, caller: CallerId) -> Self {
        Call {
            server,
            environment: Environment::new(server, caller, next_serial(), unix_time()),
            typeahead: Typeahead::Lost,
            clock: Clock::Instant,
            longest: Some(Duration::from_secs(60)),
        }
    }

    /// Places a scripted call with everything else as [`Call::new`] has it.
    ///
    /// # Errors
    /// When the server does not answer, the script presses no keys of a telephone, or the call takes too long.
    pub async fn dial(
        server: SocketAddr,
        caller: CallerId,
        mut script: Script,
    ) -> Result<Transcript, CallError> {
        script.check()?;
        Call::new(server, caller).place(&mut script).await
    }

    /// What Asterisk tells about the call before it begins.
    pub fn environment(&mut self) -> &mut Environment {
        &mut self.environment
    }

    /// What becomes of keys pressed between commands.
    #[must_use]
    pub fn typeahead(self, typeahead: Typeahead) -> Self {
        Call { typeahead, ..self }
    }

    /// How time passes.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Call { clock, ..self }
    }

    /// The longest that the call may take, or none.
    #[must_use]
    pub fn longest(self, longest: Option<Duration>) -> Self {
        Call { longest, ..self }
    }

    /// Places the call and sees it through, until the server closes the connection.
    ///
    /// # Errors
    /// When the server does not answer or the call takes too long.
    pub async fn place(self, caller: &mut impl Caller) -> Result<Transcript, CallError> {
        let dialled = now();
        let stream = self.connect().await?;
        self.converse(stream, dialled, caller).await
    }

    /// Reaches the server, which hears nothing of the call yet.
    pub(crate) async fn connect(&self) -> Result<TcpStream, CallError> {
        let failed = |source| CallError::Connect { server: self.server, source };
        let reached = timeout(REACH, TcpStream::connect(self.server)).await;
        let stream = reached.unwrap_or_else(|late| Err(late.into())).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }

    /// The rest of [`Call::place`].
    pub(crate) async fn converse(
        self,
        stream: TcpStream,
        dialled: Instant,
        caller: &mut impl Caller,
    ) -> Result<Transcript, CallError> {
        let channel = Channel::new(&self.environment, self.typeahead);
        let conversation = Conversation::new(stream, channel, self.clock, dialled);
        match self.longest {
            None => Ok(conversation.run(caller, None).await.0),
            Some(after) => match conversation.run(caller, Some(dialled + after)).await {
                (transcript, true) => Ok(transcript),
                (transcript, false) => {
                    Err(CallError::Unfinished { after, transcript: Box::new(transcript) })
                }
            },
        }
    }
}

fn last_command(transcript: &Transcript) -> &str {
    transcript.commands.last().map_or("none", |command| &command.what)
}

fn next_serial() -> u64 {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

#[expect(clippy::disallowed_methods, reason = "the driver of a call is where its clock is read")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the driver of a call is where its clock is read")]
fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
