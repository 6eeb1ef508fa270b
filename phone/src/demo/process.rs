//! The demo's processes: the system's tools, and the other programs of this project inside this one's file.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a program may take to end after it has been asked to.
const FAREWELL: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(20);

/// A program that runs until this is dropped.
pub(super) struct Running {
    child: Child,
    name: &'static str,
}

impl Running {
    /// Starts the program `name` of this project, with what it says going to the file `log`.
    pub(super) fn start(
        name: &'static str,
        arguments: &[&str],
        config: &Path,
        log: &Path,
    ) -> io::Result<Self> {
        let log = File::create(log)?;
        let mut command = sibling(name, config);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Running { child: command.spawn()?, name })
    }

    /// The program's name, once it has ended by itself.
    pub(super) fn ended(&mut self) -> io::Result<Option<&'static str>> {
        Ok(self.child.try_wait()?.map(|_| self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever fails here, the child has ended already or is killed below; there is nobody to tell.
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let looks = FAREWELL.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program `name` of this project to its end; what it printed.
pub(super) fn ask(name: &str, arguments: &[&str], config: &Path) -> io::Result<String> {
    let mut command = sibling(name, config);
    said(&format!("{name} {}", arguments.join(" ")), command.args(arguments).output()?)
}

/// Runs a tool of the system to its end; what it printed.
pub(super) fn tool(name: &str, arguments: &str) -> io::Result<String> {
    let said_by = format!("{name} {arguments}");
    let output = program(name).args(arguments.split_whitespace()).output();
    said(&said_by, output.map_err(|error| io::Error::other(format!("{said_by}: {error}")))?)
}

fn said(what: &str, output: Output) -> io::Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{what}: {}: {}", output.status, complaint.trim())))
}

/// Another program of this project: this one's file, under that program's name.
fn sibling(name: &str, config: &Path) -> Command {
    let mut command = program("/proc/self/exe");
    command.arg0(name).arg("--config").arg(config);
    command
}

#[expect(clippy::disallowed_methods, reason = "the demo is an adapter: it starts what it shows")]
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    // Where iptables is; a root shell made by `su` does not look there.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}
