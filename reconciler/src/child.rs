//! Children: this program again, as a user who may do nothing, for the work that root must not do itself.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use dialgate_contract::SystemUser;
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

/// The name that this program answers to, whatever file it was started from.
pub(crate) const PROGRAM: &str = "dialgate-reconciler";

/// A command that starts this program again with nothing of ours but its arguments and three pipes.
#[expect(clippy::disallowed_methods, reason = "the adapter that starts children")]
#[must_use]
pub(crate) fn command(user: Option<&SystemUser>) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(PROGRAM).env_clear().current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped());
    if let Some(user) = user {
        // The standard library drops the supplementary groups of root when it changes the user.
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// What a child may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Address space in bytes.
    pub memory: u64,
    /// The largest file that it may write, in bytes.
    pub file: u64,
    /// Open files.
    pub files: u64,
}

/// The first act of a child: it gives up what it does not need, and dies with its parent.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn confine(limits: Limits) -> rustix::io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    for (resource, most) in [
        (Resource::As, limits.memory),
        (Resource::Fsize, limits.file),
        (Resource::Nofile, limits.files),
        (Resource::Core, 0),
    ] {
        rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
