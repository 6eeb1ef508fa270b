//! Running a tool: no shell, no environment, its input and its complaints in memory, and limits on how long it may
//! take and how much it may print.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::MemfdFlags;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::FirewallError;

/// How much of a tool's complaint is shown.
const COMPLAINT: u64 = 600;

/// What a tool may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Until it is killed.
    pub time: Duration,
    /// The bytes it may print.
    pub output: usize,
}

/// A tool that has been started. Killed when dropped before its end.
#[derive(Debug)]
pub(super) struct Running<'a> {
    tool: PathBuf,
    script: &'a str,
    limits: Limits,
    started: Instant,
    child: Child,
    stderr: File,
}

impl<'a> Running<'a> {
    /// Starts a tool and gives it a script to read.
    pub(super) fn start(
        tool: &Path,
        arguments: &[&str],
        script: &'a str,
        limits: Limits,
    ) -> Result<Self, FirewallError> {
        let run = || -> io::Result<Self> {
            let mut stdin = in_memory()?;
            stdin.write_all(script.as_bytes())?;
            stdin.rewind()?;
            let stderr = in_memory()?;
            let child = command(tool)
                .args(arguments)
                .env_clear()
                .current_dir("/")
                .stdin(stdin)
                .stdout(Stdio::piped())
                .stderr(stderr.try_clone()?)
                .spawn()?;
            Ok(Self { tool: tool.to_owned(), script, limits, started: now(), child, stderr })
        };
        run().map_err(|source| FirewallError::Run { tool: tool.to_owned(), source })
    }

    /// Waits for its end and returns what it printed.
    pub(super) fn finish(self) -> Result<String, FirewallError> {
        let mut printed = Vec::new();
        self.finish_by(|piece| printed.extend_from_slice(piece))?;
        // Comments of other people's rules may be in any encoding; ours are ASCII.
        Ok(String::from_utf8(printed)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Waits for its end and takes what it prints while it does.
    pub(super) fn finish_by(mut self, take: impl FnMut(&[u8])) -> Result<(), FirewallError> {
        let ended = self.collect(take).map_err(|source| self.broken(source))?;
        let Some((status, printed)) = ended else {
            return Err(FirewallError::TooSlow {
                tool: self.tool.clone(),
                limit: self.limits.time,
            });
        };
        if printed > self.limits.output {
            let limit = self.limits.output;
            return Err(FirewallError::TooMuch { tool: self.tool.clone(), limit });
        }
        if !status.success() {
            return Err(self.failed(status));
        }
        Ok(())
    }

    /// How the tool ended and how many bytes it printed; `None` when its time is over.
    fn collect(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<Option<(ExitStatus, usize)>> {
        let Some(mut stdout) = self.child.stdout.take() else { return Ok(None) };
        let (mut piece, mut printed) = ([0; 64 * 1024], 0_usize);
        while self.awaits(&stdout)? {
            let length = match stdout.read(&mut piece) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            printed = printed.saturating_add(length);
            if length == 0 || printed > self.limits.output {
                return self.status(printed);
            }
            take(piece.get(..length).unwrap_or_default());
        }
        Ok(None)
    }

    fn status(&mut self, printed: usize) -> io::Result<Option<(ExitStatus, usize)>> {
        if printed > self.limits.output {
            self.child.kill()?;
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let process = pidfd_open(pid, PidfdFlags::empty())?;
            if !self.awaits(&process)? {
                return Ok(None);
            }
        }
        Ok(Some((self.child.wait()?, printed)))
    }

    /// Waits until there is something to read; `false` when the time is over before.
    fn awaits(&self, what: impl AsFd) -> io::Result<bool> {
        loop {
            let left = self.limits.time.saturating_sub(self.started.elapsed());
            let left = Timespec::try_from(left).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(&what, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return Ok(ready > 0),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn failed(&mut self, status: ExitStatus) -> FirewallError {
        let mut said = Vec::new();
        let read = self
            .stderr
            .rewind()
            .and_then(|()| (&self.stderr).take(COMPLAINT).read_to_end(&mut said));
        if let Err(source) = read {
            return self.broken(source);
        }
        let said = in_one_line(&String::from_utf8_lossy(&said));
        let line = named_line(&said)
            .and_then(|number| self.script.lines().nth(number.checked_sub(1)?))
            .map(str::to_owned);
        FirewallError::Failed { tool: self.tool.clone(), status, said, line }
    }

    fn broken(&self, source: io::Error) -> FirewallError {
        FirewallError::Run { tool: self.tool.clone(), source }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Both fail only for a child that has been waited for, which is what is wanted.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn in_memory() -> io::Result<File> {
    Ok(rustix::fs::memfd_create("dialgate", MemfdFlags::CLOEXEC)?.into())
}

fn in_one_line(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let joined = lines.join(" / ");
    joined
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// `Error in line 3: …` (ipset), `Error occurred at line: 3`, `line 3 failed` (iptables-restore).
fn named_line(said: &str) -> Option<usize> {
    said.match_indices("line").find_map(|(at, word)| {
        let rest = said.get(at + word.len()..)?.trim_start_matches([':', ' ']);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}

#[expect(clippy::disallowed_methods, reason = "an adapter: the firewall is changed by its tools")]
fn command(tool: &Path) -> Command {
    Command::new(tool)
}

#[expect(clippy::disallowed_methods, reason = "an adapter: tools that hang are killed")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { time: Duration::from_secs(10), output: 1 << 20 };

    fn run(
        tool: &str,
        arguments: &[&str],
        script: &str,
        limits: Limits,
    ) -> Result<String, FirewallError> {
        Running::start(Path::new(tool), arguments, script, limits)?.finish()
    }

    #[test]
    fn a_tool_reads_its_script_and_its_output_is_returned() {
        let script = "line\n".repeat(100_000);
        assert_eq!(run("/bin/cat", &[], &script, LIMITS).unwrap(), script);
    }

    #[test]
    fn a_tool_sees_no_environment() {
        assert_eq!(run("/usr/bin/env", &[], "", LIMITS).unwrap(), "");
    }

    #[test]
    fn a_tool_that_takes_too_long_is_killed() {
        let limits = Limits { time: Duration::from_millis(30), ..LIMITS };
        let error = run("/bin/sleep", &["1000"], "", limits).unwrap_err();
        assert!(matches!(error, FirewallError::TooSlow { .. }), "{error}");
        let closed = ["-c", "exec >&- 2>&-; exec sleep 1000"];
        let error = run("/bin/sh", &closed, "", limits).unwrap_err();
        assert!(matches!(error, FirewallError::TooSlow { .. }), "{error}");
    }

    #[test]
    fn a_tool_that_prints_without_end_is_killed() {
        let error = run("/usr/bin/yes", &[], "", LIMITS).unwrap_err();
        assert!(matches!(error, FirewallError::TooMuch { .. }), "{error}");
    }

    #[test]
    fn a_complaint_is_shown_in_one_line_with_the_line_it_names() {
        let complaint = "printf 'Error\\033 in line 2: no\\n\\nsuch set' >&2; exit 1";
        let error = run("/bin/sh", &["-c", complaint], "one\ntwo\n", LIMITS).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/bin/sh failed (exit status: 1): Error\\u{1b} in line 2: no / such set; the line was `two`"
        );
    }

    #[test]
    fn a_tool_that_is_not_there_is_named() {
        let error = run("/nonexistent/ipset", &[], "", LIMITS).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/ipset"), "{error}");
    }
}
