use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{Ledger, account, pass};
use dialgate_pin::{Hasher, Pepper, Pin};
use serde_json::Value;

/// A folder with a configuration of its own, and everything below it.
pub(crate) struct Site {
    folder: tempfile::TempDir,
}

/// How the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) const ANN: &str =
    "account add 4711 --name Ann --email ann@example.net --services sip,rtp";

/// For how many seconds a lease is open in all.
pub(crate) fn lasting(lease: &Value) -> i64 {
    let time = |name: &str| lease[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    time("expires_at").as_second() - time("opened_at").as_second()
}

impl Site {
    /// With a configuration and nothing else.
    pub(crate) fn bare(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Self { folder };
        let (data, pepper) = (site.path("data"), site.path("pepper"));
        let text = format!("data-dir = {data:?}\npepper-file = {pepper:?}\n{settings}\n");
        std::fs::write(site.config(), text).unwrap();
        site
    }

    /// Made by `init`, with no accounts.
    pub(crate) fn new() -> Self {
        Self::with("user = \"\"")
    }

    pub(crate) fn with(settings: &str) -> Self {
        let site = Self::bare(settings);
        site.ok("init");
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("dialgate.toml")
    }

    /// Changes the configuration.
    pub(crate) fn configure(&self, settings: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap() + settings + "\n";
        std::fs::write(self.config(), text).unwrap();
    }

    /// Runs the words of a line.
    pub(crate) fn run(&self, line: &str) -> Answer {
        self.run_with(&line.split_whitespace().collect::<Vec<_>>(), b"")
    }

    /// Runs arguments, with something to read on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Answer {
        let mut command = program();
        command.arg("--config").arg(self.config()).args(arguments);
        answer(command, input)
    }

    /// Runs the words of a line for an operator whose SSH connection comes from `address`.
    pub(crate) fn run_from(&self, address: &str, line: &str) -> Answer {
        let mut command = program();
        command.env("SSH_CONNECTION", format!("{address} 50022 192.168.1.2 22"));
        command.arg("--config").arg(self.config()).args(line.split_whitespace());
        answer(command, b"")
    }

    /// What the reconciler records at the end of a pass.
    pub(crate) fn pass_now(&self, problem: Option<&str>) {
        self.pass(now(), problem);
    }

    /// The same a second later: times are whole seconds.
    pub(crate) fn pass_soon(&self, problem: Option<&str>) {
        self.pass(now().checked_add(jiff::SignedDuration::from_secs(1)).unwrap(), problem);
    }

    /// The last pass was an hour ago.
    pub(crate) fn pass_long_ago(&self) {
        self.pass(now() - jiff::SignedDuration::from_hours(1), None);
    }

    fn pass(&self, finished_at: jiff::Timestamp, problem: Option<&str>) {
        let pass = pass::Pass { finished_at, problem: problem.map(str::to_owned) };
        self.ledger().write(|tx| pass::record(tx, &pass)).unwrap();
    }

    /// What the reconciler records when it has put the firewall right.
    pub(crate) fn healed(&self, detail: &str) {
        let (at, action) = (now(), "firewall-healed");
        self.ledger()
            .write(|tx| audit::record(tx, at, &Actor::Reconciler, action, None, detail))
            .unwrap();
    }

    /// The ledger, for what only other programs write.
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.path("data/ledger.db")).unwrap()
    }

    /// Runs a line that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let answer = self.run(line);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{line}: {answer:?}");
        answer.out
    }

    /// The same with `--json`.
    pub(crate) fn json(&self, line: &str) -> Value {
        let out = self.ok(&format!("{line} --json"));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{line}: {error}: {out}"))
    }

    /// Runs a line that must fail with this code, say all these words, and change nothing.
    pub(crate) fn refuses(&self, line: &str, code: i32, words: &[&str]) {
        self.refuses_with(&line.split_whitespace().collect::<Vec<_>>(), b"", code, words);
    }

    pub(crate) fn refuses_with(&self, arguments: &[&str], input: &[u8], code: i32, words: &[&str]) {
        let before = self.everything();
        let answer = self.run_with(arguments, input);
        assert_eq!((answer.code, answer.out.as_str()), (code, ""), "{arguments:?}: {answer:?}");
        for word in words {
            assert!(answer.err.contains(word), "{arguments:?}: no {word:?} in {}", answer.err);
        }
        assert_eq!(self.everything(), before, "{arguments:?} changed something");
    }

    /// When the account's failed logins were last forgiven.
    pub(crate) fn unlocked_at(&self, number: &str) -> Option<jiff::Timestamp> {
        let ledger = Ledger::open(&self.path("data/ledger.db")).unwrap();
        let account = account::find(ledger.connection(), &number.parse().unwrap()).unwrap();
        account.unwrap().unlocked_at
    }

    /// Whether this is the account's PIN.
    pub(crate) fn pin_is(&self, number: &str, pin: &str) -> bool {
        let hasher = Hasher::new(Pepper::load(&self.path("pepper")).unwrap()).unwrap();
        let ledger = Ledger::open(&self.path("data/ledger.db")).unwrap();
        let hash = account::pin_hash(ledger.connection(), &number.parse().unwrap()).unwrap();
        hasher.verify(Some(&Pin::new(pin).unwrap()), hash.as_deref()).unwrap()
    }

    /// Every row of the ledger, for comparison; nothing when there is none.
    fn everything(&self) -> Vec<String> {
        let path = self.path("data/ledger.db");
        if !path.exists() {
            return Vec::new();
        }
        let ledger = Ledger::open(&path).unwrap();
        let tables =
            strings(&ledger, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
        tables.iter().flat_map(|table| rows(&ledger, table)).collect()
    }
}

/// The program, with nothing of the tester's environment that it looks at.
#[expect(clippy::disallowed_methods, reason = "the program under test")]
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialgate"));
    command.env_remove("SUDO_USER").env_remove("TMUX").env_remove("STY").env("TZ", "UTC");
    command.env("SSH_CONNECTION", "127.0.0.1 50022 127.0.0.1 22");
    command
}

/// A script of a shell, with the same environment.
#[expect(clippy::disallowed_methods, reason = "stands between the test and the program")]
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("TZ", "UTC");
    command.env_remove("SUDO_USER").env_remove("TMUX").env_remove("STY");
    command
}

pub(crate) fn answer(mut command: Command, input: &[u8]) -> Answer {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test reads the same clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Whether any file below `folder` holds `text`.
pub(crate) fn found_in(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return found_in(&path, text);
        }
        let content = std::fs::read(&path).unwrap();
        content.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn strings(ledger: &Ledger, sql: &str) -> Vec<String> {
    let mut statement = ledger.connection().prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn rows(ledger: &Ledger, table: &str) -> Vec<String> {
    let mut statement = ledger.connection().prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column)).collect()
    });
    let rows: Vec<Vec<_>> = rows.unwrap().collect::<Result<_, _>>().unwrap();
    rows.into_iter().map(|row| format!("{table} {row:?}")).collect()
}
