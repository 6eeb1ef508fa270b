//! `dialgate doctor` on sites that are damaged in one way each: the damage is found under its name, and where the fix
//! is a command, the command, typed as it is shown, mends it.

mod bench;
mod inside;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use dialgate_contract::SystemUser;
use dialgate_contract::ledger::host;
use dialgate_contract::queue::Queue;
use serde_json::json;

use crate::site::{Site, answer, now, program};
use bench::Bench;

/// What is done to the site, what is wrong then, and whether that is mended by what is shown.
struct Damage {
    script: &'static str,
    name: &'static str,
    words: &'static str,
    is_mended: bool,
}

const fn mended(script: &'static str, name: &'static str, words: &'static str) -> Damage {
    Damage { script, name, words, is_mended: true }
}

const fn told(script: &'static str, name: &'static str, words: &'static str) -> Damage {
    Damage { script, name, words, is_mended: false }
}

/// Scripts run in the site's folder.
const DAMAGES: &[Damage] = &[
    mended("chmod 644 pepper", "pepper", "can be read by others"),
    mended("chmod 600 pepper", "pepper", "cannot be read by those who need it"),
    mended("rm pepper", "pepper", "is missing"),
    mended("chmod 757 data", "data-dir", "can be written by others"),
    mended("chmod 755 data/queue", "queue-dir", "can be read by others"),
    mended("rmdir data/queue", "queue-dir", "is missing"),
    mended("chmod 666 data/ledger.db", "ledger", "can be written by others"),
    mended("chmod 666 data/ledger.db-wal", "ledger", "can be written by others"),
    mended("rm data/ledger.db*", "ledger", "is missing"),
    mended("rm answers/dialplan_show_dialgate", "dialplan", "has not loaded"),
    mended("touch agi-debug", "agi-debug", "is written to"),
    mended(
        "touch core-debug; sed -i 's/VERBOSE/VERBOSE DEBUG/' answers/logger_show_channels",
        "logs",
        "debugs at level 3",
    ),
    mended("sed -i /gsm/d answers/core_show_file_formats", "prompts", "no module for .gsm"),
    mended("sed -i '/^ *gsm/d' answers/core_show_translation", "codecs", "recordings in gsm"),
    told("mv pepper other; ln -s other pepper", "pepper", "symbolic link"),
    told("mkfifo data/queue/queue.db", "queue", "no plain file"),
    told("ln pepper other", "pepper", "no plain file"),
    told("echo secret > pepper", "readable", "64 hexadecimal digits"),
    told(
        "printf x | dd of=data/ledger.db bs=1 seek=3 conv=notrunc 2>&-; rm data/ledger.db-*",
        "ledger",
        "not a database",
    ),
    told(
        "echo 'this is no database, and so it is damaged' > data/queue/queue.db",
        "queue",
        "is damaged",
    ),
    told(
        "rm sounds/en/dialgate/welcome.wav",
        "prompts",
        "en/dialgate/welcome: there is no such file",
    ),
    told("rm -r sounds/en/dialgate", "prompts", "none of ours"),
    told("rm sounds/en/digits/7.gsm", "prompts", "en/digits/7"),
    told(
        "rm sounds/en/dialgate/welcome.wav; : > sounds/en/dialgate/welcome.wav",
        "prompts",
        "it is empty",
    ),
    told("sed -i 's/VERBOSE/VERBOSE DTMF/' answers/logger_show_channels", "logs", "every key"),
    told(
        "sed -i '/CALLERID(ani)/d' answers/dialplan_show_dialgate",
        "dialplan",
        "ani without FILTER",
    ),
    told(
        "sed -i 's#agi://[0-9.:]*#agi://127.0.0.1:1#' answers/dialplan_show_dialgate",
        "dialplan",
        "calls 127.0.0.1:1,",
    ),
    told("touch not-served", "call", "did not serve it"),
    told("rm up", "asterisk", "did not answer"),
];

