//! Sends the lines of a file to every caller: `blazing-agi PORT FILE`.

use blazing_agi::command::RawCommand;
use blazing_agi::connection::Connection;
use blazing_agi::handler::AGIHandler;
use blazing_agi::router::Router;
use blazing_agi::serve::serve;
use blazing_agi::{AGIError, AGIRequest};
use tokio::net::TcpListener;

#[derive(Debug, Clone)]
struct Commands(Vec<String>);

#[async_trait::async_trait]
impl AGIHandler for Commands {
    async fn handle(&self, connection: &mut Connection, _: &AGIRequest) -> Result<(), AGIError> {
        for command in &self.0 {
            connection.send_command(RawCommand::new(command.clone())).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: blazing-agi PORT FILE".into());
    };
    let commands = std::fs::read_to_string(file)?.lines().map(str::to_owned).collect();
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    serve(listener, Router::new().route("/whitelist", Commands(commands))).await?;
    Ok(())
}
