use dialgate_contract::ledger::host;
use serde_json::json;

use crate::live::Live;
use crate::site::{ANN, Site, answer, now, program};

#[test]
fn status_counts_what_there_is() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("account add 4712 --name Bob --email b@example.net --services all");
    site.ok("lease grant 4711 12.34.56.78");
    site.ok("account disable 4712");
    let mut status = site.json("status");
    let leases = status.as_object_mut().unwrap().remove("leases").unwrap();
    let lease = &leases[0];
    assert_eq!((&lease["id"], &lease["name"]), (&json!("L1"), &json!("Ann")));
    assert_eq!((&lease["address"], &lease["account"]), (&json!("12.34.56.78"), &json!("4711")));
    assert_eq!(
        status,
        json!({
            "open_leases": 1, "accounts": 2, "disabled_accounts": 1, "last_pass": null,
            "letters": {"waiting": 1, "given_up": 0},
            "allow_entries": 0, "deny_entries": 0, "host_problems": [],
            "base_policy": {
                "state": "off", "since": null, "trial_ends": null,
                "not_in_file": [], "not_in_force": []
            },
            "last_heal": null
        })
    );
    assert!(site.ok("status").contains("has never run"));
}

#[test]
fn status_tells_how_the_last_pass_ended_in_eighty_columns() {
    let site = Site::new();
    site.pass_now(None);
    assert!(site.ok("status").contains("the firewall is as the ledger says"));
    assert!(site.json("status")["last_pass"]["age_seconds"].as_i64().unwrap() < 60);

    site.pass_now(Some(&"iptables-restore: line 3 failed. ".repeat(10)));
    let said = site.ok("status");
    assert!(said.contains("PROBLEM") && said.lines().all(|line| line.len() <= 80), "{said}");
    let problem = site.json("status")["last_pass"]["problem"].clone();
    assert!(problem.as_str().unwrap().starts_with("iptables-restore: line 3"));
}

#[test]
fn every_change_leaves_a_line_and_no_line_holds_a_pin() {
    let site = Site::new();
    let first = site.json(ANN)["pin"].as_str().unwrap().to_owned();
    let second = site.json("account pin 4711")["pin"].as_str().unwrap().to_owned();
    for line in [
        "account set 4711 --name Eve",
        "lease grant 4711 12.34.56.78",
        "lease grant 4711 12.34.56.78",
        "lease grant 4711 12.34.56.79",
        "lease revoke L2",
        "account disable 4711",
        "account enable 4711",
        "account remove 4711",
        "service add vpn udp:51820",
        "service remove vpn",
    ] {
        site.ok(line);
    }
    let lines = site.json("audit");
    let lines = lines.as_array().unwrap();
    let actions: Vec<&str> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "account-added",
            "account-pin-changed",
            "account-changed",
            "lease-opened",
            "lease-extended",
            "lease-opened",
            "lease-replaced",
            "lease-revoked",
            "account-disabled",
            "account-enabled",
            "account-removed",
            "service-added",
            "service-removed",
        ]
    );
    let said = site.ok("audit");
    assert!(!said.contains(&first) && !said.contains(&second));
    assert_eq!(site.ok("audit -n 2").lines().count(), 2);
    assert!(site.ok("audit -n 1").contains("service-removed"));
}

#[test]
fn the_trail_names_who_was_at_the_keyboard() {
    let site = Site::new();
    let mut command = program();
    command.arg("--config").arg(site.config()).args(["service", "add", "vpn", "udp:1"]);
    command.env("SUDO_USER", "maria");
    assert_eq!(answer(command, b"").code, 0);
    let actor = site.json("audit")[0]["actor"].clone();
    if dialgate_contract::SystemUser::is_root() {
        assert_eq!(actor, "operator maria");
    } else {
        assert_ne!(actor, "operator maria");
    }
}

