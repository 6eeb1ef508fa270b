//! Network namespaces: a loopback, ports and firewall of the test's own.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::panic::resume_unwind;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace with its loopback up, removed on drop.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one. Needs root.
    ///
    /// # Errors
    /// When `ip netns add` fails, with what it said.
    pub fn create() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("dialgate-{}-{count}", process::id());
        run(command("ip").args(["netns", "add", &name]))?;
        let namespace = Self { name };
        run(command("ip").args(["-n", namespace.name(), "link", "set", "lo", "up"]))?;
        Ok(namespace)
    }

    /// Its name, for `ip -n NAME` and `ip netns exec NAME`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs `program` inside, under the child's own process id.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = command("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Runs `work` on a thread inside; sockets that it returns stay inside.
    ///
    /// # Errors
    /// When the namespace cannot be entered.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let link = File::open(format!("/run/netns/{}", self.name))?;
        thread::scope(|scope| {
            let inside = scope.spawn(move || {
                move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network))?;
                Ok(work())
            });
            inside.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // A namespace left behind holds no state that a later test could meet.
        let _ = run(command("ip").args(["netns", "del", &self.name]));
    }
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot start or fails, with what it wrote to stderr.
pub fn run(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{command:?}: {}: {said}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "the rig is an adapter to the machine's own tools")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::real::{self, Need};

    #[test]
    fn two_namespaces_can_use_the_same_port() {
        let needs = [Need::Root, Need::Tool("ip")];
        if real::skipped("two_namespaces_can_use_the_same_port", &needs) {
            return;
        }
        let (one, other) = (Namespace::create().unwrap(), Namespace::create().unwrap());
        let first = one.enter(|| TcpListener::bind("127.0.0.1:4573")).unwrap();
        let second = other.enter(|| TcpListener::bind("127.0.0.1:4573")).unwrap();
        assert!(first.is_ok() && second.is_ok());
    }
}