#[test]
fn each_damage_is_found_and_named_and_the_commands_shown_mend_it() {
    for damage in DAMAGES {
        let bench = Bench::new();
        assert_eq!(bench.faults(), [] as [String; 0], "a fresh site");
        bench.shell(damage.script);
        let check = bench.check(damage.name);
        assert_eq!(check["outcome"], "fail", "{}: {check}", damage.script);
        let what = check["what"].as_str().unwrap();
        assert!(what.contains(damage.words), "{}: {what}", damage.script);
        let commands = check["fix"]["run"].as_array();
        assert_eq!(commands.is_some(), damage.is_mended, "{}: {check}", damage.script);
        assert!(damage.is_mended || check["fix"]["advice"].is_string(), "{check}");
        for command in commands.into_iter().flatten() {
            bench.shell(command.as_str().unwrap());
        }
        if damage.is_mended {
            // A new ledger knows of no pass yet.
            bench.site.pass_now(None);
            assert_eq!(bench.faults(), [] as [String; 0], "after {}", damage.script);
        }
    }
}

#[test]
fn a_number_that_leads_nowhere_and_a_language_without_recordings_are_warned_of() {
    let bench = Bench::new();
    bench.shell("sed -i /from-carrier/,+1d answers/dialplan_show");
    assert_eq!(bench.check("route")["outcome"], "warn");
    let line = "account add 4711 --name Ann --email ann@example.net --services sip --language fr";
    bench.site.ok(line);
    let prompts = bench.check("prompts");
    assert!(
        prompts["outcome"] == "warn" && prompts["what"].to_string().contains("fr"),
        "{prompts}"
    );
}

#[test]
fn a_site_is_judged_by_its_worst_part_in_the_manner_of_monitoring_plugins() {
    let bench = Bench::new();
    // Nothing reaches the kernel here.
    assert_eq!(bench.answer(&[]).code, 1);
    bench.shell("chmod 644 pepper");
    let answer = bench.answer(&[]);
    assert_eq!(answer.code, 2, "{answer:?}");
    let line = "fail  pepper       ";
    assert!(answer.out.lines().any(|said| said.starts_with(line)), "{}", answer.out);
    assert!(answer.out.contains("fix: chmod 640 "), "{}", answer.out);
    assert!(answer.err.is_empty(), "{answer:?}");
}

#[test]
fn a_configuration_with_a_mistake_is_all_that_is_looked_at() {
    let bench = Bench::new();
    bench.site.configure("colour = \"blue\"");
    let checks = bench.checks();
    assert_eq!(checks.as_array().unwrap().len(), 1);
    assert_eq!((&checks[0]["name"], &checks[0]["outcome"]), (&json!("config"), &json!("fail")));
    assert!(checks[0]["what"].to_string().contains("colour"), "{checks}");
}

#[test]
fn a_server_that_is_down_or_another_is_told() {
    let bench = Bench::new();
    bench.server.stop();
    let check = bench.check("fastagi");
    assert!(check["what"].to_string().contains("nobody listens"), "{check}");
    let bench = Bench::with_server("VERBOSE \"I am another\" 1\n");
    let check = bench.check("fastagi");
    assert!(check["what"].to_string().contains("no dialgate-agi"), "{check}");
}

#[test]
fn a_reconciler_that_never_passed_and_one_with_a_problem_are_told() {
    let bench = Bench::new();
    bench.site.pass_now(Some("firewalld drops what dialgate lets in"));
    let check = bench.check("reconciler");
    assert!(check["what"].to_string().contains("firewalld"), "{check}");
    bench.shell("rm data/ledger.db*");
    bench.site.ok("init");
    assert!(bench.check("reconciler")["what"].to_string().contains("never"));
}

#[test]
fn nothing_waits_for_an_asterisk_that_says_nothing() {
    let bench = Bench::new();
    bench.shell("touch hangs");
    let check = bench.check("asterisk");
    assert!(check["what"].to_string().contains("within 5 s"), "{check}");
    let nowhere = bench.answer(&["--asterisk", "/nonexistent/asterisk"]);
    assert!(nowhere.out.contains("skip  asterisk"), "{nowhere:?}");
}

#[test]
fn a_letter_that_nobody_sends_is_in_the_outbox() {
    let bench = Bench::new();
    bench.site.configure("[mail]\ntransport = \"off\"");
    let answer = bench.answer(&["--letter", "nobody"]);
    assert_eq!(answer.code, 64, "{answer:?}");
    assert_eq!(bench.check("letters")["outcome"], "ok");
}

