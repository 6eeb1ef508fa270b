use std::path::{Path, PathBuf};

use dialgate_contract::ledger::{Allow, allow};
use serde_json::{Value, json};

use crate::site::Site;

/// Files of the ancestors, each in a folder with the arguments it is imported with and what is to be said.
fn ancestors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/ancestors")
}

fn input(name: &str) -> String {
    ancestors().join(name).join("input").display().to_string()
}

fn origins(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|row| row["origin"].as_str().unwrap()).collect()
}

#[test]
fn what_the_ancestors_wrote_is_read_as_they_meant_it_and_shown_first() {
    let site = Site::new();
    let mut seen = 0;
    for folder in std::fs::read_dir(ancestors()).unwrap() {
        let folder = folder.unwrap().path();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let file = folder.join("input").display().to_string();
        let line = format!("import {}", read("arguments").trim().replace("INPUT", &file));
        assert_eq!(site.ok(&line), read("expected"), "{line}");
        seen += 1;
    }
    assert!(seen >= 7);
    assert_eq!((site.json("allow list"), site.json("audit")), (json!([]), json!([])));
}

#[test]
fn with_consent_the_blocks_of_travelin_man_become_one_entry_for_each_origin() {
    let site = Site::new();
    let line = format!("import tm3 {} --yes", input("tm3-rules"));
    assert!(site.ok(&line).contains("next pass"));
    let list = site.json("allow list");
    assert_eq!(origins(&list), ["12.34.56.78", "12.34.57.1", "home.dyndns.example.org"]);
    assert_eq!((&list[0]["services"], &list[0]["name"]), (&json!(["sip", "web"]), &json!("bob")));
    assert_eq!(list[1]["services"], json!(["all"]));
    assert_eq!(site.json("audit").as_array().unwrap().len(), 3);

    let again = site.json(&line);
    let outcomes: Vec<_> = again["entries"].as_array().unwrap().iter().collect();
    assert!(outcomes.iter().all(|row| row["outcome"] == "same"), "{again}");
    assert_eq!(site.json("audit").as_array().unwrap().len(), 3);
}

#[test]
fn an_entry_that_is_there_keeps_what_it_has() {
    let site = Site::new();
    site.ok("allow add 12.34.56.78 --services iax --name mine --until 2099-12-31");
    site.ok(&format!("import tm3 {} --yes", input("tm3-rules")));
    let entry = site.json("allow list")[0].clone();
    assert_eq!(entry["services"], json!(["iax", "sip", "web"]));
    assert_eq!((&entry["name"], entry["expires_at"].is_string()), (&json!("mine"), true));
}

#[test]
fn one_bad_line_stops_all_of_them_unless_it_is_to_be_left_out() {
    let site = Site::new();
    let line = format!("import tm3 {} --yes", input("tm3-dangerous"));
    site.refuses(&line, 65, &["line 2", "1.2.3.4/0", "too wide", "--skip-bad", "line 12"]);
    site.ok(&format!("{line} --skip-bad"));
    assert_eq!(origins(&site.json("allow list")), ["12.34.56.79"]);
}

