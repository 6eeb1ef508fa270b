//! The program as it ships, whose allow list names hosts.

use std::fs::Permissions;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Allow, Ledger, allow, host};
use jiff::Timestamp;

use crate::dns::{Says, serve};
use crate::namespace::with_own_dns;

const PROVIDER: &str = "provider.example.net";
const OTHER: &str = "other.example.net";

struct Site(tempfile::TempDir);

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Site {
    fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        let data = site.0.path().join("data");
        for (folder, mode) in
            [(site.0.path().to_owned(), 0o755), (data.clone(), 0o750), (data.join("queue"), 0o700)]
        {
            let _ = std::fs::create_dir(&folder);
            std::fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        }
        let text = format!(
            "data-dir = \"{}\"\nuser = \"daemon\"\n[mail]\ntransport = \"off\"\n",
            data.display()
        );
        std::fs::write(site.0.path().join("dialgate.toml"), text).unwrap();
        site
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(&self.0.path().join("data/ledger.db")).unwrap()
    }

    fn command(&self, mode: &str) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_dialgate-reconciler"));
        command.arg(mode).arg("--config").arg(self.0.path().join("dialgate.toml"));
        command
    }

    fn watch(&self) -> Running {
        let mut command = self.command("--watch");
        Running(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn allow(&self, name: &str) {
        let entry = Allow {
            origin: name.parse().unwrap(),
            services: ["sip".parse().unwrap()].into(),
            name: String::new(),
            expires_at: None,
            created_at: now(),
        };
        self.ledger().write(|tx| allow::put(tx, &entry)).unwrap();
    }

    fn problem(&self, name: &str) -> Option<String> {
        host::problem(self.ledger().connection(), &name.parse().unwrap()).unwrap()
    }

    /// Lets hosts be asked for again, or what they answered be long ago.
    fn sql(&self, statement: &str) {
        let execute = |tx: &rusqlite::Transaction<'_>| {
            tx.execute(statement, []).map(|_| ()).map_err(DatabaseError::from)
        };
        self.ledger().write(execute).unwrap();
    }
}

fn open(address: &str) -> bool {
    let output = command("/usr/sbin/ipset").arg("save").output().unwrap();
    let saved = String::from_utf8_lossy(&output.stdout);
    saved.lines().any(|line| {
        line.starts_with("add dg-sip-") && line.contains(&format!(" {address} timeout "))
    })
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = clock();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} has not happened");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The provider is where it was, or inside.
fn dns(is_bad: &Arc<AtomicBool>) {
    let is_bad = Arc::clone(is_bad);
    serve(move |name| {
        let addresses: &[&str] = match name {
            PROVIDER if is_bad.load(Ordering::SeqCst) => &["10.0.0.1", "12.34.56.99"],
            PROVIDER => &["12.34.56.78", "12.34.56.79", "2a01:4f8::1"],
            OTHER => &["12.34.57.1"],
            _ => return Says::NoSuchName,
        };
        let parsed = addresses.iter().map(|address| address.parse::<IpAddr>().unwrap());
        Says::Addresses(parsed.collect())
    });
}

#[test]
fn a_host_is_let_in_at_once_and_a_bad_answer_changes_nothing_for_two_hours() {
    with_own_dns(|| {
        let is_bad = Arc::new(AtomicBool::new(false));
        dns(&is_bad);
        let site = Site::new();
        drop(site.ledger());
        let _running = site.watch();
        site.allow(PROVIDER);
        for address in ["12.34.56.78", "12.34.56.79", "2a01:4f8::1"] {
            until(address, || open(address));
        }
        is_bad.store(true, Ordering::SeqCst);
        site.allow(OTHER);
        site.sql("UPDATE host SET asked_at = 0");
        until("the bad answer is written down", || site.problem(PROVIDER).is_some());
        let problem = site.problem(PROVIDER).unwrap();
        assert!(problem.contains("10.0.0.1 is private"), "{problem}");
        until("the other is let in", || open("12.34.57.1"));
        assert!(open("12.34.56.78") && !open("12.34.56.99") && !open("10.0.0.1"));
        site.sql("UPDATE host_address SET answered_at = answered_at - 7200 WHERE host LIKE 'p%'");
        until("two hours after the last good answer it is out", || !open("12.34.56.78"));
        assert!(open("12.34.57.1"));
    });
}

#[test]
fn answers_that_cannot_be_written_down_are_not_asked_for_without_a_pause() {
    with_own_dns(|| {
        let questions = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&questions);
        serve(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Says::Addresses(vec!["12.34.56.78".parse().unwrap()])
        });
        let site = Site::new();
        // As on a disk that is full.
        site.sql("CREATE TRIGGER full BEFORE INSERT ON host BEGIN SELECT RAISE(FAIL, 'full'); END");
        let _running = site.watch();
        site.allow(PROVIDER);
        until("it is asked for", || questions.load(Ordering::SeqCst) >= 2);
        std::thread::sleep(Duration::from_secs(3));
        // One question for each family, and perhaps one that was under way.
        let asked = questions.load(Ordering::SeqCst);
        assert!(asked <= 4, "{asked} questions");
        assert!(!open("12.34.56.78"));
    });
}

#[test]
fn once_asks_for_hosts_as_well() {
    with_own_dns(|| {
        dns(&Arc::new(AtomicBool::new(false)));
        let site = Site::new();
        site.allow(PROVIDER);
        site.allow("gone.example.net");
        let output = site.command("--once").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(open("12.34.56.78") && open("2a01:4f8::1"));
        assert!(site.problem("gone.example.net").is_some());
    });
}

#[expect(clippy::disallowed_methods, reason = "tests run the program by real clocks")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "tests meet real deadlines")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "tests start processes")]
fn command(program: &str) -> Command {
    Command::new(program)
}