#[test]
fn hosts_that_the_dns_does_not_know_are_warned_of() {
    let bench = Bench::new();
    bench.site.ok("allow add sip.example.net --services sip");
    assert_eq!(bench.check("hosts")["outcome"], "ok");
    let name = "sip.example.net".parse().unwrap();
    bench.site.ledger().write(|tx| host::failed(tx, &name, "no such name", now())).unwrap();
    let check = bench.check("hosts");
    assert!(
        check["outcome"] == "warn" && check["what"].to_string().contains("no such name"),
        "{check}"
    );
}

#[test]
fn a_line_of_the_audit_trail_that_was_changed_is_told() {
    let bench = Bench::new();
    bench.site.ok("service add vpn udp:51820");
    assert_eq!(bench.check("audit")["outcome"], "ok");
    let change = "DROP TRIGGER audit_update; UPDATE audit SET detail = 'x' WHERE id = 1";
    bench.site.ledger().connection().execute_batch(change).unwrap();
    let check = bench.check("audit");
    assert!(check["outcome"] == "fail" && check["what"].to_string().contains("line 1 "), "{check}");
}

#[test]
fn a_configuration_is_found_from_wherever_it_is_named() {
    let bench = Bench::new();
    bench.shell("dialgate --config dialgate.toml doctor > said || true");
    let said = std::fs::read_to_string(bench.site.path("said")).unwrap();
    assert!(said.contains("ok    readable"), "{said}");
}

#[test]
fn the_queue_is_opened_by_the_user_whose_it_is() {
    if !SystemUser::is_root() {
        return;
    }
    let site = Site::with("user = \"daemon\"");
    std::fs::set_permissions(site.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    let path = site.path("data/queue/queue.db");
    drop(Queue::open(&path).unwrap());
    for name in ["queue.db", "queue.db-wal", "queue.db-shm"] {
        let file = site.path("data/queue").join(name);
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let queue = || {
        let checks = site.run("doctor --json --asterisk /nonexistent/asterisk").out;
        let checks: serde_json::Value = serde_json::from_str(&checks).unwrap();
        checks.as_array().unwrap().iter().find(|check| check["name"] == "queue").unwrap().clone()
    };
    // Root could read it.
    assert_eq!(queue()["outcome"], "fail");
    let user = SystemUser::lookup("daemon").unwrap();
    for name in ["queue.db", "queue.db-wal", "queue.db-shm"] {
        let file = site.path("data/queue").join(name);
        std::os::unix::fs::chown(file, Some(user.uid), Some(user.gid)).unwrap();
    }
    assert_eq!(queue()["outcome"], "ok");
}

#[test]
fn a_user_that_is_missing_is_told_with_the_command_that_makes_it() {
    let site = Site::bare("user = \"no-such-user\"");
    let answer = site.run("doctor");
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(
        answer.out.contains("useradd --system") && answer.out.contains("no-such-user"),
        "{answer:?}"
    );
}

#[test]
fn whoever_is_not_root_hears_what_was_not_looked_at() {
    if !SystemUser::is_root() {
        return;
    }
    let user = SystemUser::lookup("daemon").unwrap();
    let site = Site::with("user = \"daemon\"");
    std::fs::set_permissions(site.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    let doctor = |uid, gid| {
        let mut command = program();
        command.arg("--config").arg(site.config()).args([
            "doctor",
            "--asterisk",
            "/nonexistent/asterisk",
        ]);
        answer(
            {
                command.uid(uid).gid(gid).current_dir("/");
                command
            },
            b"",
        )
    };
    let told = doctor(user.uid, user.gid).out;
    for skipped in ["skip  readable", "skip  firewall", "skip  asterisk", "ok    ledger"] {
        assert!(told.contains(skipped), "{skipped}: {told}");
    }
    // Whoever may not even read the configuration learns nothing.
    let stranger = doctor(65_534, 65_534);
    assert!(stranger.code == 77 && stranger.err.contains("root"), "{stranger:?}");
}
