//! The kernel's own tools, started with nothing around them: what all else is compared with.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dialgate_tests::namespace::run;

/// Where Debian has them.
const FOLDER: &str = "/usr/sbin";

/// Does `work`, and tells how long it took.
pub(super) fn timed<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<(Duration, T)> {
    let begun = now();
    let done = work()?;
    Ok((begun.elapsed(), done))
}

/// Puts a script into a tool. What it prints is thrown away.
pub(super) fn restore(tool: &str, arguments: &[&str], script: &str) -> io::Result<Duration> {
    let mut file = in_memory()?;
    file.write_all(script.as_bytes())?;
    file.rewind()?;
    let mut command = command(&format!("{FOLDER}/{tool}"));
    command.args(arguments).stdin(file);
    timed(|| run(&mut command).map(|_| ())).map(|(time, ())| time)
}

/// How long it takes to start a program, and to read what it prints.
pub(super) fn start(program: &str, arguments: &[&str]) -> io::Result<Duration> {
    timed(|| run(command(program).args(arguments)).map(|_| ())).map(|(time, ())| time)
}

/// What a tool prints.
pub(super) fn printed(tool: &str, arguments: &[&str]) -> io::Result<String> {
    run(command(&format!("{FOLDER}/{tool}")).args(arguments).stdin(Stdio::null()))
}

/// Takes everything out of the kernel: rules first, which refer to sets.
pub(super) fn clear() -> io::Result<()> {
    for tool in ["iptables", "ip6tables"] {
        printed(tool, &["-F"])?;
        printed(tool, &["-X"])?;
    }
    printed("ipset", &["destroy"]).map(|_| ())
}

#[expect(clippy::disallowed_methods, reason = "a measurement starts what it measures")]
pub(super) fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn in_memory() -> io::Result<File> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    Ok(rustix::fs::memfd_create("dialgate-bench", flags)?.into())
}
