//! Owners, and what another user may do. Only root can give files away, so without root these are skipped.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;

use dialgate_contract::SystemUser;

use crate::site::{ANN, Answer, Site, answer};

/// A site whose programs run as `daemon`, a user that every Unix has.
struct Shared {
    site: Site,
    user: SystemUser,
    program: PathBuf,
}

impl Shared {
    /// `None`, and a word about it, when this process is not root.
    fn new() -> Option<Self> {
        if !SystemUser::is_root() {
            // Past the test harness, which keeps what tests print to itself.
            let _ = writeln!(std::io::stderr(), "skipped: only root can give files away");
            return None;
        }
        let user = SystemUser::lookup("daemon").unwrap();
        let site = Site::bare("user = \"daemon\"");
        std::fs::set_permissions(site.path("."), PermissionsExt::from_mode(0o755)).unwrap();
        site.ok("init");
        // The folder it was built in may be closed to other users.
        let program = site.path("dialgate");
        std::fs::copy(env!("CARGO_BIN_EXE_dialgate"), &program).unwrap();
        Some(Self { site, user, program })
    }

    /// Runs a line as another user, with that user's own group and no other.
    fn run_as(&self, user: &str, line: &str) -> Answer {
        let user = SystemUser::lookup(user).unwrap();
        let mut command = setpriv();
        command.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid));
        command.arg("--clear-groups").arg(&self.program).arg("--config").arg(self.site.config());
        command.args(line.split_whitespace()).current_dir("/");
        answer(command, b"")
    }
}

#[expect(clippy::disallowed_methods, reason = "hides the machine's own files")]
fn unshare() -> Command {
    Command::new("unshare")
}

#[expect(clippy::disallowed_methods, reason = "becomes another user for the program under test")]
fn setpriv() -> Command {
    Command::new("setpriv")
}

#[test]
fn root_writes_the_programs_user_reads_and_nobody_else_does_either() {
    let Some(shared) = Shared::new() else { return };
    let (uid, gid) = (shared.user.uid, shared.user.gid);
    for (name, owner, mode) in [
        ("dialgate.toml", (0, gid), 0o640),
        ("pepper", (0, gid), 0o640),
        ("data", (0, gid), 0o750),
        ("data/queue", (uid, gid), 0o700),
        ("data/ledger.db", (0, gid), 0o640),
        ("data/ledger.db-wal", (0, gid), 0o640),
        ("data/ledger.db-shm", (0, gid), 0o640),
    ] {
        let found = std::fs::metadata(shared.site.path(name)).unwrap();
        assert_eq!(((found.uid(), found.gid()), found.mode() & 0o7777), (owner, mode), "{name}");
    }
}

/// `init` on a machine that has the user and nothing else, with a narrow umask: the default places, seen by nobody
/// but the shell in its own mount namespace.
const FRESH_MACHINE: &str = r#"
    mount -t tmpfs none /etc && mount -t tmpfs none /var/lib || exit 99
    echo dialgate:x:990:991::/nonexistent:/usr/sbin/nologin > /etc/passwd
    umask 077
    "$0" init > /dev/null && "$0" init || exit
    cd /etc/dialgate && stat -c '%u:%g %a %n' . dialgate.toml pepper
    cd /var/lib/dialgate && stat -c '%u:%g %a %n' . queue ledger.db ledger.db-wal ledger.db-shm
    ls -A /etc/dialgate /var/lib/dialgate | grep -v '^ledger.db'
"#;

#[test]
fn a_fresh_machine_gets_everything_in_its_default_place() {
    let Some(shared) = Shared::new() else { return };
    let mut command = unshare();
    command.args(["--mount", "sh", "-c", FRESH_MACHINE]).arg(&shared.program);
    let answer = answer(command, b"");
    if matches!(answer.code, 1 | 99) && !answer.err.contains("dialgate:") {
        let _ = writeln!(std::io::stderr(), "skipped: no mount namespace here: {}", answer.err);
        return;
    }
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    assert_eq!(
        answer.out,
        "was there  /etc/dialgate/dialgate.toml\n\
         was there  /var/lib/dialgate\n\
         was there  /var/lib/dialgate/queue\n\
         was there  /var/lib/dialgate/ledger.db\n\
         was there  /etc/dialgate/pepper\n\
         Next:\n  dialgate account add auto --name Ann --email ann@example.net --services sip\n\
         0:0 755 .\n0:991 640 dialgate.toml\n0:991 640 pepper\n\
         0:991 750 .\n990:991 700 queue\n\
         0:991 640 ledger.db\n0:991 640 ledger.db-wal\n0:991 640 ledger.db-shm\n\
         /etc/dialgate:\ndialgate.toml\npepper\n\n/var/lib/dialgate:\nqueue\n"
    );
}

