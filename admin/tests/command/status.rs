use dialgate_contract::ledger::{Ledger, pass};
use serde_json::json;

use crate::site::{ANN, Site, answer, program};

#[expect(clippy::disallowed_methods, reason = "the program under test reads the same clock")]
fn pass_now(site: &Site, problem: Option<&str>) {
    let finished_at = jiff::Timestamp::now();
    let pass = pass::Pass { finished_at, problem: problem.map(str::to_owned) };
    let mut ledger = Ledger::open(&site.path("data/ledger.db")).unwrap();
    ledger.write(|tx| pass::record(tx, &pass)).unwrap();
}

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
            "letters": {"waiting": 1, "given_up": 0}
        })
    );
    assert!(site.ok("status").contains("has never run"));
}

#[test]
fn status_tells_how_the_last_pass_ended_in_eighty_columns() {
    let site = Site::new();
    pass_now(&site, None);
    assert!(site.ok("status").contains("the firewall is as the ledger says"));
    assert!(site.json("status")["last_pass"]["age_seconds"].as_i64().unwrap() < 60);

    pass_now(&site, Some(&"iptables-restore: line 3 failed. ".repeat(10)));
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
