//! The program as it ships: beside another one, over a ledger that is replaced, with letters that wait.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use crate::site::{self, Site};
use dialgate_contract::Refusal;
use dialgate_contract::ledger::letter::{self, Letter};
use dialgate_contract::ledger::{Ledger, Verdict};

/// `--watch`, killed on drop.
struct Watching(Child);

impl Watching {
    /// Started, and through its first pass.
    fn over(site: &Site) -> Self {
        let mut child = site::command(env!("CARGO_BIN_EXE_dialgate-reconciler"))
            .args(["--watch", "--config"])
            .arg(site.config())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while printed.read_line(&mut line).unwrap() > 0 && !line.ends_with("COMMIT\n") {
            line.clear();
        }
        // Read on, or it would wait for room in the pipe.
        std::thread::spawn(move || std::io::copy(&mut printed, &mut std::io::sink()));
        Self(child)
    }

    /// Its end, and what it said.
    fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.0.wait().unwrap().code(), said)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn post(ledger: &mut Ledger) -> letter::LetterId {
    let letter = Letter::Refused {
        account: "4711".parse().unwrap(),
        address: "10.0.0.1".to_owned(),
        refusal: Refusal::PrivateAddress,
        caller: "unknown".to_owned(),
        at: site::now(),
    };
    ledger.write(|tx| letter::post(tx, "operator@example.net", &letter, site::now())).unwrap()
}

#[test]
fn a_second_one_is_refused_but_looking_is_not_and_the_lock_is_roots_alone() {
    let site = Site::new();
    let id = site.enqueue(1);
    let _watching = Watching::over(&site);
    let second = site.once(&[]);
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(75), "{said}");
    assert!(said.contains("use cron or systemd, not both"), "{said}");
    let lock = std::fs::metadata(site.data().join("reconciler.lock")).unwrap();
    assert_eq!(lock.permissions().mode() & 0o777, 0o600);

    let looking = site::command(env!("CARGO_BIN_EXE_dialgate-reconciler"))
        .args(["--dry-run", "--config"])
        .arg(site.config())
        .output()
        .unwrap();
    assert!(looking.status.success(), "{looking:?}");
    let mut patience = 500;
    while site.verdict(id).is_none() && patience > 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        patience -= 1;
    }
    assert!(matches!(site.verdict(id), Some(Verdict::Open(..))));
}

#[test]
fn a_ledger_that_is_replaced_ends_it_with_a_message() {
    let site = Site::new();
    let mut watching = Watching::over(&site);
    let ledger = site.data().join("ledger.db");
    let backup = site.data().join("backup.db");
    std::fs::copy(&ledger, &backup).unwrap();
    std::fs::rename(&backup, &ledger).unwrap();
    let (code, said) = watching.end();
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains("ledger.db was replaced or removed"), "{said}");
}

/// Processor time in hundredths of a second.
fn spent(child: &Child) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let words: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let [user, system] = [11, 12].map(|n| words.get(n).unwrap().parse::<u32>().unwrap());
    user + system
}

#[test]
fn letters_that_wait_while_mail_is_off_do_not_keep_it_busy() {
    let site = Site::new();
    post(&mut Ledger::open(&site.data().join("ledger.db")).unwrap());
    let watching = Watching::over(&site);
    let before = spent(&watching.0);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let ticks = spent(&watching.0) - before;
    assert!(ticks < 30, "{ticks} of 100 hundredths of a second");
}

#[test]
fn a_letter_that_cannot_be_read_is_given_up_and_the_next_one_leaves() {
    let site = Site::new();
    let letters = site.data().join("letters");
    std::fs::create_dir(&letters).unwrap();
    std::fs::set_permissions(&letters, std::fs::Permissions::from_mode(0o777)).unwrap();
    let text = std::fs::read_to_string(site.config()).unwrap();
    let text = text.replace("\"off\"", &format!("\"file\"\ndirectory = {letters:?}"));
    std::fs::write(site.config(), text).unwrap();
    let mut ledger = Ledger::open(&site.data().join("ledger.db")).unwrap();
    let odd = post(&mut ledger);
    post(&mut ledger);
    let sql = "UPDATE letter SET content = '{}' WHERE id = ?1";
    ledger
        .write(|tx| {
            tx.execute(sql, [odd.row()]).map_err(dialgate_contract::database::DatabaseError::from)
        })
        .unwrap();
    // One look at the outbox for each of them.
    for _ in 0..2 {
        assert!(site.once(&[]).status.success());
    }
    assert_eq!(std::fs::read_dir(&letters).unwrap().count(), 1);
    assert_eq!(letter::backlog(ledger.connection()).unwrap(), (0, 1));
}
