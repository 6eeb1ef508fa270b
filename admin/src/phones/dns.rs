//! Asks the DNS, within bounds.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use dialgate_contract::HostName;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

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
