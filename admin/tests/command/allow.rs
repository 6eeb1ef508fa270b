use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::host;
use serde_json::json;

use crate::site::Site;

fn actions(site: &Site) -> Vec<String> {
    let lines = site.json("audit");
    let lines = lines.as_array().unwrap().iter();
    lines.map(|line| line["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn whoever_is_let_in_is_on_the_list_until_taken_off() {
    let site = Site::new();
    assert!(site.ok("allow list").contains("allow add --help"));
    for origin in ["12.34.56.78", "12.34.57.0/24", "2a01:4f8::7", "2a01:4f9::/32", "10.1.0.0/16"] {
        let added = site.json(&format!("allow add {origin} --services sip,rtp --name it"));
        assert_eq!((&added["origin"], &added["state"]), (&origin.into(), &"open".into()));
        assert!(added["replaced"].is_null() && added["host"].is_null());
    }
    let list = site.json("allow list");
    assert_eq!(list.as_array().unwrap().len(), 5);
    assert_eq!(list[1]["services"], json!(["rtp", "sip"]));
    assert!(site.ok("allow list").contains("for good"));
    assert!(site.ok("allow remove 12.34.57.0/24").contains("no longer"));
    assert_eq!(site.json("allow list").as_array().unwrap().len(), 4);
    site.refuses("allow remove 12.34.57.0/24", 65, &["12.34.57.0/24", "allow list"]);
    assert_eq!(actions(&site).last().unwrap(), "allow-removed");
}

#[test]
fn adding_again_changes_the_entry_and_says_how_it_was() {
    let site = Site::new();
    site.ok("allow add 12.34.56.78 --services sip");
    let said = site.ok("allow add 12.34.56.78 --services web --name office --for 2d");
    for words in ["before", "services sip", "name none", "until for good"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let again = site.json("allow add 12.34.56.78 --services web --name office");
    assert_eq!(again["replaced"]["name"], "office");
    assert!(site.ok("allow add 12.34.56.78 --services web --name office").contains("the same"));
    assert_eq!(site.json("allow list").as_array().unwrap().len(), 1);
    assert_eq!(actions(&site), ["allow-added", "allow-changed", "allow-changed"]);
}

#[test]
fn an_end_is_a_moment_a_day_or_a_time_from_now() {
    let site = Site::new();
    let end = |rest: &str| {
        site.json(&format!("allow add 12.34.56.78 --services sip {rest}"))["expires_at"].clone()
    };
    assert_eq!(end("--until 2099-12-31"), "2100-01-01T00:00:00Z");
    assert_eq!(end("--until 2099-12-31T18:00:00+01:00"), "2099-12-31T17:00:00Z");
    assert!(end("--for 90s").is_string() && end("").is_null());
    for (rest, code, word) in [
        ("--until 2020-01-01", 65, "over already"),
        ("--until 9999-12-31", 65, "too far away"),
        ("--until tomorrow", 64, "2027-01-31"),
        ("--for 367d", 64, "366d"),
        ("--for 4h --until 2099-01-01", 64, "cannot be used with"),
    ] {
        site.refuses(&format!("allow add 12.34.56.79 --services sip {rest}"), code, &[word]);
    }
}

#[test]
fn mistakes_are_answered_with_what_to_write() {
    let site = Site::new();
    for (line, code, words) in [
        ("allow add 1.2.3.4/0 --services sip", 64, ["too wide", "/8"]),
        ("allow add 12.34.56.78/24 --services sip", 64, ["did you mean", "12.34.56.0/24"]),
        ("allow add 999.1.1.1 --services sip", 64, ["999.1.1.1", "sip.example.net"]),
        ("allow add localhost --services sip", 64, ["localhost", "sip.example.net"]),
        ("allow add 127.0.0.1 --services sip", 64, ["loopback", "nobody"]),
        ("allow add 12.34.56.78", 64, ["--services", "required"]),
        ("allow add 12.34.56.78 --services sipp", 65, ["sipp", "rtp, sip, sips"]),
        ("allow remove 12.34.56.78", 65, ["12.34.56.78", "allow list"]),
        ("allow remove all", 64, ["all", "sip.example.net"]),
    ] {
        site.refuses(line, code, &words);
    }
}

#[test]
fn a_host_is_listed_with_its_addresses_and_what_is_wrong() {
    let site = Site::new();
    let said = site.ok("allow add SIP.Example.net --services sip");
    assert!(said.contains("sip.example.net is let in") && said.contains("asks the DNS"), "{said}");
    assert!(site.ok("allow list").contains("sip.example.net: not asked for yet"));
    let name = "sip.example.net".parse().unwrap();
    let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap();
    site.ledger()
        .write(|tx| {
            host::answered(tx, &name, &["12.34.56.78".parse().unwrap()], at(1_000))?;
            host::failed(tx, &name, "no such name", at(2_000))?;
            Ok::<_, DatabaseError>(())
        })
        .unwrap();
    let host = site.json("allow list")[0]["host"].clone();
    assert_eq!(host["addresses"], json!(["12.34.56.78"]));
    assert_eq!(host["problem"], "no such name");
    assert_eq!(host["answered_at"], "1970-01-01T00:16:40Z");
    let said = site.ok("allow list");
    assert!(said.contains("12.34.56.78") && said.contains("PROBLEM: no such name"), "{said}");
}

#[test]
fn an_entry_that_the_deny_list_wins_over_says_so() {
    let site = Site::new();
    site.ok("deny add 12.34.0.0/16");
    let said = site.ok("allow add 12.34.56.78 --services sip");
    assert!(said.contains("12.34.0.0/16 is on the deny list, which wins"), "{said}");
}

#[test]
fn a_service_that_somebody_is_let_in_to_stays() {
    let site = Site::new();
    site.ok("allow add 12.34.56.78 --services fop");
    site.refuses("service remove fop", 65, &["fop", "12.34.56.78", "allow remove"]);
    site.ok("allow remove 12.34.56.78");
    site.ok("service remove fop");
}

#[test]
fn nobody_takes_his_own_way_in_away_unasked_while_the_base_policy_is_on() {
    let site = Site::new();
    let (me, remove) = ("12.34.56.78", "allow remove 12.34.56.78");
    let narrow = "allow add 12.34.56.78 --services sip";
    site.ok("allow add 12.34.56.78 --services ssh");
    assert_eq!(site.run_from(me, "firewall apply").code, 0);
    for line in [remove, narrow] {
        let answer = site.run_from(me, line);
        assert_eq!((answer.code, answer.err.contains("your own")), (65, true), "{answer:?}");
        assert_eq!(site.json("allow list")[0]["services"], json!(["ssh"]));
    }
    assert_eq!(site.run_from("12.34.56.79", narrow).code, 0);
    assert_eq!(site.run_from(me, "allow add 12.34.56.78 --services ssh,sip").code, 0);
    assert_eq!(site.run_from(me, &format!("{remove} --even-me")).code, 0);
    site.ok("firewall off");
    site.ok("allow add 12.34.56.78 --services ssh");
    assert_eq!(site.run_from(me, remove).code, 0);
}
