//! A control group for a machine's own systemd, which takes the one that it finds itself in for the whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dialgate_tests::namespace::run;
use dialgate_tests::wait;

use crate::machine::command;

/// Removed on drop, once all its processes have ended.
pub(crate) struct ControlGroup {
    path: PathBuf,
    /// Where version 2 was mounted for it.
    mounted: Option<tempfile::TempDir>,
}

impl ControlGroup {
    pub(crate) fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let (root, mounted) = match there() {
            Some(there) => (there, None),
            None => {
                let folder = tempfile::tempdir().unwrap();
                run(command("mount").args(["-t", "cgroup2", "cgroup2"]).arg(folder.path()))
                    .unwrap();
                (folder.path().to_owned(), Some(folder))
            }
        };
        let path = root.join(format!("dialgate-test-{}-{count}", process::id()));
        fs::create_dir(&path).unwrap();
        Self { path, mounted }
    }

    /// Who writes 0 to it is in the group.
    pub(crate) fn entrance(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // An empty one that is left behind is in nobody's way.
        let _ =
            wait::until(
                "processes to end",
                Duration::from_secs(10),
                || Ok(remove(&self.path).ok()),
            );
        if let Some(folder) = &self.mounted {
            let _ = run(command("umount").arg("-l").arg(folder.path()));
        }
    }
}

/// Version 2, wherever this machine has it.
fn there() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    mounts.find(|mount| mount[2] == "cgroup2").map(|mount| PathBuf::from(mount[1]))
}

/// Its files are the kernel's.
fn remove(group: &Path) -> io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}
