//! A real Asterisk, confined to the root of `tests/asterisk/build-root` and to a network namespace,
//! with this repository's own dialplan and recordings.

mod call;
mod instance;
mod log;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub use self::call::{Call, Record, Step};
use self::instance::Instance;
use self::log::Log;
use crate::namespace::{Namespace, run};
use crate::{programs, wait};

/// The number that leads to dialgate, dialled exactly.
pub const DID: &str = "15125550100";
/// The number that calls show.
pub const CALLER: &str = "2001";
/// Where Asterisk takes SIP, on 127.0.0.1 of its namespace.
pub const SIP_PORT: u16 = 5860;

/// It takes a third of a second on an idle machine.
const BOOT: Duration = Duration::from_secs(60);

/// Whether our recordings are on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recordings {
    /// They are installed in all languages, as `<sounds>/<language>/dialgate`.
    Installed,
    /// They are not there.
    Missing,
}

/// A running Asterisk, killed on drop.
#[derive(Debug)]
pub struct Asterisk {
    process: Process,
    log: Log,
    calls: u32,
    /// After the process, so that the folder goes when nobody uses it.
    instance: Instance,
}

impl Asterisk {
    /// Starts one inside `namespace` and waits until it takes calls. Needs root.
    ///
    /// # Errors
    /// When it does not come up, with the end of its log.
    pub fn start(namespace: &Namespace, recordings: Recordings) -> io::Result<Self> {
        Self::start_with(namespace, Instance::lay_out(recordings)?)
    }

    /// The same on a machine that dialgate has never been on: without its recordings and its dialplan.
    ///
    /// # Errors
    /// When it does not come up, with the end of its log.
    pub fn start_without_dialgate(namespace: &Namespace) -> io::Result<Self> {
        let instance = Instance::lay_out(Recordings::Missing)?;
        instance.remove_dialplan()?;
        Self::start_with(namespace, instance)
    }

    fn start_with(namespace: &Namespace, instance: Instance) -> io::Result<Self> {
        let console = File::create(instance.path("log/console"))?;
        let mut command = asterisk(namespace, &instance);
        let command = command.arg("-f").stdout(console.try_clone()?).stderr(console);
        let mut process = Process(command.stdin(Stdio::null()).spawn()?);
        let booted = wait::until("Asterisk fully booted", BOOT, || {
            if let Some(status) = process.0.try_wait()? {
                return Err(io::Error::other(format!("Asterisk ended: {status}")));
            }
            let mut ask = asterisk(namespace, &instance);
            Ok(run(ask.args(["-rx", "core waitfullybooted"])).ok())
        });
        booted.map_err(|error| {
            let log = last_lines(&instance, "log/full") + &last_lines(&instance, "log/console");
            io::Error::other(format!("{error}; log:\n{log}"))
        })?;
        let log = Log::open(&instance.path("log/full"))?;
        Ok(Self { process, log, calls: 0, instance })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Dials [`DID`]. One call at a time.
    ///
    /// # Errors
    /// When the call cannot be placed.
    pub fn dial(&mut self) -> io::Result<Call<'_>> {
        self.calls += 1;
        let number = self.calls;
        Call::place(self, number)
    }

    /// Dials, does all `steps`, and waits for the end of the call.
    ///
    /// # Errors
    /// When a step fails or the call does not end.
    pub fn call(&mut self, steps: &[Step]) -> io::Result<Record> {
        let mut call = self.dial()?;
        for step in steps {
            call.step(step)?;
        }
        call.end()
    }

    /// Whether a language has a recording of its own, such as `digits/7`; without one Asterisk plays the English one.
    #[must_use]
    pub fn has_recording(&self, language: &str, name: &str) -> bool {
        // Links lead to where they do inside the root only.
        let exists = |form| {
            let file = format!("data/sounds/{language}/{name}.{form}");
            self.instance.path(&file).symlink_metadata().is_ok()
        };
        ["wav", "gsm"].into_iter().any(exists)
    }

    /// A file or folder of its own as this process sees it, such as `etc/pjsip.conf`.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.instance.path(name)
    }

    /// The same file or folder as Asterisk sees it.
    #[must_use]
    pub fn path_inside(&self, name: &str) -> String {
        self.instance.path_inside(name)
    }

    /// Runs one of our programs with the files around it that Asterisk has; what it says.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn run_beside(
        &self,
        namespace: &Namespace,
        program: &str,
        arguments: &[&str],
    ) -> io::Result<String> {
        fs::copy(programs::path(program)?, self.path(program))?;
        let mut command = namespace.command("chroot");
        run(command.arg(instance::root()).arg(self.path_inside(program)).args(arguments))
    }

    /// Has its console carry out a command; what it says.
    ///
    /// # Errors
    /// When it does not.
    pub fn console(&self, namespace: &Namespace, command: &str) -> io::Result<String> {
        run(asterisk(namespace, &self.instance).args(["-rx", command]))
    }

    /// What operators who look at nothing special find in its log so far: no keys.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn messages(&self) -> io::Result<String> {
        let bytes = fs::read(self.instance.path("log/messages"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The whole log so far.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn log(&self) -> io::Result<String> {
        let bytes = fs::read(self.instance.path("log/full"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn last_lines(&self) -> String {
        last_lines(&self.instance, "log/full")
    }
}

/// Whether the root has been built.
#[must_use]
pub fn is_built() -> bool {
    instance::root().join(".key").is_file()
}

/// Our English recordings, each `(name, samples)`, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn recordings() -> io::Result<BTreeMap<String, u64>> {
    const HEADER: u64 = 44;
    let mut recordings = BTreeMap::new();
    for entry in fs::read_dir(instance::recordings())? {
        let entry = entry?;
        let file = entry.file_name();
        if let Some(name) = file.to_string_lossy().strip_suffix(".wav") {
            let samples = entry.metadata()?.len().saturating_sub(HEADER) / 2;
            recordings.insert(name.to_owned(), samples);
        }
    }
    Ok(recordings)
}

/// `asterisk` with this instance's configuration, inside the namespace and the root.
fn asterisk(namespace: &Namespace, instance: &Instance) -> Command {
    let mut command = namespace.command("chroot");
    command.arg(instance::root()).args(["asterisk", "-C"]);
    command.arg(instance.path_inside("etc/asterisk.conf"));
    command
}

fn last_lines(instance: &Instance, log: &str) -> String {
    let bytes = fs::read(instance.path(log)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(40);
    lines.get(from..).unwrap_or_default().join("\n")
}

/// Killed and reaped on drop: what it writes goes with its folder.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It can only fail because the process is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
