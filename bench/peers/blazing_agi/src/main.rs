//! Sends the lines of a file to every caller, and may check the PIN that was keyed in:
//! `blazing-agi PORT FILE [check-pin]`.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use blazing_agi::command::RawCommand;
use blazing_agi::connection::Connection;
use blazing_agi::handler::AGIHandler;
use blazing_agi::router::Router;
use blazing_agi::serve::serve;
use blazing_agi::{AGIError, AGIRequest};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

const ENTER_PIN: &str = "dialgate/enter-pin";

/// Two at a time, as dialgate-agi has it.
const HASHING: usize = 2;

#[derive(Debug, Clone)]
struct Commands {
    lines: Vec<String>,
    hashing: Option<Arc<Semaphore>>,
}

#[async_trait::async_trait]
impl AGIHandler for Commands {
    async fn handle(&self, connection: &mut Connection, _: &AGIRequest) -> Result<(), AGIError> {
        for command in &self.lines {
            connection.send_command(RawCommand::new(command.clone())).await?;
            if let Some(hashing) = &self.hashing
                && command.contains(ENTER_PIN)
            {
                let _turn = hashing.acquire().await.expect("never closed");
                spawn_blocking(check_pin).await.expect("no panic");
            }
        }
        Ok(())
    }
}

fn check_pin() -> [u8; 32] {
    let params = Params::new(19_456, 2, 1, Some(32)).expect("valid");
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"83920174", b"0123456789abcdef", &mut hash)
        .expect("valid");
    hash
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: blazing-agi PORT FILE [check-pin]".into());
    };
    let lines = std::fs::read_to_string(file)?.lines().map(str::to_owned).collect();
    let hashing = arguments.next().map(|_| Arc::new(Semaphore::new(HASHING)));
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    serve(listener, Router::new().route("/whitelist", Commands { lines, hashing })).await?;
    Ok(())
}
