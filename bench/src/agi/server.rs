use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dialgate_tests::wait;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use super::caller::environment;
use super::host::Host;
use super::table::FLOOR;

/// Starting Python takes longest.
const STARTED_WITHIN: Duration = Duration::from_secs(10);

/// A FastAGI server in a process of its own, so that what it uses is its own.
#[derive(Debug)]
pub(super) struct Server {
    name: &'static str,
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts `command` on the servers' processor, and waits until it listens at `address`.
    pub(super) fn start(
        name: &'static str,
        host: &Host,
        command: &mut Command,
        address: SocketAddr,
    ) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = host.beside_callers(|| command.spawn())?;
        let mut server = Self { name, process, address };
        wait::until(&format!("{name} listens"), STARTED_WITHIN, || {
            if let Some(status) = server.process.try_wait()? {
                return Err(io::Error::other(format!("{name} ended: {status}")));
            }
            Ok(first_byte(address).ok())
        })?;
        Ok(server)
    }

    /// This program under another name.
    #[expect(clippy::disallowed_methods, reason = "servers are processes of their own")]
    pub(super) fn ourselves(name: &str) -> Command {
        let mut command = Command::new("/proc/self/exe");
        command.arg0(name);
        command
    }

    /// The bare line echo, which sends the commands in this file.
    pub(super) fn floor(host: &Host, commands: &Path) -> io::Result<Self> {
        let address = free_address()?;
        let mut command = Self::ourselves("dialgate-bench");
        command.args([OsStr::new("floor"), address.to_string().as_ref(), commands.as_os_str()]);
        Self::start(FLOOR, host, &mut command, address)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has used of processors since it began, in user and kernel mode.
    pub(super) fn processor_time(&self) -> io::Result<Duration> {
        let id = i32::try_from(self.process.id()).map_err(io::Error::other)?;
        Ok(clock_gettime(clock_getcpuclockid(Pid::from_raw(id))?)?.into())
    }

    /// What it has of memory now, in KiB.
    pub(super) fn resident(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        number.ok_or_else(|| io::Error::other(format!("{} has ended", self.name)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Begins a call: panoramisk goes in circles for ever when somebody connects and says nothing.
fn first_byte(server: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(environment(0).as_bytes())?;
    stream.read_exact(&mut [0])
}

/// An address where nobody listens.
pub(super) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