#[test]
fn owners_that_are_wrong_are_mended() {
    let Some(shared) = Shared::new() else { return };
    let names = ["data", "data/ledger.db", "data/ledger.db-shm", "pepper"];
    for name in names {
        chown(shared.site.path(name), Some(shared.user.uid), Some(0)).unwrap();
    }
    let said = shared.site.ok("init");
    assert_eq!(said.matches("owner ").count(), names.len(), "{said}");
    for name in names {
        let found = std::fs::metadata(shared.site.path(name)).unwrap();
        assert_eq!((found.uid(), found.gid()), (0, shared.user.gid), "{name}");
    }
}

#[test]
fn root_writes_no_ledger_that_lies_where_others_may_write() {
    let Some(shared) = Shared::new() else { return };
    let (data, user) = (shared.site.path("data"), shared.user.uid);
    chown(&data, Some(user), None).unwrap();
    shared.site.refuses(ANN, 78, &["data", "others than root", "dialgate init"]);
    chown(&data, Some(0), None).unwrap();
    std::fs::set_permissions(&data, PermissionsExt::from_mode(0o770)).unwrap();
    shared.site.refuses(ANN, 78, &["data", "others than root", "dialgate init"]);
    shared.site.ok("init");
    shared.site.ok(ANN);
}

#[test]
fn the_programs_user_reads_the_ledger_with_and_without_a_writer_and_changes_nothing() {
    let Some(shared) = Shared::new() else { return };
    shared.site.ok(ANN);
    shared.site.ok("lease grant 4711 12.34.56.78");
    // The last writer has closed the ledger, and the WAL holds what it wrote.
    let answer = shared.run_as("daemon", "lease list --json");
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    assert!(answer.out.contains("12.34.56.78"));

    let path = shared.site.path("data/ledger.db");
    let mut writer = dialgate_contract::ledger::Ledger::open(&path).unwrap();
    let seen = writer.write(|tx| {
        tx.execute("UPDATE account SET name = 'Eve'", [])?;
        Ok::<_, dialgate_contract::database::DatabaseError>(shared.run_as("daemon", "account list"))
    });
    let seen = seen.unwrap();
    assert!(seen.code == 0 && seen.out.contains("Ann"), "{seen:?}");
    assert!(shared.run_as("daemon", "account list").out.contains("Eve"));
    drop(writer);
    assert!(shared.run_as("daemon", "account list").out.contains("Eve"));

    for line in ["account disable 4711", "init", "service add vpn udp:1", "lease revoke L1"] {
        let answer = shared.run_as("daemon", line);
        assert_eq!(answer.code, 77, "{line}: {answer:?}");
        assert!(answer.err.contains("as root"), "{line}: {answer:?}");
    }
    assert_eq!(shared.site.json("account show 4711")["enabled"], true);
}

#[test]
fn a_wal_that_another_tool_took_away_is_mended_by_the_next_writer() {
    let Some(shared) = Shared::new() else { return };
    shared.site.ok(ANN);
    let path = shared.site.path("data/ledger.db");
    let tool = rusqlite::Connection::open(&path).unwrap();
    tool.query_row("SELECT count(*) FROM account", [], |_| Ok(())).unwrap();
    tool.close().unwrap();
    assert!(!shared.site.path("data/ledger.db-wal").exists(), "the tool closed it cleanly");

    let answer = shared.run_as("daemon", "account list");
    assert_eq!(answer.code, 75, "{answer:?}");
    assert!(answer.err.contains("try again") && answer.err.contains("ledger.db"), "{answer:?}");
    shared.site.ok("init");
    assert_eq!(shared.run_as("daemon", "account list").code, 0);
}

#[test]
fn any_other_user_reads_nothing() {
    let Some(shared) = Shared::new() else { return };
    let answer = shared.run_as("nobody", "account list");
    assert_eq!(answer.code, 77, "{answer:?}");
    // Even with the configuration open to all, the ledger is not.
    let open = PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(shared.site.config(), open).unwrap();
    let answer = shared.run_as("nobody", "account list");
    assert_eq!(answer.code, 77, "{answer:?}");
    assert!(answer.err.contains("as root"), "{answer:?}");
}
