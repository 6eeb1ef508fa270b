use std::os::unix::fs::PermissionsExt;

use dialgate_contract::ledger::{Account, account};
use serde_json::{Value, json};

use crate::site::{ANN, Site, found_in, program};
use crate::terminal::Terminal;

const TWO: &str = "number,name,email,services,lease
4711,Ann,ann@example.net,sip rtp,24h
4712,\"Hara, Bob\",bob@example.net,sip,
";

fn file(site: &Site, text: &str) -> String {
    let path = site.path("travellers.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn outcomes(import: &Value) -> Vec<&str> {
    let rows = import["accounts"].as_array().unwrap();
    rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

fn actions(site: &Site) -> Vec<String> {
    let lines = site.json("audit");
    let lines = lines.as_array().unwrap();
    lines.iter().map(|line| line["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn accounts_are_shown_first_and_with_consent_made_with_pins_that_work() {
    let site = Site::new();
    let file = file(&site, TWO);
    let shown = site.ok(&format!("account import {file}"));
    assert!(shown.contains("2 to add, 0 to change, 0 as they are"), "{shown}");
    assert!(shown.lines().all(|line| line.len() <= 80), "{shown}");
    assert_eq!(site.json("account list"), json!([]));
    let pins = site.path("pins.csv");
    site.refuses(&format!("account import {file} --yes"), 64, &["--pins FILE", "2 accounts need"]);

    let done = site.ok(&format!("account import {file} --yes --pins {}", pins.display()));
    assert!(done.contains("2 added") && done.contains("pins.csv"), "{done}");
    assert_eq!(std::fs::metadata(&pins).unwrap().permissions().mode() & 0o7777, 0o600);
    let text = std::fs::read_to_string(&pins).unwrap();
    let mut seen = 0;
    for (line, number) in text.lines().skip(1).zip(["4711", "4712"]) {
        let pin = line.rsplit(',').next().unwrap();
        assert!(line.starts_with(number) && site.pin_is(number, pin), "{line}");
        assert!(!done.contains(pin) && !found_in(&site.path("data"), pin));
        seen += 1;
    }
    assert_eq!((seen, actions(&site)), (2, vec!["account-added".to_owned(); 2]));
    assert_eq!(site.json("account show 4712")["name"], "Hara, Bob");

    let again = site.json(&format!("account import {file} --yes"));
    assert_eq!(outcomes(&again), ["same", "same"]);
    assert_eq!(actions(&site).len(), 2);
}

#[test]
fn what_a_file_changes_is_told_and_done_as_the_other_commands_do_it() {
    let site = Site::new();
    site.run_with(
        &[&ANN.split(' ').collect::<Vec<_>>()[..], &["--pin-stdin"]].concat(),
        b"90210345",
    );
    site.ok("lease grant 4711 12.34.56.78");
    let file = |text: &str| file(&site, text);
    let line = format!("account import {} --yes", file("number,services\n4711,web\n"));
    assert!(site.ok(&line).contains("services rtp sip -> web"));
    let lease = site.json("lease list")[0].clone();
    assert_eq!((&lease["services"], &lease["state"]), (&json!(["web"]), &json!("open")));

    let same = format!("account import {} --yes", file("number,pin\n4711,90210345\n"));
    assert_eq!(outcomes(&site.json(&same)), ["same"]);
    let other = format!("account import {} --yes", file("number,pin\n4711,80210345\n"));
    let answer = site.ok(&other);
    assert!(answer.contains("new PIN") && answer.contains("ended L1"), "{answer}");
    assert!(!answer.contains("80210345") && site.pin_is("4711", "80210345"));
    assert_eq!(site.json("lease list"), json!([]));

    site.ok("lease grant 4711 12.34.56.78");
    site.ok(&format!("account import {} --yes", file("number;enabled\n4711;no\n")));
    assert_eq!(site.json("account show 4711")["enabled"], json!(false));
    assert_eq!(site.json("lease list"), json!([]));
    let wanted = ["account-changed", "account-pin-changed", "account-disabled"];
    assert!(wanted.iter().all(|action| actions(&site).contains(&(*action).to_owned())));
}

#[test]
fn bad_lines_are_named_and_nothing_is_imported_then() {
    let site = Site::new();
    let bad = file(&site, &format!("{TWO}4713,Eve,eve,sip,24h\n4714,,a@b.net,sip,400d\n"));
    let line = format!("account import {bad} --yes --pins {}", site.path("pins.csv").display());
    let words = [
        "2 lines cannot be taken",
        "line 4: email \"eve\"",
        "line 5: name is empty",
        "line 5: lease",
    ];
    site.refuses(&line, 65, &words);
    assert!(!site.path("pins.csv").exists());
    std::fs::write(site.path("pins.csv"), "mine").unwrap();
    let good = file(&site, TWO);
    let line = format!("account import {good} --yes --pins {}", site.path("pins.csv").display());
    site.refuses(&line, 65, &["pins.csv is there already"]);
    assert_eq!(std::fs::read_to_string(site.path("pins.csv")).unwrap(), "mine");
    site.refuses(&format!("account import {}", file(&site, "")), 65, &["holds no accounts"]);
    let unknown = file(&site, "number,phone\n4711,1\n");
    site.refuses(&format!("account import {unknown}"), 65, &["\"phone\"", "time_zone"]);
}

#[test]
fn export_is_what_import_takes_and_holds_no_secret() {
    let site = Site::new();
    site.ok(ANN);
    site.ok(
        "account add 0042 --name Zoë --email z@example.net --services all --lease 3d --language fr",
    );
    site.ok("account disable 0042");
    let text = site.ok("account export");
    assert_eq!(
        text,
        "number,name,email,services,enabled,lease,max,addresses,time_zone,language\n\
         0042,Zoë,z@example.net,all,no,3d,default,default,default,fr\n\
         4711,Ann,ann@example.net,rtp sip,yes,default,default,default,default,default\n"
    );
    let path = site.path("out.csv");
    site.ok(&format!("account export {}", path.display()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    site.refuses(&format!("account export {}", path.display()), 65, &["is there already"]);
    let before = actions(&site).len();
    let again = site.json(&format!("account import {} --yes", path.display()));
    assert_eq!((outcomes(&again), actions(&site).len()), (vec!["same", "same"], before));
    assert_eq!(site.json("account export").as_array().unwrap().len(), 2);
}

#[test]
fn of_many_lines_the_first_are_shown_and_a_bar_tells_how_far_it_is() {
    let site = Site::new();
    site.ok(ANN);
    let one = site.ledger();
    let ann = account::find(one.connection(), &"4711".parse().unwrap()).unwrap().unwrap();
    let many = (100_000..101_000).map(|n: u32| n.to_string());
    site.ledger()
        .write(|tx| {
            many.clone().try_for_each(|number| {
                account::insert(
                    tx,
                    &Account { number: number.parse().unwrap(), ..ann.clone() },
                    "$",
                )
            })
        })
        .unwrap();
    let lines = many.map(|number| format!("{number},Bob,a@b.net,sip\n"));
    let text =
        format!("number,name,email,services\nauto,New,a@b.net,sip\n{}", lines.collect::<String>());
    let file = file(&site, &text);
    let shown = site.ok(&format!("account import {file}"));
    assert!(
        shown.contains("and 981 more") && shown.contains("1 to add, 1000 to change"),
        "{shown}"
    );
    assert!(shown.lines().count() < 80, "{shown}");
    let pins = site.path("pins.csv").display().to_string();
    let mut command = program();
    command.arg("--config").arg(site.config());
    command.args(["account", "import", &file, "--yes", "--pins", &pins]);
    let (seen, code) = Terminal::open(command).end();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("hashing PINs") && seen.contains("1 added, 1000 changed"), "{seen}");
}

#[test]
fn an_empty_cell_lets_nobody_in_again() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("account disable 4711");
    site.ok(&format!("account import {} --yes", file(&site, "number,enabled\n4711,\n")));
    assert_eq!(site.json("account show 4711")["enabled"], json!(false));
}
