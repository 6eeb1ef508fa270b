use serde_json::json;

use crate::site::{ANN, Site, lasting};

fn granted() -> Site {
    let site = Site::new();
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    site
}

#[test]
fn the_list_is_what_other_tools_rely_on() {
    let site = granted();
    let leases = site.json("lease list");
    let lease = leases[0].as_object().unwrap();
    let mut keys: Vec<&str> = lease.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["account", "address", "expires_at", "id", "opened_at", "services", "state"]);
    assert_eq!(
        (&lease["id"], &lease["account"], &lease["address"], &lease["services"], &lease["state"]),
        (
            &json!("L1"),
            &json!("4711"),
            &json!("12.34.56.78"),
            &json!(["rtp", "sip"]),
            &json!("open")
        )
    );
    assert!(lease["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(lasting(&leases[0]), 24 * 3600);
    let until = lease["expires_at"].as_str().unwrap().replace('T', " ");
    assert!(site.ok("lease list").contains(until.get(..16).unwrap()));
    assert_eq!(Site::new().json("lease list"), json!([]));
}

#[test]
fn how_long_is_said_or_the_accounts_or_the_sites_and_never_more_than_the_most() {
    let site = Site::new();
    site.ok(&format!("{ANN} --lease 6h"));
    let grant = |rest: &str| lasting(&site.json(&format!("lease grant 4711 {rest}")));
    assert_eq!(grant("12.34.56.78"), 6 * 3600);
    assert_eq!(grant("12.34.56.79 --for 90s"), 90);
    site.refuses("lease grant 4711 12.34.56.80 --for 8d", 65, &["8d", "lease.max", "7d"]);
    site.configure("[lease]\nmax = \"1h\"\ndefault = \"1h\"");
    assert_eq!(grant("12.34.56.81"), 3600);
}

#[test]
fn nothing_longer_is_granted_than_the_account_and_each_of_its_services_allow() {
    let site = Site::new();
    site.ok(&format!("{ANN} --max 12h"));
    assert_eq!(lasting(&site.json("lease grant 4711 12.34.56.78")), 12 * 3600);
    let too_long = "lease grant 4711 12.34.56.79 --for 13h";
    site.refuses(too_long, 65, &["account 4711", "at most 12h", "account set 4711 --max 13h"]);
    site.ok("service set rtp --max 2h");
    assert_eq!(lasting(&site.json("lease grant 4711 12.34.56.79")), 2 * 3600);
    let too_long = "lease grant 4711 12.34.56.80 --for 3h";
    site.refuses(too_long, 65, &["service rtp", "at most 2h", "service set rtp --max 3h"]);
    site.ok("account set 4711 --services sip");
    assert_eq!(lasting(&site.json("lease grant 4711 12.34.56.80 --for 3h")), 3 * 3600);
}

#[test]
fn a_new_address_replaces_the_old_one_and_the_same_one_goes_on() {
    let site = granted();
    let moved = site.json("lease grant 4711 12.34.56.79");
    assert_eq!((&moved["replaced"], &moved["extended"]), (&json!(["12.34.56.78"]), &json!(false)));
    let again = site.json("lease grant 4711 12.34.56.79 --for 7d");
    assert_eq!((&again["id"], &again["extended"]), (&moved["id"], &json!(true)));
    assert_eq!(again["replaced"], json!([]));
    assert_eq!(site.json("lease list").as_array().unwrap().len(), 1);
    assert_eq!(site.json("lease list --all")[0]["state"], "replaced");
}

#[test]
fn more_addresses_at_a_time_are_a_matter_of_configuration() {
    let site = Site::with("user = \"\"\n[lease]\naddresses-per-account = 2");
    site.ok(ANN);
    for address in ["12.34.56.78", "12.34.56.79", "12.34.56.80"] {
        site.ok(&format!("lease grant 4711 {address}"));
    }
    let leases = site.json("lease list");
    let open: Vec<&str> =
        leases.as_array().unwrap().iter().map(|l| l["address"].as_str().unwrap()).collect();
    assert_eq!(open, ["12.34.56.79", "12.34.56.80"]);
}

#[test]
fn an_account_may_have_more_addresses_at_a_time_than_others() {
    let site = Site::new();
    site.ok(&format!("{ANN} --addresses 2"));
    let grant =
        |address: &str| site.json(&format!("lease grant 4711 {address}"))["replaced"].clone();
    assert_eq!((grant("12.34.56.78"), grant("12.34.56.79")), (json!([]), json!([])));
    assert_eq!(grant("12.34.56.80"), json!(["12.34.56.78"]));
    site.ok("account set 4711 --addresses default");
    assert_eq!(site.json("lease list").as_array().unwrap().len(), 2);
    assert_eq!(grant("12.34.56.80"), json!(["12.34.56.79"]));
}

#[test]
fn a_grant_says_until_when_and_that_the_reconciler_opens_it() {
    let site = Site::new();
    site.ok(ANN);
    let said = site.ok("lease grant 4711 12.34.56.78 --for 5h");
    for words in ["L1", "12.34.56.78", "in 5 h", "next pass", "never run"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(site.json("status")["letters"]["waiting"], 1);
}

#[test]
fn without_mail_no_letter_is_written() {
    let site = Site::with("user = \"\"\n[mail]\ntransport = \"off\"");
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    assert_eq!(site.json("status")["letters"]["waiting"], 0);
}

#[test]
fn where_no_traveller_can_be_nothing_is_granted() {
    let site = granted();
    for (address, code, word) in [
        ("10.0.0.1", 65, "private"),
        ("100.64.0.1", 65, "private"),
        ("127.0.0.1", 65, "loopback"),
        ("203.0.113.5", 65, "documentation"),
        ("255.255.255.255", 65, "broadcast"),
        ("999.1.1.1", 64, "not an address"),
        ("12.34.56", 64, "not an address"),
        ("12.34.56.0/24", 64, "not an address"),
        ("hotel.example.net", 64, "not an address"),
    ] {
        site.refuses(&format!("lease grant 4711 {address}"), code, &[address, word]);
    }
    site.configure("[firewall]\nallow-private = true");
    site.ok("lease grant 4711 10.0.0.1");
    site.refuses("lease grant 4711 127.0.0.1", 65, &["loopback"]);
}

#[test]
fn leases_are_revoked_by_name_address_or_account() {
    let site = granted();
    for target in ["L1", "12.34.56.78", "4711"] {
        let revoked = site.json(&format!("lease revoke {target}"));
        assert_eq!(revoked[0]["state"], "revoked", "{target}");
        assert_eq!(site.json("lease list"), json!([]), "{target}");
        site.ok("lease grant 4711 12.34.56.78");
    }
    let said = site.ok("lease revoke 12.34.56.78");
    assert!(said.contains("ended L4: 12.34.56.78") && said.contains("next pass"), "{said}");
}

#[test]
fn revoking_nothing_is_said() {
    let site = granted();
    site.refuses("lease revoke L9", 65, &["no lease L9", "lease list"]);
    site.refuses("lease revoke 12.34.56.79", 65, &["12.34.56.79", "lease list"]);
    site.refuses("lease revoke everything", 64, &["L17", "everything"]);
    site.ok("lease revoke L1");
    site.refuses("lease revoke L1", 65, &["not open any more", "revoked"]);
    site.refuses("lease revoke 4711", 65, &["no open lease", "lease list"]);
}

#[test]
fn a_grant_that_the_deny_list_wins_over_says_so() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("deny add 12.34.0.0/16");
    let said = site.ok("lease grant 4711 12.34.56.78");
    assert!(said.contains("12.34.0.0/16 is on the deny list, which wins"), "{said}");
    assert_eq!(site.json("lease grant 4711 12.35.56.78")["denied"], json!([]));
}
