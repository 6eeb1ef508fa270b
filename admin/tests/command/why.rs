use serde_json::json;

use crate::site::{ANN, Site};

fn access(site: &Site, address: &str, service: &str) -> (String, serde_json::Value) {
    let why = site.json(&format!("why {address} --service {service}"));
    let row = why["services"][0].clone();
    (row["access"].as_str().unwrap().to_owned(), row["because"].clone())
}

#[test]
fn it_names_the_lease_and_the_entry_that_let_an_address_in() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    site.ok("allow add 12.34.56.0/24 --services web --name office");
    let (open, because) = access(&site, "12.34.56.78", "sip");
    assert_eq!((open.as_str(), &because[0]["by"]), ("open", &json!("lease")));
    assert_eq!((&because[0]["id"], &because[0]["account"]), (&json!("L1"), &json!("4711")));
    let (open, because) = access(&site, "12.34.56.78", "web");
    assert_eq!((open.as_str(), &because[0]["name"]), ("open", &json!("office")));
    assert_eq!(access(&site, "12.34.56.79", "sip"), ("closed".to_owned(), json!([])));
    assert_eq!(access(&site, "12.34.56.78", "sips").0, "open");
    assert_eq!(access(&site, "12.34.56.78", "all").0, "partly open");
    site.ok("lease revoke L1");
    assert_eq!(access(&site, "12.34.56.78", "sip").0, "closed");
}

#[test]
fn it_says_who_closes_what_is_closed() {
    let site = Site::new();
    assert!(site.ok("why 12.34.56.78").contains("not opened by dialgate"));
    site.ok("firewall apply");
    let said = site.ok("why 12.34.56.78 --service sip");
    assert!(said.contains("closed by dialgate") && said.contains("on trial"), "{said}");
    site.ok("deny add 12.34.56.78 --name scanner");
    site.ok("allow add 12.34.56.78 --services sip");
    let said = site.ok("why 12.34.56.78 --service sip");
    assert!(said.contains("DENIED") && said.contains("(scanner) on the deny list"), "{said}");
    assert_eq!(access(&site, "12.34.56.78", "sip").0, "closed");
    let mapped = site.json("why ::ffff:12.34.56.78 --service sip");
    assert_eq!((&mapped["address"], mapped["denied"].is_object()), (&json!("12.34.56.78"), true));
}

#[test]
fn it_tells_of_the_last_pass_and_of_what_was_healed() {
    let site = Site::new();
    assert!(site.ok("why 12.34.56.78").contains("has never run"));
    site.pass_now(Some("iptables-restore failed"));
    site.healed("set dg-sip-4 was gone");
    let said = site.ok("why 12.34.56.78");
    assert!(said.contains("PROBLEM      iptables-restore failed"), "{said}");
    assert!(said.contains("set dg-sip-4 was gone"), "{said}");
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
}

#[test]
fn mistakes_are_answered_with_what_to_write() {
    let site = Site::new();
    for (line, code, words) in [
        ("why", 64, ["<ADDRESS>", "required"]),
        ("why 12.34.56", 64, ["12.34.56", "not an address"]),
        ("why sip.example.net", 64, ["sip.example.net", "not an address"]),
        ("why 12.34.56.0/24", 64, ["12.34.56.0/24", "not an address"]),
        ("why 12.34.56.78 --service sipp", 65, ["sipp", "service list"]),
    ] {
        site.refuses(line, code, &words);
    }
}
