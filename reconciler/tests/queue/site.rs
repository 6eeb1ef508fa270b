//! A reconciler as it ships, on a ledger and a queue in a temporary folder, with the firewall in memory.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use dialgate_contract::ledger::{Account, Ledger, LedgerReader, Verdict, account, verdict};
use dialgate_contract::queue::{Matter, Queue, Request, Wish};
use dialgate_contract::{CallerId, RequestId, SystemUser};
use jiff::Timestamp;
use tempfile::TempDir;

/// Whom the children run as when the test is root.
pub(crate) const USER: &str = "daemon";

/// A pass with a reader that hangs is over after five seconds, and what it costs itself.
const BOUND: Duration = Duration::from_secs(8);

pub(crate) struct Site {
    folder: TempDir,
    pub(crate) root: bool,
}

impl Site {
    /// With account 4711, and an empty queue that belongs to [`USER`] where that can be.
    pub(crate) fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap(), root: SystemUser::is_root() };
        set_permissions(site.folder.path(), Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir_all(site.queue_dir()).unwrap();
        let user = if site.root { USER } else { "" };
        let data = site.data();
        let configuration = format!(
            "data-dir = {data:?}\nuser = {user:?}\n[firewall]\nbackend = \"dry-run\"\n[mail]\ntransport = \"off\"\n"
        );
        std::fs::write(site.config(), configuration).unwrap();
        let mut ledger = Ledger::open(&site.data().join("ledger.db")).unwrap();
        ledger.write(|tx| account::insert(tx, &ann(), "-")).unwrap();
        drop(Queue::open(&site.queue()).unwrap());
        site.give_away();
        site
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn queue_dir(&self) -> PathBuf {
        self.data().join("queue")
    }

    pub(crate) fn queue(&self) -> PathBuf {
        self.queue_dir().join("queue.db")
    }

    /// Everything in the queue's folder belongs to the telephone side.
    pub(crate) fn give_away(&self) {
        if !self.root {
            return;
        }
        let user = SystemUser::lookup(USER).unwrap();
        let files = std::fs::read_dir(self.queue_dir()).unwrap().map(|entry| entry.unwrap().path());
        for path in files.chain([self.queue_dir()]) {
            std::os::unix::fs::lchown(&path, Some(user.uid), Some(user.gid)).unwrap();
        }
        set_permissions(self.queue_dir(), Permissions::from_mode(0o700)).unwrap();
        chown(self.data(), Some(0), Some(user.gid)).unwrap();
    }

    /// Account 4711 asks for 12.34.56.`n`.
    pub(crate) fn enqueue(&self, n: u8) -> RequestId {
        let address = format!("12.34.56.{n}").parse().unwrap();
        self.wish(n, Wish::Open { address, lifetime: None })
    }

    pub(crate) fn wish(&self, n: u8, wish: Wish) -> RequestId {
        self.tell(n, Matter::Access { account: ann().number, wish })
    }

    pub(crate) fn tell(&self, n: u8, matter: Matter) -> RequestId {
        let id = RequestId::from_random([n; 16]);
        let caller = CallerId::from_network("2001");
        let request = Request { id, matter, caller, requested_at: now() };
        Queue::open(&self.queue()).unwrap().enqueue(&request).unwrap();
        self.give_away();
        id
    }

    pub(crate) fn verdict(&self, id: RequestId) -> Option<Verdict> {
        let ledger = LedgerReader::open(&self.data().join("ledger.db")).unwrap();
        verdict::find(ledger.connection(), id).unwrap()
    }

    /// `dialgate-reconciler --once`, to its end, behind `prefix`.
    pub(crate) fn once(&self, prefix: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_dialgate-reconciler");
        let mut words = prefix.iter().copied().chain([program, "--once", "--config"]);
        command(words.next().unwrap())
            .args(words)
            .arg(self.config())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The same, in good time.
    #[expect(clippy::disallowed_methods, reason = "the test measures against a bound")]
    pub(crate) fn bounded(&self) {
        let begun = Instant::now();
        let output = self.once(&[]);
        assert!(output.status.success(), "{output:?}");
        assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("dialgate.toml")
    }
}

#[expect(clippy::disallowed_methods, reason = "the test starts the program that it tests")]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "requests are of now")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

fn ann() -> Account {
    Account::new(
        "4711".parse().unwrap(),
        "Ann".to_owned(),
        "ann@example.net".to_owned(),
        ["sip".parse().unwrap()].into(),
        now(),
    )
}
