//! A real mail server, aiosmtpd, inside a namespace.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::namespace::Namespace;

/// The server; it ends with its handle.
#[derive(Debug)]
pub struct MailServer {
    child: Child,
    _open: Option<ChildStdin>,
    lines: Receiver<String>,
    port: u16,
}

impl MailServer {
    /// Starts one on 127.0.0.1 of the namespace.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(namespace: &Namespace) -> io::Result<Self> {
        Self::start_with(namespace, &[])
    }

    /// The same with arguments of `smtp_server.py`, which also fails in many ways.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_with(namespace: &Namespace, arguments: &[&str]) -> io::Result<Self> {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../reconciler/tests/smtp_server.py");
        let mut command = namespace.command("/usr/bin/python3");
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let open = child.stdin.take();
        let mut server = Self { child, _open: open, lines, port: 0 };
        let port = server.next_line()?;
        server.port = port.parse().map_err(|_| io::Error::other(format!("no port: {port}")))?;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The next message that it is given, as `smtp_server.py` describes it.
    ///
    /// # Errors
    /// When none comes within ten seconds.
    pub fn next_message(&mut self) -> io::Result<Value> {
        serde_json::from_str(&self.next_line()?).map_err(io::Error::from)
    }

    /// The messages that have been given to it and not been asked for yet.
    ///
    /// # Errors
    /// When one is not as `smtp_server.py` describes them.
    pub fn messages(&mut self) -> io::Result<Vec<Value>> {
        self.lines
            .try_iter()
            .map(|line| serde_json::from_str(&line).map_err(io::Error::from))
            .collect()
    }

    /// Ends it: connections are refused from now on.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn stop(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(|_| ())
    }

    fn next_line(&self) -> io::Result<String> {
        self.lines.recv_timeout(Duration::from_secs(10)).map_err(io::Error::other)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It can only fail because the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
