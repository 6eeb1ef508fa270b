use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroize;

use crate::protocol::{
    ArgumentError, Codec, Command, Environment, Incoming, Nonce, OutOfStep, Outcome, ProtocolError,
    Reply, SendError, UnexpectedReply,
};

/// How long Asterisk may take to say who is calling.
const ENVIRONMENT_WITHIN: Duration = Duration::from_secs(2);

/// How long Asterisk may take over a command that makes no sound.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Longer than anything that is said.
const SPEECH_WITHIN: Duration = Duration::from_secs(60);

/// The socket to one Asterisk channel. After any error it is of no more use: close it.
pub(super) struct Channel {
    stream: TcpStream,
    codec: Codec,
}

impl Channel {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, codec: Codec::new() }
    }

    /// Reads what Asterisk says before the first command.
    pub(super) async fn environment(&mut self) -> Result<Environment, ChannelError> {
        match timeout(ENVIRONMENT_WITHIN, self.next()).await {
            Ok(Ok(Incoming::Environment(environment))) => Ok(environment),
            Ok(Ok(Incoming::Reply(_) | Incoming::HangUp)) => Err(ProtocolError::Unsolicited.into()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ChannelError::NoEnvironment),
        }
    }

    /// Proves that replies answer our commands. Comes before all other commands.
    pub(super) async fn prove_in_step(&mut self) -> Result<(), ChannelError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let nonce = Nonce::new(random);
        let reply = self.exchange(&Command::GetFullVariable(nonce.clone())).await?;
        Ok(nonce.verify(&reply)?)
    }

    /// Has one command performed.
    pub(super) async fn perform(&mut self, command: &Command) -> Result<Outcome, ChannelError> {
        let reply = self.exchange(command).await?;
        Ok(command.outcome(reply)?)
    }

    /// Waits until the caller hangs up. No command may be unanswered. May be dropped at any time.
    pub(super) async fn hung_up(&mut self) -> Result<(), ChannelError> {
        while !self.codec.is_hung_up() {
            self.next().await?;
        }
        Ok(())
    }

    async fn exchange(&mut self, command: &Command) -> Result<Reply, ChannelError> {
        let line = match self.codec.send(command) {
            Ok(line) => line,
            Err(SendError::HungUp { .. }) => return Ok(Reply::DeadChannel),
            Err(error) => return Err(error.into()),
        };
        let within = deadline(command);
        let answer = async {
            self.stream.write_all(&line).await?;
            loop {
                match self.next().await? {
                    Incoming::Reply(reply) => return Ok(reply),
                    // The answer still comes.
                    Incoming::HangUp | Incoming::Environment(_) => {}
                }
            }
        };
        let silent =
            |_| ChannelError::Silent { command: command.verb(), seconds: within.as_secs() };
        timeout(within, answer).await.map_err(silent)?
    }

    async fn next(&mut self) -> Result<Incoming, ChannelError> {
        loop {
            if let Some(incoming) = self.codec.poll()? {
                return Ok(incoming);
            }
            self.stream.readable().await?;
            // On the stack and wiped: it may hold a PIN, and an idle call needs none.
            let mut bytes = [0; 1024];
            match self.stream.try_read(bytes.as_mut_slice()) {
                Ok(0) => return Err(ChannelError::Closed),
                Ok(count) => {
                    let received = bytes.get_mut(..count).unwrap_or_default();
                    self.codec.feed(received);
                    received.zeroize();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// When Asterisk has surely forgotten a command: it never gives up by itself.
fn deadline(command: &Command) -> Duration {
    match command {
        Command::GetData { timeout, max, .. } => {
            SPEECH_WITHIN + timeout.as_duration() * (u32::from(max.get()) + 1)
        }
        Command::WaitForDigit(timeout) => ANSWER_WITHIN + timeout.as_duration(),
        Command::StreamFile { .. }
        | Command::SayAlpha { .. }
        | Command::SayDigits { .. }
        | Command::SayNumber { .. }
        | Command::SayDateTime { .. } => SPEECH_WITHIN,
        Command::Answer
        | Command::ChannelStatus
        | Command::SetLanguage(_)
        | Command::SetVariable { .. }
        | Command::GetVariable(_)
        | Command::GetFullVariable(_)
        | Command::SetAutoHangup(_)
        | Command::Verbose(_)
        | Command::Noop
        | Command::Hangup => ANSWER_WITHIN,
    }
}

/// Why a channel is of no more use.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelError {
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    #[error(transparent)]
    OutOfStep(#[from] OutOfStep),
    #[error(transparent)]
    Unexpected(#[from] UnexpectedReply),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    #[error("nobody said who is calling within 2 s: only Asterisk's AGI() may connect here")]
    NoEnvironment,
    #[error(
        "Asterisk has not answered {command} for {seconds} s: is it overloaded, or its channel stuck?"
    )]
    Silent { command: &'static str, seconds: u64 },
    #[error(
        "Asterisk was told to end the call long ago and has not: is its clock, or its channel, stuck?"
    )]
    Endless,
    #[error("Asterisk closed the connection")]
    Closed,
    #[error("the connection to Asterisk: {0}")]
    Io(#[from] io::Error),
    #[error("the system's random source: {0}")]
    Random(#[from] getrandom::Error),
}
