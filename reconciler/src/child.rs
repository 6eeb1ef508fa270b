//! Children: this program again, as a user who may do nothing, for the work that root must not do itself.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use dialgate_contract::SystemUser;
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

/// This program's file, whatever has become of its name since.
pub(crate) const THIS_PROGRAM: &str = "/proc/self/exe";

/// A command that starts `program` under our name, with nothing of ours but one argument and a pipe to hear it by, as
/// `user` if this process is root. What it has to complain of comes by the pipe too: anything else would be unescaped
/// text in root's log, of somebody who deals with other people's data.
#[expect(clippy::disallowed_methods, reason = "the adapter that starts children")]
pub(crate) fn command(program: &Path, argument: &str, user: Option<&SystemUser>) -> Command {
    let mut command = Command::new(program);
    command
        .arg0("dialgate-reconciler")
        .arg(argument)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(user) = user.filter(|_| SystemUser::is_root()) {
        // This also leaves all of root's supplementary groups (std, CommandExt::uid).
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// The first act of a child: no other process of its user can look into it, and it does not outlive its parent.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn confine() -> io::Result<()> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, 64)
}

/// The second: it gives up rights, processes, memory and room on the disk that it does not need.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn renounce() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    limit(Resource::As, 512 << 20)?;
    limit(Resource::Fsize, 1 << 20)?;
    limit(Resource::Nproc, 0)
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let limit = Rlimit { current: Some(most), maximum: Some(most) };
    Ok(rustix::process::setrlimit(resource, limit)?)
}
