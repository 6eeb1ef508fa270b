use dialgate_contract::{CallerId, Language};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tracing::Instrument;

use super::Services;
use super::channel::{Channel, ChannelError};
use super::complaints::Few;
use super::driver::{CALL_LIMIT, Driver};
use crate::conversation::{Conversation, Ending, Lines, SCRIPT, Turn};
use crate::protocol::Environment;

/// When a call is over even if whoever is on the other side of the socket goes on: it is not Asterisk.
const GIVEN_UP_AFTER: Duration = CALL_LIMIT.saturating_add(Duration::from_secs(30));

/// A connection whose other end says that it is Asterisk. Nothing of that is believed.
pub(super) struct Claim {
    channel: Channel,
    environment: Environment,
}

/// A connection to Asterisk that is in step.
pub(super) struct Session {
    channel: Channel,
    environment: Environment,
}

impl Claim {
    /// Hears who is calling.
    pub(super) async fn hear(stream: TcpStream) -> Result<Self, ChannelError> {
        stream.set_nodelay(true)?;
        let mut channel = Channel::new(stream);
        let environment = channel.environment().await?;
        Ok(Self { channel, environment })
    }

    /// Believes it once Asterisk has repeated the nonce.
    pub(super) async fn prove(self) -> Result<Session, ChannelError> {
        let Self { mut channel, environment } = self;
        channel.prove_in_step().await?;
        Ok(Session { channel, environment })
    }
}

impl Session {
    /// Serves the call to its end.
    pub(super) async fn serve(self, services: &Services, lines: Lines, complaints: &Few) {
        let Self { channel, environment } = self;
        let caller = CallerId::from_network(environment.caller_id().unwrap_or_default());
        let id = printable(environment.uniqueid());
        let account = tracing::field::Empty;
        let call = tracing::info_span!("call", id, %caller, account);
        let language = Language::of_tag(environment.language());
        let driver =
            Driver { channel, services, caller, language, slips: Vec::new(), is_let_in: false };
        run(driver, environment, lines, complaints).instrument(call).await;
    }
}

/// One call, and one line in the log about how it ended; always where somebody was let in.
async fn run(mut driver: Driver<'_>, environment: Environment, lines: Lines, complaints: &Few) {
    let script = environment.script();
    if script != SCRIPT && complaints.one() {
        tracing::warn!(script = printable(script), "AGI() asks for another script than {SCRIPT}");
    }
    let begun = Conversation::begin(script, lines);
    // A call that waits for a key keeps nothing that it does not need.
    drop(environment);
    let ended = timeout(GIVEN_UP_AFTER, converse(&mut driver, begun)).await;
    let ended = ended.unwrap_or(Err(ChannelError::Endless));
    driver.services.counts.calls.one(match &ended {
        Ok(ending) => *ending,
        Err(ChannelError::Closed | ChannelError::Io(_)) => Ending::Hangup,
        Err(_) => Ending::Error,
    });
    let told = match &ended {
        Ok(ending) => driver.report(*ending).await,
        Err(_) => Ok(()),
    };
    if !driver.is_let_in && !complaints.one() {
        return;
    }
    let has_failed = matches!(ended, Ok(Ending::FailedLogin)) || !driver.slips.is_empty();
    // What bans may be had by: one line a call. Where the other end is gone nobody can be asked.
    if has_failed
        && !driver.is_let_in
        && let (Ok(_), Ok(())) = (&ended, &told)
        && let Ok(Some(peer)) = driver.direct_peer().await
    {
        tracing::info!(%peer, "logins failed");
    }
    match (ended, told) {
        (Ok(ending), Ok(())) => tracing::info!(result = %ending, "call ended"),
        (Ok(ending), Err(error)) => {
            tracing::info!(result = %ending, %error, "call ended, untold");
        }
        (Err(error @ (ChannelError::Closed | ChannelError::Io(_))), _) => {
            tracing::info!(result = %Ending::Hangup, %error, "call ended, untold");
        }
        // The dialplan sees no result and apologises.
        (Err(error), _) => tracing::error!(result = %Ending::Error, %error, "call dropped"),
    }
}

async fn converse(driver: &mut Driver<'_>, begun: Turn) -> Result<Ending, ChannelError> {
    let mut turn = begun;
    if matches!(turn, Turn::Do(..)) {
        driver.limit_call().await?;
    }
    loop {
        match turn {
            Turn::Do(conversation, action) => {
                turn = conversation.on(driver.perform(action).await?);
            }
            Turn::End(ending) => return Ok(ending),
        }
    }
}

/// What a log line may hold of a text that others chose.
fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(80).collect()
}
