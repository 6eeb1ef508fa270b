use crate::site::{ANN, Site, found_in, lasting};

#[test]
fn an_account_is_added_with_a_pin_that_is_shown_once_and_stored_nowhere() {
    let site = Site::new();
    let added = site.json(&format!("{ANN} --lease 12h --time-zone Europe/Paris"));
    let pin = added["pin"].as_str().unwrap();
    assert_eq!(pin.len(), 8);
    assert!(site.pin_is("4711", pin));
    assert_eq!((&added["account"], &added["name"]), (&"4711".into(), &"Ann".into()));

    let shown = site.json("account show 4711");
    assert_eq!(shown["services"], serde_json::json!(["rtp", "sip"]));
    assert_eq!((&shown["lease"], &shown["time_zone"]), (&"12h".into(), &"Europe/Paris".into()));
    assert_eq!((&shown["enabled"], &shown["leases"]), (&true.into(), &serde_json::json!([])));
    assert!(shown.get("pin").is_none());
    assert!(!found_in(&site.path("data"), pin));
    assert!(site.ok("account show 4711").contains("ann@example.net"));
    assert!(site.ok("account list").contains("4711"));
}

#[test]
fn auto_takes_a_free_number_of_eight_digits() {
    let site = Site::new();
    let said = site.ok("account add auto --name Ann --email a@b.net --services all");
    assert!(said.contains("PIN "), "{said}");
    let accounts = site.json("account list");
    assert_eq!(accounts[0]["account"].as_str().unwrap().len(), 8);
    assert_eq!(accounts[0]["services"], serde_json::json!(["all"]));
}

#[test]
fn a_chosen_pin_is_read_from_standard_input_and_never_shown() {
    let site = Site::new();
    let line = format!("{ANN} --pin-stdin");
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let answer = site.run_with(&arguments, b"48151623\n");
    assert_eq!((answer.code, answer.out.contains("4815")), (0, false), "{answer:?}");
    assert!(site.pin_is("4711", "48151623"));
    assert!(!found_in(&site.path("data"), "48151623"));
}

#[test]
fn a_pin_that_is_none_or_easy_to_guess_is_refused_unsaid() {
    let site = Site::new();
    let line = format!("{ANN} --pin-stdin");
    let arguments: Vec<&str> = line.split_whitespace().collect();
    for (pin, word) in [
        ("", "6 to 12 digits"),
        ("12345", "6 to 12 digits"),
        ("48151a", "6 to 12 digits"),
        ("777777", "different digits"),
        ("482482", "repeats"),
        ("23456789", "counts up or down"),
        ("471108", "account number"),
    ] {
        let before = site.run_with(&arguments, pin.as_bytes());
        assert!(pin.is_empty() || !before.err.contains(pin), "{before:?}");
        site.refuses_with(&arguments, pin.as_bytes(), 65, &[word]);
    }
}

#[test]
fn mistakes_in_a_new_account_are_named_and_nothing_is_added() {
    let site = Site::new();
    site.ok(ANN);
    let add = |rest: &str| format!("account add {rest}");
    for (line, code, words) in [
        (ANN.to_owned(), 65, ["already", "account show 4711"]),
        (add("12 --name A --email a@b.net --services sip"), 64, ["4 to 12 digits", "12"]),
        (add("4712 --name A --email a@b --services sip,nosuch"), 65, ["nosuch", "rtp, sip, sips"]),
        (add("4712 --name A --email a@b --services SIP"), 64, ["a-z", "SIP"]),
        (add("4712 --name A --email ab.net --services sip"), 64, ["ann@example.net", "ab.net"]),
        (add("4712 --name A --email a@b"), 64, ["--services", "required"]),
        (add("4712 --name A --email a@b --services sip --lease 8d"), 65, ["lease.max", "7d"]),
        (add("4712 --name A --email a@b --services sip --lease 1w"), 64, ["24h", "1w"]),
        (add("4712 --name A --email a@b --services sip --time-zone Mars"), 64, ["IANA", "Mars"]),
        (add("4712 --name A --email a@b --services sip --pin 481516"), 64, ["--pin", "unexpected"]),
    ] {
        site.refuses(&line, code, &words);
    }
    let bad_name =
        ["account", "add", "4712", "--name", "A\nB", "--email", "a@b", "--services", "sip"];
    site.refuses_with(&bad_name, b"", 64, &["control character"]);
}