#[test]
fn status_counts_the_lists_and_names_hosts_with_problems_and_the_last_heal() {
    let site = Site::new();
    for line in [
        "allow add sip.example.net --services sip",
        "allow add 12.34.56.78 --services sip",
        "deny add 12.35.0.0/16",
    ] {
        site.ok(line);
    }
    site.healed("the jump to DIALGATE was missing");
    let name = "sip.example.net".parse().unwrap();
    let at = jiff::Timestamp::from_second(1_000).unwrap();
    site.ledger().write(|tx| host::failed(tx, &name, "no such name", at)).unwrap();
    let status = site.json("status");
    assert_eq!((&status["allow_entries"], &status["deny_entries"]), (&json!(2), &json!(1)));
    assert_eq!(status["host_problems"][0]["host"], "sip.example.net");
    assert_eq!(status["last_heal"]["detail"], "the jump to DIALGATE was missing");
    let said = site.ok("status");
    for words in ["2 let in, 1 kept out", "sip.example.net: no such name", "jump to DIALGATE"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn who_is_in_is_shown_and_when_it_ends() {
    let site = Site::new();
    let name = "Wilhelmina Alexandra Featherstonehaugh-Cholmondeley of Beauchamp";
    let add = ["account", "add", "123456789012", "--email", "w@example.net", "--services", "sip"];
    let answer = site.run_with(&[&add[..], &["--name", name]].concat(), b"");
    assert_eq!(answer.code, 0, "{answer:?}");
    site.ok(ANN);
    site.ok("lease grant 123456789012 2a00:1450:4001:82a::1 --for 5h");
    site.ok("lease grant 4711 12.34.56.78 --for 2h");
    let said = site.ok("status");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    let order = ["in 2 h", "in 5 h"].map(|words| said.find(words).unwrap());
    assert!(order[0] < order[1] && said.contains("2a00:1450:4001:82a::/64"), "{said}");
    for n in 0..25 {
        site.ok(&format!("account add 50{n:02} --name A --email a@b.net --services sip"));
        site.ok(&format!("lease grant 50{n:02} 12.34.57.{n}"));
    }
    assert!(site.ok("status").contains("and 7 more: `dialgate lease list`"));
}

#[test]
fn a_check_ends_by_whether_there_is_a_problem() {
    let site = Site::new();
    let code = |words: &str| site.run(&format!("status{words}")).code;
    assert_eq!((code(""), code(" --check"), code(" --check --json")), (0, 69, 69), "never run");
    site.pass_now(None);
    assert_eq!(code(" --check"), 0);
    site.pass_now(Some("iptables-restore failed"));
    assert_eq!((code(""), code(" --check")), (0, 69));
    site.pass_long_ago();
    assert_eq!(code(" --check"), 69);
    assert!(site.ok("status").contains("does not run any more"));
    site.pass_now(None);
    site.ok("allow add sip.example.net --services sip");
    let name = "sip.example.net".parse().unwrap();
    site.ledger().write(|tx| host::failed(tx, &name, "no such name", now())).unwrap();
    assert_eq!(code(" --check"), 69);
}

#[test]
fn a_screen_needs_a_terminal() {
    let site = Site::new();
    site.refuses("status --watch", 64, &["terminal", "audit --follow"]);
    site.refuses("status --watch --check", 64, &["cannot be used with"]);
}

#[test]
fn what_changes_is_shown_live_and_the_terminal_is_left_as_it_was() {
    let site = Site::new();
    site.ok(ANN);
    let back = "\u{1b}[?25h\u{1b}[?1049l";
    for (key, colour) in [("q", false), ("\u{3}", true), ("", true)] {
        let mut command = program();
        command.arg("--config").arg(site.config()).args(["status", "--watch"]);
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        if !colour {
            command.env("NO_COLOR", "1");
        }
        let mut live = Live::start(command);
        live.await_text("open leases  0");
        site.ok("lease grant 4711 12.34.56.78");
        live.await_text("12.34.56.78");
        site.pass_now(Some("iptables-restore failed"));
        live.await_text("iptables-restore failed");
        if key.is_empty() {
            let id = rustix::process::Pid::from_raw(live.id().try_into().unwrap()).unwrap();
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        } else {
            live.press(key);
        }
        let (code, screen, is_as_before) = live.end(back);
        assert_eq!((code, is_as_before), (Some(0), true), "{screen:?}");
        assert_eq!(screen.contains("\u{1b}[31mPROBLEM"), colour, "{screen:?}");
        site.ok("lease revoke 4711");
    }
}

#[test]
fn a_name_that_turns_the_text_around_is_harmless_in_json_too() {
    let site = Site::new();
    site.ok(ANN);
    let turned = "Ann\u{202e}nnA";
    let ledger = rusqlite::Connection::open(site.path("data/ledger.db")).unwrap();
    ledger.execute("UPDATE account SET name = ?1", [turned]).unwrap();
    let out = site.ok("account list --json");
    assert!(!out.contains('\u{202e}') && out.contains("\\u202e"), "{out}");
    assert_eq!(site.json("account list")[0]["name"], turned);
}
