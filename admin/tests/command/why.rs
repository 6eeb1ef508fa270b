use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{LeaseEnd, ended, lease, letter, usage};
use dialgate_contract::{AccountNumber, CallerId};
use jiff::SignedDuration;
use serde_json::json;

use crate::site::{ANN, Site, now};

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
        ("why", 64, ["<ADDRESS|ACCOUNT>", "required"]),
        ("why 12.34.56", 64, ["12.34.56", "not an address"]),
        ("why sip.example.net", 64, ["sip.example.net", "not an address"]),
        ("why 12.34.56.0/24", 64, ["12.34.56.0/24", "not an address"]),
        ("why 12.34.56.78 --service sipp", 65, ["sipp", "service list"]),
        ("why 4711", 65, ["no account 4711", "account list"]),
    ] {
        site.refuses(line, code, &words);
    }
}

#[test]
fn it_tells_since_when_and_when_the_last_packet_came() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    site.ok("allow add 12.34.56.0/24 --services web --name office");
    let because = |service| access(&site, "12.34.56.78", service).1[0].clone();
    assert_eq!(because("sip")["last_packet_at"], json!(null));
    assert!(because("web")["since"].is_string());
    let open = lease::not_ended(site.ledger().connection()).unwrap();
    let used = open[0].opened_at + SignedDuration::from_secs(60);
    site.ledger().write(|tx| usage::record(tx, open[0].id, 7, Some(used))).unwrap();
    assert_eq!(because("sip")["last_packet_at"], json!(used));
    let said = site.ok("why 12.34.56.78 --service sip");
    assert!(said.contains("last packet"), "{said}");
}

#[test]
fn whose_right_ended_lately_is_silenced() {
    let site = Site::new();
    let network = "12.34.56.0/24".parse().unwrap();
    let lately = now() - SignedDuration::from_mins(10);
    site.ledger().write(|tx| ended::put(tx, network, lately)).unwrap();
    let said = site.ok("why 12.34.56.78");
    assert!(said.contains("SILENCED") && said.contains("10 min ago"), "{said}");
    assert_eq!(site.json("why 12.34.56.78")["silenced"]["network"], "12.34.56.0/24");
    assert_eq!(site.json("why 12.34.57.78")["silenced"], json!(null));
    let long_ago = now() - SignedDuration::from_hours(1);
    site.ledger().write(|tx| ended::put(tx, network, long_ago)).unwrap();
    assert_eq!(site.json("why 12.34.56.78")["silenced"], json!(null));
}

fn findings(site: &Site, line: &str) -> Vec<(String, Option<String>)> {
    let json = site.json(line);
    let findings = json["findings"].as_array().unwrap().iter().map(|finding| {
        let fix = finding["fix"].as_str().map(str::to_owned);
        (finding["what"].as_str().unwrap().to_owned(), fix)
    });
    findings.collect()
}

/// Whether something was found that says this and is mended so.
fn found(site: &Site, line: &str, what: &str, fix: Option<&str>) {
    let all = findings(site, line);
    let is_there = all.iter().any(|(said, by)| said.contains(what) && by.as_deref() == fix);
    assert!(is_there, "no {what:?} mended by {fix:?} in {all:?}");
    let said = site.ok(line);
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}

#[test]
fn why_somebody_is_not_in_is_said_with_what_to_do() {
    let site = Site::with("user = \"\"\n[firewall]\nbackend = \"dry-run\"");
    site.ok(ANN);
    let why = "why 4711";
    let start = Some("systemctl start dialgate-reconciler");
    found(&site, why, "has never run", start);
    site.pass_now(None);
    found(&site, why, "nothing was ever opened", Some("dialgate lease grant 4711 ADDRESS"));

    site.ok("lease grant 4711 12.34.56.78");
    assert_eq!(findings(&site, why), []);
    let said = site.ok(why);
    assert!(said.contains("nothing stands in the way") && said.contains("L1 for 12.34.56.78"));
    let set = Some("dialgate account set 4711 --services rtp,sip,web");
    found(&site, "why 4711 --service web", "has no web", set);
    site.ok("deny add 12.34.0.0/16");
    found(&site, why, "12.34.0.0/16 on the deny list", Some("dialgate deny remove 12.34.0.0/16"));
    site.ok("deny remove 12.34.0.0/16");

    let (mut ledger, number): (_, AccountNumber) = (site.ledger(), "4711".parse().unwrap());
    let record = |ledger: &mut dialgate_contract::ledger::Ledger, action: &str, detail: &str| {
        let caller = Actor::Caller(CallerId::from_network("+4930123"));
        ledger
            .write(|tx| audit::record(tx, now(), &caller, action, Some(&number), detail))
            .unwrap();
    };
    let open = lease::not_ended(ledger.connection()).unwrap();
    ledger.write(|tx| lease::end(tx, open[0].id, now(), LeaseEnd::Expired)).unwrap();
    let grant = Some("dialgate lease grant 4711 ADDRESS");
    found(&site, why, "L1 for 12.34.56.78 has ended (expired)", grant);
    record(&mut ledger, "request-refused", "private-address for 10.0.0.1, request ab");
    found(&site, why, "the last call was refused: private-address for 10.0.0.1", None);
    record(&mut ledger, "lease-opened", "L2 12.34.56.79");
    assert!(!findings(&site, why).iter().any(|(what, _)| what.contains("refused")));
    record(&mut ledger, "logins-failed", "12 failures, request cd");
    found(&site, why, "12 failures", Some("dialgate account unlock 4711"));

    let (post, _) = ledger
        .write(|tx| {
            let content = letter::due(tx, jiff::Timestamp::MAX, 9)?.pop().unwrap().unwrap();
            letter::give_up(tx, content.id, now(), "no such mailbox")?;
            Ok::<_, dialgate_contract::database::DatabaseError>((content.id, ()))
        })
        .unwrap();
    assert!(post.row() > 0);
    found(&site, why, "was given up: no such mailbox", None);
    site.ok("account disable 4711");
    found(&site, why, "the account is disabled", Some("dialgate account enable 4711"));
    let first = findings(&site, why)[0].0.clone();
    assert!(first.contains("disabled"), "what weighs most comes first: {first}");
    site.pass_now(Some("iptables-restore failed"));
    found(&site, why, "has a problem: iptables-restore failed", None);
}

#[test]
fn every_answer_fits_eighty_columns() {
    let site = Site::new();
    let name = "W".repeat(64);
    let add = ["account", "add", "123456789012", "--name", &name, "--email"];
    let mail = format!("{}@{}.example.net", "m".repeat(60), "d".repeat(60));
    let rest = [mail.as_str(), "--services", "sip,rtp,iax,web,webrtc,sips"];
    let answer = site.run_with(&[&add[..], &rest[..]].concat(), b"");
    assert_eq!(answer.code, 0, "{answer:?}");
    let address = "2a00:1450:4001:82a:aaaa:bbbb:cccc:dddd";
    site.ok(&format!("lease grant 123456789012 {address}"));
    site.run_with(&["allow", "add", address, "--services", "all", "--name", &name], b"");
    site.run_with(&["deny", "add", "2a00:1450:4001:82a::/64", "--name", &name], b"");
    site.pass_now(Some(&"word ".repeat(60)));
    for line in ["why 123456789012", &format!("why {address}"), "status"] {
        let said = site.ok(line);
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{line}: {said}");
    }
}