#[test]
fn an_unknown_account_is_said_to_be_so_by_every_command() {
    let site = Site::new();
    for line in [
        "account show 4712",
        "account set 4712 --name B",
        "account pin 4712",
        "account enable 4712",
        "account disable 4712",
        "account unlock 4712",
        "account remove 4712",
        "lease grant 4712 12.34.56.78",
        "lease revoke 4712",
    ] {
        site.refuses(line, 65, &["no account 4712", "dialgate account list"]);
    }
}

#[test]
fn what_is_set_changes_and_the_rest_stays() {
    let site = Site::new();
    site.ok(&format!("{ANN} --lease 12h --time-zone Europe/Paris"));
    site.ok("account set 4711 --email new@example.net");
    let account = site.json("account show 4711");
    assert_eq!((&account["email"], &account["name"]), (&"new@example.net".into(), &"Ann".into()));
    assert_eq!((&account["lease"], &account["time_zone"]), (&"12h".into(), &"Europe/Paris".into()));

    let account = site.json("account set 4711 --lease default --time-zone default --name Eve");
    assert!(account["lease"].is_null() && account["time_zone"].is_null());
    assert_eq!(account["name"], "Eve");
    site.refuses("account set 4711", 64, &["--name"]);
    site.refuses("account set 4711 --services nosuch", 65, &["nosuch"]);
    site.refuses("account set 4711 --lease 366d", 65, &["lease.max"]);
    site.refuses("account set 4711 --max 8d", 65, &["lease.max", "7d"]);
}

#[test]
fn what_an_account_loses_its_open_leases_lose_too() {
    let site = Site::new();
    site.ok(ANN);
    let until = site.json("lease grant 4711 12.34.56.78")["expires_at"].clone();
    site.ok("account set 4711 --services web");
    let leases = site.json("lease list");
    assert_eq!(leases[0]["services"], serde_json::json!(["web"]));
    assert_eq!(leases[0]["expires_at"], until);
}

#[test]
fn an_account_has_limits_of_its_own_or_the_sites() {
    let site = Site::new();
    let limits = |account: &serde_json::Value| {
        [&account["max"], &account["addresses"]].map(serde_json::Value::to_string).join(" ")
    };
    assert_eq!(limits(&site.json(&format!("{ANN} --max 12h --addresses 3"))), "\"12h\" 3");
    assert_eq!(limits(&site.json("account list")[0]), "\"12h\" 3");
    assert!(site.ok("account list").contains("12h, 3"), "{}", site.ok("account list"));
    let audit = site.json("audit");
    let detail = audit[0]["detail"].as_str().unwrap();
    assert!(detail.contains("max 12h, addresses 3"), "{detail}");
    assert_eq!(limits(&site.json("account set 4711 --addresses 1 --name Eve")), "\"12h\" 1");
    assert_eq!(
        limits(&site.json("account set 4711 --max default --addresses default")),
        "null null"
    );
    for bad in ["0", "256", "many"] {
        let arguments = ["account", "set", "4711", "--addresses", bad];
        site.refuses_with(&arguments, b"", 64, &["--addresses"]);
    }
    site.refuses("account set 4711 --addresses 0", 64, &["1 to 255"]);
}

