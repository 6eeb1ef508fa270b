//! A Debian of its own: booted by its own systemd, in namespaces, from a root that stays as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use dialgate_tests::namespace::Namespace;
use dialgate_tests::wait;

use crate::control_group::ControlGroup;

/// It takes two seconds on an idle machine.
const BOOT: Duration = Duration::from_secs(90);

/// A running one, gone on drop with all that it wrote.
pub(crate) struct Machine {
    pub(crate) network: Namespace,
    boot: Child,
    init: u32,
    _group: ControlGroup,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    /// Both streams.
    pub(crate) said: String,
}

impl Machine {
    /// Boots one; `folder` is at `/srv` inside.
    pub(crate) fn boot(folder: &Path) -> Self {
        let network = Namespace::create().unwrap();
        let boot = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/package/boot");
        let group = ControlGroup::create();
        let mut command = command("sh");
        command.args(["-c", "echo 0 >\"$0\" && exec \"$@\""]).arg(group.entrance());
        command.args(["ip", "netns", "exec", network.name(), "unshare", "--fork", "--kill-child"]);
        command.args(["--pid", "--mount", "--uts", "--ipc", "--cgroup"]);
        command.arg(boot).arg(root()).arg(folder).stdin(Stdio::null());
        let boot = command.stdout(Stdio::null()).spawn().unwrap();
        let mut machine = Self { network, boot, init: 0, _group: group };
        let id = machine.boot.id();
        machine.init = wait::until("a first process", BOOT, || {
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
            Ok(children.split_whitespace().next().and_then(|child| child.parse().ok()))
        })
        .unwrap();
        wait::until("systemd to have started everything", BOOT, || {
            if let Some(status) = machine.boot.try_wait()? {
                panic!("the machine did not boot: {status}");
            }
            let state = machine.run("systemctl is-system-running").said;
            Ok(["running", "degraded"].contains(&state.trim()).then_some(()))
        })
        .unwrap();
        machine
    }

    /// Runs a line of shell inside, to its end.
    pub(crate) fn run(&self, line: &str) -> Done {
        let namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"];
        let mut command = command("nsenter");
        command.arg("--target").arg(self.init.to_string()).args(namespaces);
        command.args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]);
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "sh", "-c"])
            .arg(format!("{{ {line}\n}} 2>&1"));
        Done::of(command.stdin(Stdio::null()).output().unwrap())
    }

    /// The same; it must end well. What it said.
    pub(crate) fn sh(&self, line: &str) -> String {
        let Done { code, said } = self.run(line);
        assert_eq!(code, Some(0), "{line}: {said}");
        said
    }

    /// Waits until a line of shell ends well.
    pub(crate) fn until(&self, line: &str) {
        let waited = wait::until(line, Duration::from_secs(20), || {
            Ok((self.run(line).code == Some(0)).then_some(()))
        });
        waited.unwrap_or_else(|error| {
            panic!("{error}: {}", self.run("journalctl -b --no-pager | tail -n 40").said)
        });
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The first process of a machine takes all others with it.
        let _ = self.boot.kill();
        let _ = self.boot.wait();
    }
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        let said = [output.stdout, output.stderr].concat();
        Self { code: output.status.code(), said: String::from_utf8_lossy(&said).into_owned() }
    }
}

/// What `tests/package/build-root` has built.
pub(crate) fn root() -> PathBuf {
    let root = target().join("package-root");
    assert!(
        root.join(".key").is_file(),
        "there is no {root:?}: run tests/tests/package/build-root"
    );
    root
}

/// Cargo's folder, which the programs under test are in.
pub(crate) fn target() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    me.ancestors().nth(3).unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the rig is an adapter to the machine's own tools")]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}
