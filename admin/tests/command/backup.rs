use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dialgate_contract::ledger::{BasePolicy, Exempt, LedgerReader, audit, base_policy, lease};
use serde_json::{Value, json};

use crate::site::{ANN, Answer, Site, now, program};
use crate::terminal::Terminal;

/// With an account whose PIN is known, a lease and something on both lists.
fn site() -> Site {
    let site = Site::new();
    let add: Vec<&str> = ANN.split(' ').chain(["--pin-stdin"]).collect();
    assert_eq!(site.run_with(&add, b"90210345").code, 0);
    site.ok("lease grant 4711 12.34.56.78");
    site.ok("allow add sip.example.net --services sip");
    site.ok("deny add 12.34.57.0/24");
    site
}

fn backed_up(site: &Site) -> String {
    let file = site.path("backup.tar").display().to_string();
    let told = site.ok(&format!("backup {file}"));
    assert!(
        told.contains("like a password") && told.lines().all(|line| line.len() <= 80),
        "{told}"
    );
    file
}

fn numbers(site: &Site) -> Vec<String> {
    let list = site.json("account list");
    list.as_array().unwrap().iter().map(|row| row["account"].as_str().unwrap().to_owned()).collect()
}

fn lines(site: &Site) -> Vec<String> {
    let list = site.json("audit");
    let line = |row: &Value| {
        format!("{} {}", row["action"].as_str().unwrap(), row["detail"].as_str().unwrap())
    };
    list.as_array().unwrap().iter().map(line).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let all = std::fs::read_dir(folder).unwrap();
    all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Puts the content on standard input, for what cannot be read from a file.
fn restore(site: &Site, tar: &[u8]) -> Answer {
    site.run_with(&["restore", "-", "--yes"], tar)
}

#[test]
fn a_restored_site_is_as_it_was_but_that_nothing_is_open() {
    let site = site();
    let file = backed_up(&site);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    site.ok("account add 4712 --name Eve --email eve@example.net --services sip");
    site.ok("account disable 4711");
    site.ok("deny remove 12.34.57.0/24");
    site.ok("lease grant 4712 12.34.56.79");

    let before = lines(&site);
    let shown = site.ok(&format!("restore {file}"));
    for words in [
        "1, 2 before",
        "account 4712 (Eve) goes",
        "account 4711 (Ann): enabled no -> yes",
        "12.34.57.0/24 comes to the deny list",
        "L2 ends: 12.34.56.79 of account 4712",
        "the same",
        "say it again with --yes",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(shown.lines().all(|line| line.len() <= 80), "{shown}");
    assert_eq!((lines(&site), numbers(&site).len()), (before, 2));

    let reader = LedgerReader::open(&site.path("data/ledger.db")).unwrap();
    assert_eq!(lease::not_ended(reader.connection()).unwrap().len(), 1);
    let done = site.ok(&format!("restore {file} --yes"));
    assert!(done.contains("restored") && done.contains("before-restore-"), "{done}");
    assert_eq!(lease::not_ended(reader.connection()).unwrap(), [], "an open reader sees it");
    assert_eq!((numbers(&site), site.json("lease list")), (vec!["4711".to_owned()], json!([])));
    assert!(site.pin_is("4711", "90210345"));
    assert_eq!(site.json("deny list").as_array().unwrap().len(), 1);
    assert_eq!(site.json("lease list --all")[0]["state"], "revoked");
    let told = lines(&site);
    assert!(told.iter().any(|line| line == "lease-revoked L1 12.34.56.78"), "{told:?}");
    assert!(told.iter().any(|line| line == "lease-revoked L2 12.34.56.79"), "{told:?}");
    assert!(told.last().unwrap().starts_with("ledger-restored backup of 20"), "{told:?}");
    assert!(audit::verify(reader.connection(), None).unwrap().fault.is_none());
    let beside = names(&site.path("data"));
    assert!(!beside.iter().any(|name| name.starts_with(".backup-")), "{beside:?}");
    let lease = site.json("lease grant 4711 12.34.56.80");
    assert_eq!(lease["id"], "L3", "a lease of the ledger before is never named again");
}

#[test]
fn what_a_restore_replaced_can_be_restored_in_turn() {
    let site = site();
    let file = backed_up(&site);
    site.ok("account add 4712 --name Eve --email eve@example.net --services sip");
    let done = site.json(&format!("restore {file} --yes"));
    assert_eq!(numbers(&site), ["4711"]);
    let kept = done["kept"].as_str().unwrap();
    assert_eq!(std::fs::metadata(kept).unwrap().permissions().mode() & 0o7777, 0o600);
    site.ok(&format!("restore {kept} --yes"));
    assert_eq!(numbers(&site), ["4711", "4712"]);
}

#[test]
fn another_machine_takes_the_backup_over_and_the_pin_is_still_right() {
    let (old, new) = (site(), Site::bare("user = \"\"\n[lease]\nmax = \"3d\""));
    let file = backed_up(&old);
    let shown = new.ok(&format!("restore {file}"));
    assert!(shown.contains("lease.max is \"3d\", in the backup the default"), "{shown}");
    assert!(!new.path("data").exists() && !new.path("pepper").exists());
    let done = new.ok(&format!("restore {file} --yes"));
    assert!(done.contains("systemctl restart dialgate-agi"), "{done}");
    assert!(new.pin_is("4711", "90210345"));
    assert_eq!((new.json("lease list"), numbers(&new)), (json!([]), vec!["4711".to_owned()]));
    assert!(new.ok("audit verify").contains("sealed") || !lines(&new).is_empty());
    let again = new.json(&format!("restore {file}"));
    assert_eq!((&again["pepper_differs"], &again["config"]), (&json!(false), &json!("kept")));
}

#[test]
fn a_machine_that_lost_everything_gets_its_configuration_too() {
    let site = site();
    let text = std::fs::read(backed_up(&site)).unwrap();
    std::fs::remove_dir_all(site.path("data")).unwrap();
    std::fs::remove_file(site.path("pepper")).unwrap();
    let config = std::fs::read(site.config()).unwrap();
    std::fs::remove_file(site.config()).unwrap();
    // Without a configuration the default user counts, who is not for every tester to be.
    let answer = restore(&site, &text);
    if answer.code == 77 {
        return;
    }
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.out.contains("of the backup"), "{answer:?}");
    assert_eq!(std::fs::read(site.config()).unwrap(), config);
    assert!(site.pin_is("4711", "90210345"));
}

#[test]
fn a_pepper_that_differs_is_replaced_and_the_rest_goes_on() {
    let site = site();
    let file = backed_up(&site);
    std::fs::write(site.path("pepper"), "11".repeat(32) + "\n").unwrap();
    assert!(!site.pin_is("4711", "90210345"));
    let done = site.ok(&format!("restore {file} --yes"));
    assert!(done.contains("systemctl restart dialgate-agi"), "{done}");
    assert!(site.pin_is("4711", "90210345"));
    let before = std::fs::read_to_string(site.path("pepper.before-restore")).unwrap();
    assert_eq!(before, "11".repeat(32) + "\n");
    let modes = ["pepper", "pepper.before-restore"]
        .map(|name| std::fs::metadata(site.path(name)).unwrap().permissions().mode() & 0o7777);
    assert_eq!(modes, [0o640, 0o640]);
}

#[test]
fn nobody_restores_what_would_keep_his_own_connection_out() {
    let site = site();
    let file = backed_up(&site);
    site.ok("deny remove 12.34.57.0/24");
    std::fs::write(site.path("pepper"), "11".repeat(32) + "\n").unwrap();
    let line = format!("restore {file} --yes");
    let before = (lines(&site), std::fs::read(site.path("pepper")).unwrap());
    let answer = site.run_from("12.34.57.9", &line);
    assert!(answer.code == 65 && answer.err.contains("--even-me"), "{answer:?}");
    assert_eq!((lines(&site), std::fs::read(site.path("pepper")).unwrap()), before);
    assert_eq!(site.run_from("12.34.57.9", &format!("{line} --even-me")).code, 0);
}

#[test]
fn what_is_no_whole_backup_changes_nothing() {
    let site = site();
    let tar = std::fs::read(backed_up(&site)).unwrap();
    let mut flipped = tar.clone();
    let place = tar.windows(4).position(|window| window == b"4711").unwrap();
    flipped[place] ^= 1;
    let pepper = std::fs::read(site.path("pepper")).unwrap();
    for (bad, words) in [
        (&tar[..tar.len() / 2], "damaged"),
        (&tar[..700], "damaged"),
        (flipped.as_slice(), "is not what was put into it"),
        (b"".as_slice(), "empty"),
        (b"hello".as_slice(), "no backup of dialgate"),
    ] {
        site.refuses_with(&["restore", "-", "--yes"], bad, 65, &[words, "nothing was changed"]);
        assert_eq!(std::fs::read(site.path("pepper")).unwrap(), pepper);
        assert!(!names(&site.path("data")).iter().any(|name| name.contains("backup-")));
    }
    site.refuses("restore /nonexistent/x --yes", 74, &["/nonexistent/x"]);
}

#[test]
fn a_backup_goes_to_a_file_or_a_pipe_but_never_over_something_else_or_on_a_terminal() {
    let site = site();
    let file = backed_up(&site);
    site.ok(&format!("backup {file}"));
    std::fs::write(site.path("mine"), "mine").unwrap();
    let line = format!("backup {}", site.path("mine").display());
    site.refuses(&line, 65, &["is no backup of dialgate"]);
    let mut command = program();
    command.arg("--config").arg(site.config()).args(["backup", "-"]);
    let (seen, code) = Terminal::open(command).end();
    assert_eq!(code, Some(64), "{seen}");
    let mut command = program();
    command.arg("--config").arg(site.config()).args(["backup", "-"]);
    let piped = command.output().unwrap().stdout;
    assert!(piped.starts_with(b"dialgate-backup.json"));
    assert_eq!(restore(&site, &piped).code, 0);
}

#[test]
fn the_trail_of_a_backup_that_somebody_changed_is_told_of() {
    let site = site();
    let other = rusqlite::Connection::open(site.path("data/ledger.db")).unwrap();
    other.execute_batch("DROP TRIGGER audit_update").unwrap();
    let trigger = "CREATE TRIGGER audit_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'lines are only added to the audit trail'); END";
    other.execute("UPDATE audit SET detail = 'x' WHERE id = 2", []).unwrap();
    other.execute_batch(trigger).unwrap();
    drop(other);
    let file = backed_up(&site);
    let shown = site.ok(&format!("restore {file}"));
    assert!(shown.contains("BROKEN") && shown.contains("line 2 is not"), "{shown}");
}

#[test]
fn whether_others_are_kept_out_is_not_for_a_backup_to_say() {
    let site = site();
    let decide = |policy| {
        site.ledger().write(|tx| base_policy::set(tx, policy, &Exempt::default(), now())).unwrap();
    };
    let decided =
        || base_policy::find(site.ledger().connection()).unwrap().map(|found| found.policy);
    decide(BasePolicy::On);
    let file = backed_up(&site);
    decide(BasePolicy::Off);
    site.ok(&format!("restore {file} --yes"));
    assert_eq!(decided(), None);
    decide(BasePolicy::On);
    site.ok(&format!("restore {file} --yes"));
    assert_eq!(decided(), Some(BasePolicy::On));
}

#[test]
fn what_a_backup_left_that_was_killed_goes_with_a_later_one() {
    let site = site();
    let day = std::time::Duration::from_secs(25 * 60 * 60);
    for (name, age) in [(".backup-old", day), (".backup-new", std::time::Duration::ZERO)] {
        let folder = site.path("data").join(name);
        std::fs::create_dir(&folder).unwrap();
        let then = std::time::UNIX_EPOCH
            + std::time::Duration::try_from(now().as_duration()).unwrap()
            - age;
        std::fs::File::open(&folder).unwrap().set_modified(then).unwrap();
    }
    backed_up(&site);
    let left = names(&site.path("data"));
    assert!(!left.contains(&".backup-old".to_owned()), "{left:?}");
    assert!(left.contains(&".backup-new".to_owned()), "{left:?}");
}

#[test]
fn the_configuration_of_a_backup_has_no_say_over_files_that_are_not_ours() {
    for (is_data, name) in [(false, "pepper"), (true, "data")] {
        let site = site();
        let text = std::fs::read(backed_up(&site)).unwrap();
        std::fs::remove_dir_all(site.path("data")).unwrap();
        std::fs::remove_file(site.path("pepper")).unwrap();
        std::fs::remove_file(site.config()).unwrap();
        let theirs = site.path(if is_data { "data/shadow" } else { "pepper" });
        if is_data {
            std::fs::create_dir(site.path("data")).unwrap();
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(site.path("data"), open).unwrap();
        }
        std::fs::write(&theirs, "root:*:\n").unwrap();
        let before = std::fs::metadata(site.path(name)).unwrap().permissions().mode();
        let answer = restore(&site, &text);
        if answer.code == 77 {
            return;
        }
        assert!(answer.code == 65 && answer.err.contains("nothing was changed"), "{answer:?}");
        let after = std::fs::metadata(site.path(name)).unwrap().permissions().mode();
        assert_eq!((after, site.config().exists()), (before, false));
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "root:*:\n");
    }
}