#[test]
fn a_folder_of_accounts_is_read_whole() {
    let site = Site::new();
    let folder = site.path("root");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in [
        ("bob.iptables", "12.34.56.78 12.34.56.78\n"),
        ("home.iptables", "home.example.org 12.34.56.79\n"),
        ("new.iptables", "1.1.1.1 1.1.1.1\n"),
        ("notes.txt", "0.0.0.0/0\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let line = format!("import tm3 {}", folder.display());
    site.refuses(&line, 65, &["which services", "--services sip"]);
    let shown = site.json(&format!("{line} --services sip"));
    let places: Vec<_> = shown["entries"].as_array().unwrap().iter().map(|r| &r["place"]).collect();
    assert_eq!(places, ["bob.iptables", "home.iptables", "new.iptables"]);
    site.ok(&format!("{line} --services sip --yes --skip-bad"));
    let list = site.json("allow list");
    assert_eq!((origins(&list).len(), &list[0]["name"]), (2, &json!("bob")));
}

#[test]
fn standard_input_is_read_too() {
    let site = Site::new();
    let arguments = ["import", "freepbx-trusted", "-", "--services", "all", "--yes"];
    let answer = site.run_with(&arguments, b"All entries in zone 'trusted':\n\t12.34.56.78/32\n");
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(origins(&site.json("allow list")), ["12.34.56.78"]);
    let other = b"All entries in zone 'internal':\n\t12.34.56.78/32\n";
    site.refuses_with(&arguments, other, 65, &["line 1", "not the zone trusted"]);
    site.refuses_with(&arguments, b"{\"12.34.56.78/32\": 1}", 65, &["map of networks"]);
    site.refuses_with(&arguments, b"\n", 65, &["holds no entries"]);
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    let site = Site::new();
    let sites = input("sites");
    for (line, code, words) in [
        ("import tm3 /nonexistent/x".to_owned(), 74, ["/nonexistent/x", "No such file"]),
        (format!("import allow-sites {sites}"), 65, ["which services", "sip,rtp"]),
        (format!("import allow-sites {sites} --services sipp"), 65, ["sipp", "rtp, sip"]),
        (format!("import freepbx-trusted {sites}"), 65, ["the zone trusted", "--services all"]),
        ("import allow-sites /dev/zero --services sip".to_owned(), 65, ["/dev/zero", "plain file"]),
        ("import tm4 x".to_owned(), 64, ["tm4", "tm3"]),
    ] {
        site.refuses(&line, code, &words);
    }
}

#[test]
fn a_laboratory_takes_private_addresses_over() {
    let site = Site::with("user = \"\"\n[firewall]\nallow-private = true");
    let arguments = ["import", "allow-sites", "-", "--services", "sip", "--yes"];
    assert_eq!(site.run_with(&arguments, b"10.1.0.0/16\n").code, 0);
    site.refuses_with(&arguments, b"100.64.0.1\n", 65, &["100.64.0.1"]);
}

#[test]
fn providers_are_listed_shown_and_only_then_let_in() {
    let site = Site::new();
    let list = site.json("allow import-providers");
    assert_eq!(list, site.json("allow import-providers --list"));
    assert!(list["providers"].as_array().unwrap().iter().all(|p| p["source"].is_string()));
    let shown = site.ok("allow import-providers telnyx");
    assert!(shown.contains("192.76.120.10") && shown.contains("--yes"), "{shown}");
    site.ok("allow import-providers --all");
    assert_eq!(site.json("allow list"), json!([]));
    site.ok("allow import-providers telnyx skyetel --yes");
    let entries = site.json("allow list");
    assert!(origins(&entries).contains(&"reg.skyetel.com"));
    assert_eq!(entries[0]["services"], json!(["sip"]));
    site.refuses("allow import-providers nosuch --yes", 65, &["nosuch", "telnyx", "--list"]);
    site.refuses("allow import-providers telnyx --all", 64, &["cannot be used with"]);
}

#[test]
fn an_entry_whose_time_is_over_does_not_hold_back_a_new_one() {
    let site = Site::new();
    let long_ago = jiff::Timestamp::from_second(1_000).unwrap();
    let old = Allow {
        origin: "12.34.56.78".parse().unwrap(),
        services: ["web".parse().unwrap()].into(),
        name: "old".to_owned(),
        expires_at: Some(long_ago),
        created_at: long_ago,
    };
    site.ledger().write(|tx| allow::put(tx, &old)).unwrap();
    let arguments = ["import", "allow-sites", "-", "--services", "sip", "--yes"];
    assert_eq!(site.run_with(&arguments, b"12.34.56.78 new\n").code, 0);
    let entry = site.json("allow list")[0].clone();
    assert_eq!((&entry["services"], &entry["name"]), (&json!(["sip"]), &json!("new")));
    assert!(entry["expires_at"].is_null());
}
