//! `--connect`: a person calls a server that is running.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;

use dialgate_contract::{Exit, Language};
use tokio::net::TcpStream;

use crate::call::now;
use crate::failure::Failure;
use crate::program::{self, PACE};
use crate::telephone::{lift, show};
use crate::{Call, CallerId, Clock};

/// Calls the server at `server`, which is written `HOST:PORT`, on a channel of this language.
pub(crate) fn run(server: &str, language: Language) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err(Failure::new(
            Exit::Usage,
            "--connect needs a terminal: somebody has to press the keys",
        ));
    }
    program::runtime()?.block_on(async {
        let (mut call, stream) = reach(server, look_up(server).await?).await?;
        language.as_str().clone_into(&mut call.environment().language);
        let style = program::style();
        show(&lift(style));
        let transcript = call.converse(stream, now(), &mut program::person()?).await?;
        let Some(result) = transcript.result() else {
            let wrong = format!(
                "{server} did not say how the call ended, as a dialgate-agi does: is it one?"
            );
            return Err(Failure::new(Exit::Unavailable, wrong));
        };
        show(&format!("    DIALGATE_RESULT is {result}\n"));
        Ok(())
    })
}

async fn look_up(server: &str) -> Result<Vec<SocketAddr>, Failure> {
    match tokio::net::lookup_host(server).await {
        Ok(found) => Ok(found.collect()),
        Err(error) => Err(unknown(server, &error.to_string())),
    }
}

/// A call to the first of `addresses` that accepts it.
async fn reach(server: &str, addresses: Vec<SocketAddr>) -> Result<(Call, TcpStream), Failure> {
    let mut failure = unknown(server, "it has no address");
    for address in addresses {
        let call = Call::new(address, CallerId::withheld());
        match call.connect().await {
            Ok(stream) => return Ok((call.clock(Clock::Real(PACE)).longest(None), stream)),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

fn unknown(server: &str, why: &str) -> Failure {
    let hint = "give it as HOST:PORT, such as 127.0.0.1:4573";
    Failure::new(Exit::Usage, format!("--connect {server}: {why}; {hint}"))
}
