//! The demo's processes: the system's tools, and the other programs of this project inside this one's file.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use dialgate_contract::SystemUser;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a program may take to end after it has been asked to.
const FAREWELL: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(20);
const THIS_PROGRAM: &str = "/proc/self/exe";

/// A program that runs until this is dropped.
pub(super) struct Running {
    child: Child,
    name: &'static str,
    notices: UnixDatagram,
    folder: PathBuf,
}

/// How a program that was started is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    Starting,
    Ready,
    Ended,
}

impl Running {
    /// Starts the program `name` of this project. What it prints goes into files in `folder`, and so does the socket
    /// on which it says that it is ready, as it would to systemd (sd_notify(3)).
    pub(super) fn start(
        name: &'static str,
        arguments: &[&str],
        config: &Path,
        folder: &Path,
    ) -> io::Result<Self> {
        let socket = folder.join(format!("{name}.ready"));
        let notices = UnixDatagram::bind(&socket)?;
        notices.set_nonblocking(true)?;
        // The telephone side has given up its rights when it is ready.
        std::fs::set_permissions(&socket, Permissions::from_mode(0o666))?;
        let mut command = sibling(name, config);
        command.args(arguments).env("NOTIFY_SOCKET", &socket).stdin(Stdio::null());
        command
            .stdout(File::create(printed(folder, name))?)
            .stderr(File::create(logged(folder, name))?);
        Ok(Running { child: command.spawn()?, name, notices, folder: folder.to_owned() })
    }

    pub(super) fn condition(&mut self) -> io::Result<Condition> {
        if self.child.try_wait()?.is_some() {
            return Ok(Condition::Ended);
        }
        let mut notice = [0; 256];
        match self.notices.recv(&mut notice) {
            Ok(length) => {
                let mut lines =
                    notice.get(..length).unwrap_or_default().split(|byte| *byte == b'\n');
                let ready = lines.any(|line| line == b"READY=1");
                Ok(if ready { Condition::Ready } else { Condition::Starting })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Condition::Starting),
            Err(error) => Err(error),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// What it has printed.
    pub(super) fn printed(&self) -> String {
        std::fs::read_to_string(printed(&self.folder, self.name)).unwrap_or_default()
    }

    /// What it has logged.
    pub(super) fn logged(&self) -> String {
        std::fs::read_to_string(logged(&self.folder, self.name)).unwrap_or_default()
    }
}

fn printed(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.out"))
}

fn logged(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever fails here, the child has ended already or is killed below; there is nobody to tell.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
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

/// Whether `user` can run this program's file, and go into `folder`.
pub(super) fn can_run(user: &SystemUser, folder: &Path) -> bool {
    let mut command = program(THIS_PROGRAM);
    command.arg("--version").current_dir(folder).uid(user.uid).gid(user.gid);
    command.output().is_ok_and(|output| output.status.success())
}

/// Runs the program `name` of this project to its end; what it printed.
pub(super) fn ask(name: &str, arguments: &[&str], config: &Path) -> io::Result<String> {
    let mut command = sibling(name, config);
    said(&format!("{name} {}", arguments.join(" ")), command.args(arguments).output()?)
}

/// Runs a tool of the system to its end; what it printed.
pub(super) fn tool(name: &str, arguments: &str) -> io::Result<String> {
    let said_by = format!("{name} {arguments}");
    match program(name).args(arguments.split_whitespace()).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::other(format!("{name} is not installed")))
        }
        Err(error) => Err(io::Error::other(format!("{said_by}: {error}"))),
        Ok(output) => said(&said_by, output),
    }
}

fn said(what: &str, output: Output) -> io::Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint = match complaint.trim() {
        "" => output.status.to_string(),
        complaint => complaint.to_owned(),
    };
    Err(io::Error::other(format!("`{what}` failed: {complaint}")))
}

/// Another program of this project: this one's file, under that program's name.
fn sibling(name: &str, config: &Path) -> Command {
    let mut command = program(THIS_PROGRAM);
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
