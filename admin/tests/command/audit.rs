use std::io::{BufRead, BufReader};
use std::process::Stdio;

use dialgate_contract::CallerId;
use dialgate_contract::ledger::audit::{self, Actor};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::site::{ANN, Site, now, program};

/// A ledger with calls of long ago and of now in its trail.
fn busy() -> Site {
    let site = Site::new();
    site.ok(ANN);
    site.ok("account add 4712 --name Bob --email b@example.net --services web");
    site.ok("deny add 12.35.0.0/16 --name scanner");
    let caller = Actor::Caller(CallerId::from_network("+4930123"));
    let old = "2020-01-31T12:00:00Z".parse().unwrap();
    for (at, detail) in [(old, "L1 12.34.56.78, request ab"), (now(), "L2 112.34.56.7, request cd")]
    {
        let account = "4711".parse().unwrap();
        site.ledger()
            .write(|tx| audit::record(tx, at, &caller, "lease-opened", Some(&account), detail))
            .unwrap();
    }
    site
}

fn ids(site: &Site, line: &str) -> Vec<i64> {
    let found = site.json(line);
    found.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[test]
fn the_trail_is_asked_for_what_is_looked_for() {
    let site = busy();
    for (line, expected) in [
        ("audit", vec![1, 2, 3, 4, 5]),
        ("audit --account 4711", vec![1, 4, 5]),
        ("audit --action lease-opened", vec![4, 5]),
        ("audit --action account", vec![1, 2]),
        ("audit --actor operator", vec![1, 2, 3]),
        ("audit --caller +49-30-123", vec![4, 5]),
        ("audit --actor +4930123", vec![4, 5]),
        ("audit --caller +4930124", vec![]),
        ("audit --address 12.34.56.78", vec![4]),
        ("audit --address 12.35.6.7", vec![3]),
        ("audit --since 2h", vec![1, 2, 3, 5]),
        ("audit --until 2020-01-31", vec![4]),
        ("audit --until 2020-01-30", vec![]),
        ("audit --since 2020-01-31 --until 2020-02-01T00:00:00Z", vec![4]),
        ("audit --limit 2", vec![4, 5]),
        ("audit -n 1 --account 4712", vec![2]),
        ("audit --lines 1", vec![5]),
    ] {
        assert_eq!(ids(&site, line), expected, "{line}");
    }
    let said = site.ok("audit --caller +4930123 --limit 1");
    for words in ["caller +4930123", "lease-opened", "4711", "112.34.56.7"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(site.ok("audit --action nothing"), "no line of the audit trail is so\n");
}

#[test]
fn what_cannot_be_asked_is_said_with_what_can() {
    let site = busy();
    for (line, words) in [
        ("audit --since soon", "2h"),
        ("audit --until 31.12.2026", "2026-11-20"),
        ("audit --account Ann", "4 to 12 digits"),
        ("audit --address home", "12.34.56.78"),
        ("audit --actor a --caller 1", "cannot be used with"),
        ("audit verify --head 7", "number of a line, a colon and its hash"),
        ("audit --limit 0", "0"),
    ] {
        site.refuses(line, 64, &[words]);
    }
}

#[test]
fn a_trail_that_is_whole_is_verified_and_told_by_its_head() {
    let site = busy();
    let first = site.json("audit verify");
    assert_eq!(first["lines"], 5);
    assert_eq!((&first["problem"], &first["first_bad"]), (&Value::Null, &Value::Null));
    let head = first["head"].as_str().unwrap();
    assert!(head.starts_with("5:") && head.len() == 66, "{head}");
    site.ok("service add vpn udp:1194");
    let later = site.json(&format!("audit verify --head {head}"));
    assert_eq!((&later["lines"], &later["problem"]), (&Value::from(6), &Value::Null));
    let said = site.ok(&format!("audit verify --head {head}"));
    assert!(said.contains("6 lines are as written") && said.contains("line 5"), "{said}");
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
}

#[test]
fn what_somebody_did_to_the_trail_is_named_and_the_status_is_not_zero() {
    let site = busy();
    let head = site.json("audit verify")["head"].as_str().unwrap().to_owned();
    let intruder = rusqlite::Connection::open(site.path("data/ledger.db")).unwrap();
    intruder.execute_batch("DROP TRIGGER audit_update; DROP TRIGGER audit_delete").unwrap();
    let broken = |line: &str, first: i64, words: &str| {
        let answer = site.run(&format!("{line} --json"));
        let json: Value = serde_json::from_str(&answer.out).unwrap();
        assert_eq!((answer.code, &json["first_bad"]), (65, &Value::from(first)), "{answer:?}");
        let answer = site.run(line);
        assert!(answer.code == 65 && answer.out.contains(words), "{answer:?}");
        assert!(answer.out.starts_with("BROKEN") && answer.err.is_empty(), "{answer:?}");
        assert!(answer.out.lines().all(|line| line.len() <= 80), "{answer:?}");
    };
    intruder.execute_batch("UPDATE audit SET account = '4712' WHERE id = 4").unwrap();
    broken("audit verify", 4, "line 4 is not what was written after line 3");
    intruder.execute_batch("UPDATE audit SET account = '4711' WHERE id = 4").unwrap();
    assert_eq!(site.json("audit verify")["lines"], 5);
    intruder
        .execute_batch(
            "DELETE FROM audit WHERE id = 5; UPDATE sqlite_sequence SET seq = 4 WHERE name = 'audit'",
        )
        .unwrap();
    assert_eq!(site.json("audit verify")["lines"], 4);
    broken(&format!("audit verify --head {head}"), 5, "line 5 is missing");
    site.ok("service add vpn udp:1194");
    broken(&format!("audit verify --head {head}"), 5, "line 5 has another hash");
}

#[test]
fn what_was_changed_with_another_tool_is_in_the_trail() {
    let site = Site::new();
    site.ok(ANN);
    let intruder = rusqlite::Connection::open(site.path("data/ledger.db")).unwrap();
    intruder.execute("UPDATE account SET enabled = 0", []).unwrap();
    site.ok("service add vpn udp:1194");
    let found = site.json("audit --action ledger-edited");
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["actor"], &found[0]["account"]), (&"unknown".into(), &"4711".into()));
    assert_eq!(found[0]["detail"], "account 4711 was changed");
}

