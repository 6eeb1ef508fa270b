use std::process::Stdio;

use crate::site::{ANN, Site, answer, program};
use crate::terminal::Terminal;

#[test]
fn help_and_version_are_answers_and_usage_errors_are_not() {
    for (arguments, code, word) in [
        (&["--version"] as &[&str], 0, "dialgate 0."),
        (&["--help"], 0, "Usage: dialgate"),
        (&["account", "add", "--help"], 0, "--pin-stdin"),
        (&[], 64, "Usage: dialgate"),
        (&["nosuch"], 64, "nosuch"),
        (&["account"], 64, "Usage: dialgate account"),
        (&["lease", "list", "--nosuch"], 64, "--nosuch"),
    ] {
        let mut command = program();
        command.args(arguments);
        let answer = answer(command, b"");
        assert_eq!(answer.code, code, "{arguments:?}");
        let (said, silent) =
            if code == 0 { (answer.out, answer.err) } else { (answer.err, answer.out) };
        assert!(said.contains(word) && silent.is_empty(), "{arguments:?}: {said}");
        assert!(said.lines().all(|line| line.len() <= 100), "{arguments:?}: {said}");
    }
}

#[test]
fn what_is_wrong_fits_a_terminal() {
    let site = Site::new();
    site.ok(ANN);
    let lines = site.path("lines.csv");
    std::fs::write(&lines, "number,name,email,services\nauto,B,bad,sip\n47,A,a@b.example,sip\n")
        .unwrap();
    for line in [
        "account set 4711",
        "account add 47",
        "lease grant 4711 12.34.56",
        "account add 4712 --name A --email a@example.net --services nosuch",
        &format!("account import {}", lines.display()),
    ] {
        let mut command = program();
        command.arg("--config").arg(site.config()).args(line.split_whitespace());
        let (seen, code) = Terminal::open(command).end();
        assert!(matches!(code, Some(64 | 65)), "{line}: {seen}");
        assert!(seen.lines().all(|line| line.trim_end().chars().count() <= 80), "{line}: {seen}");
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let site = Site::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program();
    command.arg("--config").arg(site.config()).args(["service", "list"]);
    let output = command.stdin(Stdio::null()).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let site = Site::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = program();
    command.arg("--config").arg(site.config()).args(["service", "list"]);
    let output = command.stdin(Stdio::null()).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&output.stderr).contains("writing the answer"));
}

#[test]
fn nothing_that_is_stored_can_move_the_cursor() {
    let site = Site::new();
    site.ok(ANN);
    let mut ledger = dialgate_contract::ledger::Ledger::open(&site.path("data/ledger.db")).unwrap();
    ledger
        .write(|tx| {
            tx.execute("UPDATE account SET name = 'A' || char(27) || '[2J' || char(8238)", [])?;
            Ok::<_, dialgate_contract::database::DatabaseError>(())
        })
        .unwrap();
    for line in ["account list", "account show 4711"] {
        let said = site.ok(line);
        assert!(said.contains("A?[2J?") && !said.contains('\x1b'), "{said:?}");
    }
    assert!(!site.ok("account list --json").contains('\x1b'));
}

#[test]
fn tables_fit_eighty_columns() {
    let site = Site::new();
    let name = "n".repeat(64);
    let email = format!("{}@{}.example.net", "a".repeat(40), "b".repeat(60));
    let line =
        format!("account add 123456789012 --name {name} --email {email} --services sip,rtp,web");
    site.ok(&line);
    site.ok("lease grant 123456789012 2a00:1450:4001:82a::200e");
    let host = format!("{}.example.net", "h".repeat(60));
    site.ok(&format!("allow add {host} --services sip,rtp,web,webrtc --name {name} --for 3h"));
    site.ok("allow add 2a01:4f8:1234:5678:9abc:def0:1234:5678 --services sip,web,ssh --for 3h");
    site.ok(&format!("deny add 2a01:4f8:1234:5678:9abc:def0::/96 --name {name} --for 3h"));
    for line in [
        "account list",
        "lease list",
        "lease list --all",
        "service list",
        "init",
        "allow list",
        "deny list",
    ] {
        let said = site.ok(line);
        let widest = said.lines().filter(|line| !line.contains(" /")).map(str::len).max();
        assert!(widest <= Some(80), "{line}: {said}");
    }
}
