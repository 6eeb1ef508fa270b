use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::host::Host;
use super::server::{Server, free_address};

/// Another FastAGI server, made ready by `bench/peers/prepare`.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    name: &'static str,
    /// The program, and what it is to run.
    command: Vec<PathBuf>,
}

/// What a peer does in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// It sends commands.
    Talk,
    /// It also checks the PIN that was keyed in, by argon2id at the cost that every account has.
    CheckPin,
}

impl Peer {
    /// All that have been made ready beside the folder that this program is in.
    pub(super) fn prepared() -> io::Result<Vec<Self>> {
        let me = std::env::current_exe()?;
        let folder = me.ancestors().nth(2).unwrap_or(&me).join("peers");
        let peers = [
            Self { name: "blazing_agi 0.3.1", command: vec![folder.join("release/blazing-agi")] },
            Self {
                name: "panoramisk 1.4",
                command: vec![folder.join("venv/bin/python"), folder.join("panoramisk_server.py")],
            },
        ];
        Ok(peers.into_iter().filter(Self::is_prepared).collect())
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Starts it. It sends the commands in this file.
    #[expect(clippy::disallowed_methods, reason = "servers are processes of their own")]
    pub(super) fn start(&self, host: &Host, commands: &Path, work: Work) -> io::Result<Server> {
        let address = free_address()?;
        let [program, arguments @ ..] = self.command.as_slice() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(address.port().to_string()).arg(commands);
        if work == Work::CheckPin {
            command.arg("check-pin");
        }
        Server::start(self.name, host, &mut command, address)
    }

    fn is_prepared(&self) -> bool {
        self.command.iter().all(|path| path.exists())
    }
}
