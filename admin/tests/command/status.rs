use dialgate_contract::ledger::host;
use serde_json::json;

use crate::site::{ANN, Site, answer, program};

#[test]
fn status_counts_what_there_is() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("account add 4712 --name Bob --email b@example.net --services all");
    site.ok("lease grant 4711 12.34.56.78");
    site.ok("account disable 4712");
    assert_eq!(
        site.json("status"),
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
