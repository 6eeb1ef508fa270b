//! Talks with the Asterisk of this machine, and with the DNS, within bounds.

use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use dialgate_contract::HostName;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is read of an answer at most.
const LONGEST: u64 = 4 << 20;

/// What Asterisk says to a command, or what went wrong, in words.
#[expect(
    clippy::disallowed_methods,
    reason = "asks the Asterisk of this machine, and nothing else"
)]
pub(super) fn ask(asterisk: &Path, question: &str) -> Result<String, String> {
    let mut command = Command::new(asterisk);
    command.args(["-rx", question]).env_clear().env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("could not be started ({error})"))?;
    let answer = listen(&mut child);
    if answer.is_err() {
        // It may have ended by now.
        let _ = child.kill();
    }
    let ended = child.wait();
    let answer = answer?;
    match ended {
        Ok(status) if status.success() => Ok(answer),
        Ok(_) | Err(_) => Err("did not answer (does it run?)".to_owned()),
    }
}

fn listen(child: &mut Child) -> Result<String, String> {
    let Some(output) = child.stdout.take() else { return Err("said nothing".to_owned()) };
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.take(LONGEST).read_to_end(&mut bytes);
        // Nobody listens any more when it took too long.
        let _ = told.send(read.map(|_| bytes));
    });
    match heard.recv_timeout(PATIENCE) {
        Ok(Ok(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(Err(error)) => Err(format!("could not be heard ({error})")),
        Err(_) => Err(format!("did not answer within {} s", PATIENCE.as_secs())),
    }
}

/// Where hosts are, each asked for beside the others; nothing for one that does not answer in time.
pub(super) fn resolve(hosts: &[HostName]) -> Vec<Vec<IpAddr>> {
    let asked: Vec<_> = hosts
        .iter()
        .map(|host| {
            let (told, heard) = mpsc::channel();
            let question = (host.as_str().to_owned(), 0);
            std::thread::spawn(move || {
                let found = question.to_socket_addrs().map(|all| all.map(|at| at.ip()).collect());
                // Nobody listens any more when it took too long.
                let _ = told.send(found.unwrap_or_default());
            });
            heard
        })
        .collect();
    asked.iter().map(|heard| heard.recv_timeout(PATIENCE).unwrap_or_default()).collect()
}
