//! The program as it ships, in the network namespace of the test.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Ledger, lease, pass};
use jiff::{SignedDuration, Timestamp};

/// A ledger, and the program that keeps the firewall as it says.
pub(crate) struct Program {
    folder: tempfile::TempDir,
    running: Option<Child>,
}

impl Program {
    /// A new ledger. `extra` is added to the configuration.
    pub(crate) fn new(extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let program = Self { folder, running: None };
        for (folder, mode) in [(program.data(), 0o750), (program.data().join("queue"), 0o700)] {
            std::fs::create_dir(&folder).unwrap();
            std::fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        }
        program.configure(extra);
        drop(program.ledger());
        program
    }

    pub(crate) fn configure(&self, extra: &str) {
        let data = self.data();
        let text = format!(
            "data-dir = \"{}\"\nuser = \"daemon\"\n[mail]\ntransport = \"off\"\n{extra}",
            data.display()
        );
        std::fs::write(self.config(), text).unwrap();
        std::fs::set_permissions(self.config(), Permissions::from_mode(0o640)).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("dialgate.toml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.data().join("ledger.db")).unwrap()
    }

    /// Lets these in to `sip` for an hour.
    pub(crate) fn lease(&self, addresses: impl IntoIterator<Item = String>) {
        let account = "4711".parse().unwrap();
        let services = ["sip".parse().unwrap()].into();
        let now = now();
        let until = now + SignedDuration::from_hours(1);
        self.ledger()
            .write(|tx| {
                addresses.into_iter().try_for_each(|address| {
                    let address = address.parse().unwrap();
                    lease::open(tx, &account, address, &services, now, until).map(|_| ())
                })
            })
            .unwrap_or_else(|error: DatabaseError| panic!("{error}"));
    }

    /// The last pass's problem.
    pub(crate) fn problem(&self) -> Option<String> {
        pass::last(self.ledger().connection()).unwrap()?.problem
    }

    /// How often the audit trail has this action, and what it says of the last one.
    pub(crate) fn audited(&self, action: &str) -> (i64, String) {
        let ledger = self.ledger();
        let statement = "SELECT count(*), coalesce(max(detail), '') FROM audit WHERE action = ?1";
        let row = ledger
            .connection()
            .query_row(statement, [action], |row| Ok((row.get(0)?, row.get(1)?)));
        row.unwrap()
    }

    /// Runs `--once` to its end: its exit code, and what it said.
    pub(crate) fn once(&self) -> (Option<i32>, String) {
        let output = self.command(&["--once"]).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Starts `--watch`, instead of one that runs, and waits until it is ready.
    pub(crate) fn watch(&mut self) {
        let command = self.command(&["--watch"]);
        self.start(command);
    }

    /// The same by a command that starts it.
    pub(crate) fn start(&mut self, command: Command) {
        let told_by = self.launch(command);
        let mut told = [0; 4096];
        loop {
            let length = told_by.recv(&mut told).unwrap_or_else(|_| panic!("{}", self.log()));
            if told[..length].starts_with(b"READY=1") {
                break;
            }
        }
        std::thread::spawn(move || while told_by.recv(&mut [0; 4096]).is_ok() {});
    }

    /// Starts `--watch`; what it tells systemd comes over the socket.
    pub(crate) fn watch_and_listen(&mut self) -> UnixDatagram {
        let command = self.command(&["--watch"]);
        self.launch(command)
    }

    /// Takes charge of one that was started otherwise.
    pub(crate) fn adopt(&mut self, child: Child) {
        self.end();
        self.running = Some(child);
    }

    fn launch(&mut self, mut command: Command) -> UnixDatagram {
        self.end();
        let socket = self.folder.path().join("notify");
        let _ = std::fs::remove_file(&socket);
        let ready = UnixDatagram::bind(&socket).unwrap();
        ready.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let child = command
            .env("NOTIFY_SOCKET", &socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.running = Some(child);
        ready
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_dialgate-reconciler"));
        command.args(arguments).arg("--config").arg(self.config());
        command
    }

    /// The running one's process id.
    pub(crate) fn pid(&self) -> i32 {
        self.running.as_ref().unwrap().id().try_into().unwrap()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        self.running.take().unwrap().wait().unwrap()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn end(&mut self) {
        if let Some(mut child) = self.running.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

/// What came over a socket that `sd_notify` speaks to.
pub(crate) fn told(socket: &UnixDatagram) -> String {
    let mut told = [0; 4096];
    let length = socket.recv(&mut told).unwrap();
    String::from_utf8_lossy(&told[..length]).into_owned()
}

/// How long it takes until `done`.
pub(crate) fn until(what: &str, within: Duration, mut done: impl FnMut() -> bool) -> Duration {
    let started = clock();
    while !done() {
        assert!(started.elapsed() < within, "{what} has not happened within {within:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    started.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "the program goes by the calendar")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "what another process does is timed")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the program is started as it ships")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}
