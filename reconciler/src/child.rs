//! Children: this program again, as a user who may do nothing, for the work that root must not do itself.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use dialgate_contract::SystemUser;
use nix::sys::signal::SigSet;
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal, Uid};
use rustix::thread::set_thread_res_uid;

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

/// Ends a child and waits for it, whatever it does. Root has not the capability to end other users' processes, so for
/// that moment it takes the child's user as its effective one. No process of that user can keep it from it: to whoever
/// sends signals, it stays root's.
///
/// # Errors
/// When the system does not tell how it ended.
pub(crate) fn end(child: &mut Child) -> io::Result<ExitStatus> {
    // It may be gone already, and that is as well; its number is its own until it is waited for.
    if child.kill().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        let user = user_of(child.id())?;
        set_thread_res_uid(None, user, None)?;
        let ended = child.kill();
        set_thread_res_uid(None, Uid::ROOT, None)?;
        ended?;
    }
    child.wait()
}

fn user_of(pid: u32) -> io::Result<Uid> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    let user = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    user.map(Uid::from_raw).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The first act of a child: no other process of its user can look into it, it has nothing to do with the terminal that
/// root may sit at (`TIOCSTI`, ioctl_tty(2)), and it does not outlive its parent, or not for longer than until it has
/// something to say: without a capability, root's death ends nobody of another user.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn confine() -> io::Result<()> {
    // The parent waits for signals in another way.
    SigSet::all().thread_unblock()?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::setsid()?;
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "starts a process to end it")]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use rustix::process::geteuid;
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

    use super::*;

    #[test]
    fn a_child_of_another_user_is_ended_without_the_capability_to_end_others() {
        if !SystemUser::is_root() {
            return;
        }
        let mut rights = capabilities(None).unwrap();
        for set in [&mut rights.effective, &mut rights.permitted] {
            set.remove(CapabilitySet::KILL);
        }
        set_capabilities(None, rights).unwrap();
        let mut child = Command::new("/bin/sleep").arg("1000").uid(1).gid(1).spawn().unwrap();
        assert_eq!(child.kill().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(end(&mut child).unwrap().signal(), Some(9));
        assert!(geteuid().is_root());
        assert_eq!(capabilities(None).unwrap().effective, rights.effective);
    }
}