#[test]
fn whoever_follows_the_trail_sees_each_line_as_it_is_written() {
    let site = busy();
    let mut command = program();
    command.arg("--config").arg(site.config());
    command.args(["audit", "--follow", "--json", "--limit", "1", "--action", "service"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for name in ["one", "two", "three"] {
        site.ok(&format!("deny add 12.36.0.{}", name.len()));
        site.ok(&format!("service add {name} udp:1194"));
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(line["action"], "service-added");
        assert!(line["detail"].as_str().unwrap().starts_with(name), "{line}");
    }
    // It ends when nobody reads it any more, without another line.
    drop(lines);
    assert!(child.wait().unwrap().success());
}

/// Walks over all that changes the ledger.
#[test]
fn each_command_that_changes_something_adds_lines_of_its_own() {
    let site = Site::new();
    let sites = site.path("sites.txt");
    std::fs::write(&sites, "12.37.0.1\n").unwrap();
    for line in [
        ANN,
        "account set 4711 --name Eve",
        "account set 4711 --services sip,web",
        "account pin 4711",
        "account unlock 4711",
        "lease grant 4711 12.34.56.78",
        "lease grant 4711 12.34.56.78",
        "lease grant 4711 12.34.56.79",
        "account set 4711 --services sip",
        "lease revoke 4711",
        "lease grant 4711 12.34.56.80",
        "account disable 4711",
        "account enable 4711",
        "account remove 4711",
        "service add vpn udp:51820",
        "service remove vpn",
        "allow add 12.34.56.0/24 --services sip",
        "allow add 12.34.56.0/24 --services sip --for 4h",
        "allow remove 12.34.56.0/24",
        "allow import-providers telnyx --yes",
        &format!("import allow-sites {} --services sip --yes", sites.display()),
        "deny add 12.35.0.0/16",
        "deny add 12.35.0.0/16 --for 4h",
        "deny remove 12.35.0.0/16",
        "firewall apply --even-if-it-locks-out",
        "firewall rollback",
    ] {
        let before = site.json("audit verify")["lines"].as_i64().unwrap();
        site.ok(line);
        let after = site.json("audit verify")["lines"].as_i64().unwrap();
        assert!(after > before, "{line}");
    }
    assert_eq!(site.json("audit --action ledger-edited"), Value::Array(Vec::new()));
    let ages = site.json("audit -n 1000");
    let hour_ago = now() - SignedDuration::from_hours(1);
    for row in ages.as_array().unwrap() {
        assert!(row["at"].as_str().unwrap().parse::<Timestamp>().unwrap() > hour_ago, "{row}");
        assert!(row["actor"].as_str().unwrap().starts_with("operator "), "{row}");
    }
}
