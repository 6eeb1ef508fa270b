//! Children: this program again, as a user who may do nothing, for the work that root must not do itself.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use dialgate_contract::{Exit, SystemUser};
use nix::sys::signal::SigSet;
use rustix::process::{DumpableBehavior, Pid, Resource, Rlimit, Signal};

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

/// The hidden argument that makes this program end another child, whose process id follows it.
pub(crate) const END: &str = "end-child";

/// Ends a child and waits for it, whatever it does. Root has not the capability to end other users' processes, so one
/// of the child's own user does it.
///
/// # Errors
/// When the system does not tell how it ended.
pub(crate) fn end(child: &mut Child) -> io::Result<ExitStatus> {
    // It may be gone already, and that is as well; its number is its own until it is waited for.
    if child.kill().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        end_as_its_user(child.id())?;
    }
    child.wait()
}

#[expect(clippy::disallowed_methods, reason = "the adapter that starts children")]
fn end_as_its_user(pid: u32) -> io::Result<()> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let number = |key| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let (Some(uid), Some(gid)) = (number("Uid:"), number("Gid:")) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let ended = Command::new(THIS_PROGRAM)
        .arg0("dialgate-reconciler")
        .args([END, &pid.to_string()])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .uid(uid)
        .gid(gid)
        .status()?;
    if ended.success() { Ok(()) } else { Err(io::Error::other("the child cannot be ended")) }
}

/// What the child that ends another one does.
pub(crate) fn end_by_itself(pid: i32) -> Exit {
    match Pid::from_raw(pid).map(|pid| rustix::process::kill_process(pid, Signal::KILL)) {
        Some(Ok(())) => Exit::Ok,
        Some(Err(_)) | None => Exit::NoPerm,
    }
}

/// The first act of a child: no other process of its user can look into it, and it does not outlive its parent, or not
/// for longer than until it has something to say: without a capability, root's death ends nobody of another user.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn confine() -> io::Result<()> {
    // The parent waits for signals in another way.
    SigSet::all().thread_unblock()?;
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
