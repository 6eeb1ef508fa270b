use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Files that a process may have open: a call of dialgate that awaits its verdict has four.
const FILES: u64 = 65_536;

/// This machine: one processor for the callers and another for the servers, where there are two.
#[derive(Debug)]
pub(super) struct Host {
    callers: CpuSet,
    servers: CpuSet,
}

impl Host {
    /// Keeps this thread on the callers' processor, and lets processes have enough files.
    pub(super) fn prepare() -> io::Result<Self> {
        raise_file_limit()?;
        let ours = sched_getaffinity(None)?;
        let mut usable = (0..CpuSet::MAX_CPU).filter(|processor| ours.is_set(*processor));
        let (Some(first), Some(second)) = (usable.next(), usable.next()) else {
            return Ok(Self { callers: ours, servers: ours });
        };
        let host = Self { callers: only(first), servers: only(second) };
        sched_setaffinity(None, &host.callers)?;
        Ok(host)
    }

    /// Does `work`, which starts a process, on the servers' processor: the process inherits it, and a runtime that
    /// counts its processors counts one.
    pub(super) fn beside_callers<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        sched_setaffinity(None, &self.servers)?;
        let done = work();
        sched_setaffinity(None, &self.callers)?;
        done
    }

    /// Of the last minute.
    pub(super) fn load_average() -> io::Result<String> {
        let text = std::fs::read_to_string("/proc/loadavg")?;
        Ok(text.split(' ').next().unwrap_or_default().to_owned())
    }
}

fn only(processor: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(processor);
    set
}

fn raise_file_limit() -> io::Result<()> {
    let most = getrlimit(Resource::Nofile).maximum.unwrap_or(FILES);
    let limit = |files| Rlimit { current: Some(files), maximum: Some(files.max(most)) };
    // Only root may raise the maximum.
    setrlimit(Resource::Nofile, limit(FILES))
        .or_else(|_| setrlimit(Resource::Nofile, limit(most.min(FILES))))?;
    Ok(())
}