#[test]
fn what_holds_for_an_account_is_shown_with_whose_limit_it_is() {
    let site = Site::new();
    site.ok(&format!("{ANN} --lease 12h --max 3d"));
    let said = site.ok("account show 4711");
    for line in [
        "lease      12h\n",
        "at most    3d, by account 4711\n",
        "addresses  default, which is 1 here\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    site.ok("service set rtp --max 2h");
    let said = site.ok("account show 4711");
    assert!(said.contains("12h, cut to 2h\nat most    2h, by service rtp\n"), "{said}");
    let terms = site.json("account show 4711")["terms"].clone();
    assert_eq!(
        terms,
        serde_json::json!({"lease": "2h", "max": "2h", "max_by": "service rtp", "addresses": 1})
    );
    let too_long = ["account set 4711 --lease 3h", "account set 4711 --max 1d --lease 3h"];
    for line in too_long {
        site.refuses(line, 65, &["service rtp", "at most 2h", "service set rtp --max 3h"]);
    }
    site.refuses("account set 4711 --max 1h --lease 2h", 65, &["account 4711", "at most 1h"]);
}

#[test]
fn a_lower_limit_cuts_open_leases_and_nothing_else_does() {
    let site = Site::new();
    site.ok(&format!("{ANN} --addresses 2"));
    site.ok("service set ssh --max 2h");
    site.ok("lease grant 4711 12.34.56.78 --for 1h");
    site.ok("lease grant 4711 12.34.56.79 --for 7d");
    let ends = || {
        let leases = site.json("lease list");
        leases
            .as_array()
            .unwrap()
            .iter()
            .map(|lease| lasting(lease) / 600 * 600)
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(), [3600, 7 * 86_400]);
    for line in ["--lease 2h", "--max 7d", "--name Eve", "--services sip"] {
        let changed = site.json(&format!("account set 4711 {line}"));
        assert_eq!(
            (ends(), changed["shortened"].as_array().unwrap().len()),
            (vec![3600, 7 * 86_400], 0)
        );
    }
    let said = site.ok("account set 4711 --max 3d");
    assert!(said.contains("cut L2: 12.34.56.79 until") && said.contains("in 3 days"), "{said}");
    assert_eq!(ends(), [3600, 3 * 86_400]);
    // Whoever gets a service that may be open for less is not in for longer.
    let changed = site.json("account set 4711 --services sip,ssh");
    assert_eq!(changed["shortened"][0]["services"], serde_json::json!(["sip", "ssh"]));
    assert_eq!(ends(), [3600, 2 * 3600]);
    site.ok("account set 4711 --services sip --max default");
    assert_eq!(ends(), [3600, 2 * 3600]);
}

#[test]
fn a_new_pin_makes_the_old_one_void_and_ends_the_leases() {
    let site = Site::new();
    let old = site.json(ANN)["pin"].as_str().unwrap().to_owned();
    site.ok("lease grant 4711 12.34.56.78");
    let changed = site.json("account pin 4711");
    assert!(site.pin_is("4711", changed["pin"].as_str().unwrap()) && !site.pin_is("4711", &old));
    assert_eq!(changed["ended"][0]["state"], "disabled");
    assert_eq!(site.json("lease list"), serde_json::json!([]));
    site.refuses("account pin 4711 --pin-stdin", 65, &["6 to 12 digits"]);
}

#[test]
fn a_disabled_account_has_no_leases_and_gets_none_until_it_is_enabled() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    let said = site.ok("account disable 4711");
    assert!(said.contains("disabled") && said.contains("ended L1: 12.34.56.78"), "{said}");
    assert_eq!(site.json("lease list --all")[0]["state"], "disabled");
    site.refuses("lease grant 4711 12.34.56.78", 65, &["disabled", "account enable 4711"]);
    assert!(site.ok("account disable 4711").contains("already"));
    assert!(site.ok("account enable 4711").contains("enabled"));
    assert!(site.ok("account enable 4711").contains("already"));
    site.ok("lease grant 4711 12.34.56.78");
}

#[test]
fn a_removed_account_is_gone_and_its_leases_are_history() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    assert!(site.ok("account remove 4711").contains("ended L1: 12.34.56.78"));
    assert_eq!(site.json("account list"), serde_json::json!([]));
    assert_eq!(site.json("lease list --all")[0]["state"], "removed");
    assert!(site.ok("account list").contains("no accounts"));
}

#[test]
fn failed_logins_are_forgiven_by_the_operator_and_with_a_new_pin() {
    let site = Site::new();
    site.ok(ANN);
    assert_eq!(site.unlocked_at("4711"), None);
    assert!(site.ok("account unlock 4711").contains("unlocked"));
    let unlocked = site.unlocked_at("4711").unwrap();
    assert_eq!(
        site.json("audit").as_array().unwrap().last().unwrap()["action"],
        "account-unlocked"
    );

    site.ok("account add 4712 --name Bob --email bob@example.net --services sip");
    site.ok("account pin 4712");
    assert!(site.unlocked_at("4712").unwrap() >= unlocked);
    site.ok("account set 4711 --name Eve");
    assert_eq!(site.unlocked_at("4711"), Some(unlocked));
}

#[test]
fn an_account_has_a_language_or_the_calls() {
    let site = Site::new();
    site.ok(&format!("{ANN} --language fr"));
    assert_eq!(site.json("account show 4711")["language"], "fr");
    assert!(site.ok("account show 4711").contains("language   fr"));
    assert_eq!(site.json("account set 4711 --language de")["language"], "de");
    assert_eq!(site.json("account list")[0]["language"], "de");
    assert!(site.json("account set 4711 --language default")["language"].is_null());
    assert!(site.json("account show 4711").get("language").is_some());
    for bad in ["ja", "FR", ""] {
        site.refuses_with(&["account", "set", "4711", "--language", bad], b"", 64, &["en, es, fr"]);
    }
}