#[test]
fn what_services_open_after_a_restore_is_shown() {
    let site = site();
    let file = backed_up(&site);
    site.ok("service remove web");
    site.ok("service add fax tcp:99");
    let shown = site.ok(&format!("restore {file}"));
    for words in ["service web comes: tcp:80 tcp:443", "service fax goes"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_ledger_that_could_not_count_on_is_refused() {
    for edit in [
        "UPDATE revision SET number = 9223372036854775806",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'lease'",
    ] {
        let site = site();
        let ledger = rusqlite::Connection::open(site.path("data/ledger.db")).unwrap();
        ledger.execute(edit, []).unwrap();
        drop(ledger);
        let file = backed_up(&site);
        let answer = site.run(&format!("restore {file}"));
        assert!(answer.code == 65 && answer.err.contains("counts"), "{edit}: {answer:?}");
    }
}

#[test]
fn requests_whose_verdicts_are_lost_are_not_decided_again() {
    let site = site();
    let file = backed_up(&site);
    let queue = site.path("data/queue/queue.db");
    // Of a caller who hung up before the verdict was heard.
    std::fs::write(&queue, "a request").unwrap();
    site.ok(&format!("restore {file} --yes"));
    assert!(queue.exists(), "the verdict is in the ledger that was here");
    for suffix in ["", "-wal", "-shm"] {
        let ledger = site.path(&format!("data/ledger.db{suffix}"));
        let moved = site.path(&format!("ledger.old{suffix}"));
        let _ = std::fs::rename(ledger, moved);
    }
    site.ok(&format!("restore {file} --yes"));
    assert!(!queue.exists());
}

#[test]
fn what_comes_with_the_configuration_of_a_backup_is_shown() {
    let site = site();
    site.configure("[firewall]\nbackend = \"dry-run\"");
    let text = std::fs::read(backed_up(&site)).unwrap();
    std::fs::remove_dir_all(site.path("data")).unwrap();
    std::fs::remove_file(site.config()).unwrap();
    let answer = site.run_with(&["restore", "-"], &text);
    if answer.code == 77 {
        return;
    }
    assert!(
        answer.out.contains("firewall.backend is the default, in the backup \"dry-run\""),
        "{answer:?}"
    );
}

#[test]
fn a_pepper_goes_to_no_folder_that_only_a_backup_names() {
    let site = site();
    let sudoers = site.path("sudoers.d");
    let config = std::fs::read_to_string(site.config()).unwrap();
    std::fs::create_dir(&sudoers).unwrap();
    std::fs::rename(site.path("pepper"), sudoers.join("pepper")).unwrap();
    let moved = format!("{:?}", sudoers.join("pepper"));
    let config = config.replace(&format!("{:?}", site.path("pepper")), &moved);
    std::fs::write(site.config(), config).unwrap();
    let text = std::fs::read(backed_up(&site)).unwrap();
    std::fs::remove_dir_all(site.path("data")).unwrap();
    std::fs::remove_file(sudoers.join("pepper")).unwrap();
    std::fs::remove_file(site.config()).unwrap();
    let answer = restore(&site, &text);
    assert!([65, 77].contains(&answer.code), "{answer:?}");
    assert_eq!((std::fs::read_dir(&sudoers).unwrap().count(), site.config().exists()), (0, false));
}
