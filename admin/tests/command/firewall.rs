use dialgate_contract::ledger::verified::{self, Verified};
use dialgate_contract::ledger::{BasePolicy, Exempt, base_policy, revision};
use serde_json::json;

use crate::site::{ANN, Site, now};

/// With a network of the house, a service for everybody, a provider, a traveller and one who is kept out.
fn site() -> Site {
    let site =
        Site::with("user = \"\"\n[base-policy]\nlan = [\"192.168.1.0/24\"]\nopen = [\"rtp\"]");
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    site.ok("allow add 12.34.57.0/24 --services ssh,web");
    site.ok("allow add sip.example.net --services sip");
    site.ok("deny add 12.34.58.0/24");
    site
}

fn state(site: &Site) -> String {
    site.json("firewall status")["policy"]["state"].as_str().unwrap().to_owned()
}

#[test]
fn the_plan_says_what_would_be_open_to_whom_and_changes_nothing() {
    let site = site();
    let plan = site.json("firewall plan");
    let rows: Vec<_> = plan["open"].as_array().unwrap().iter().collect();
    let of = |from: &str| rows.iter().find(|row| row["from"] == from).unwrap()["reaches"].clone();
    for (from, reaches) in [
        ("this machine", "everything"),
        ("12.34.58.0/24", "nothing"),
        ("192.168.1.0/24", "everything"),
        ("anybody", "rtp"),
        ("12.34.57.0/24", "ssh web"),
        ("sip.example.net (no address yet)", "sip"),
        ("12.34.56.78", "rtp sip"),
        ("anybody else", "nothing"),
    ] {
        assert_eq!(of(from), reaches, "{from}");
    }
    assert_eq!((&plan["locked_out"], &plan["policy"]["state"]), (&json!([]), &json!("off")));
    let said = site.ok("firewall plan");
    assert!(said.contains("would lose access") && said.contains("base policy  off"), "{said}");
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
    assert_eq!(state(&site), "off");
}

#[test]
fn who_is_connected_and_would_not_get_in_any_more_stops_it_and_is_told_what_to_do() {
    let site = site();
    for (from, remedy) in [
        ("12.34.59.1", "dialgate allow add 12.34.59.1 --services ssh"),
        ("12.34.56.78", "dialgate allow add 12.34.56.78 --services ssh"),
        ("12.34.58.1", "dialgate deny remove 12.34.58.0/24"),
        ("2a01:4f8::7", "dialgate allow add 2a01:4f8::7 --services ssh"),
    ] {
        let answer = site.run_from(from, "firewall apply");
        assert_eq!((answer.code, answer.out.as_str()), (65, ""), "{answer:?}");
        for words in ["nothing was changed", from, remedy, "--even-if-it-locks-out"] {
            assert!(answer.err.contains(words), "{words}: {}", answer.err);
        }
        assert!(answer.err.lines().all(|line| line.len() <= 80), "{}", answer.err);
        assert!(site.run_from(from, "firewall plan").out.contains(remedy));
        assert_eq!(state(&site), "off");
    }
    for from in ["12.34.57.1", "192.168.1.7", "127.0.0.1", "::1"] {
        let answer = site.run_from(from, "firewall apply");
        assert_eq!(answer.code, 0, "{answer:?}");
        site.ok("firewall rollback");
    }
    let forced = site.run_from("12.34.59.1", "firewall apply --even-if-it-locks-out");
    assert!(forced.code == 0 && forced.out.contains("These lose access"), "{forced:?}");
}

#[test]
fn a_trial_lasts_a_minute_and_says_how_to_keep_it() {
    let site = site();
    let applied = site.json("firewall apply");
    assert_eq!(applied["policy"]["state"], "trial");
    let time = |name: &str| -> jiff::Timestamp {
        applied["policy"][name].as_str().unwrap().parse().unwrap()
    };
    assert_eq!(time("trial_ends").as_second() - time("since").as_second(), 60);
    site.refuses("firewall apply", 65, &["runs already", "confirm", "rollback"]);
    assert!(site.ok("firewall rollback").contains("off"));
    let said = site.ok("firewall apply");
    for words in ["within 60 s", "dialgate firewall confirm", "rolls back by itself"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(site.ok("status").contains("on trial"));
}

#[test]
fn only_a_policy_that_was_tried_is_kept() {
    let site = site();
    site.refuses("firewall confirm", 65, &["no trial", "firewall apply"]);
    site.ok("firewall apply");
    site.pass_soon(Some("ip6tables-restore failed"));
    site.refuses("firewall confirm", 65, &["not been tried yet", "dialgate status"]);
    site.pass_soon(None);
    assert_eq!(site.json("firewall confirm")["policy"]["state"], "on");
    site.refuses("firewall confirm", 65, &["was confirmed", "firewall off"]);
    site.refuses("firewall rollback", 65, &["was confirmed", "firewall off"]);
    site.refuses("firewall apply", 65, &["on already"]);
    assert!(site.ok("firewall status").contains("on since"));
    assert!(site.ok("firewall off").contains("is off"));
    assert!(site.ok("firewall off").contains("off already"));
    let lines = site.json("audit");
    let lines = lines.as_array().unwrap().iter();
    let actions: Vec<_> = lines.filter_map(|line| line["action"].as_str()).collect();
    let actions: Vec<_> = actions.into_iter().filter(|a| a.starts_with("base-policy")).collect();
    assert_eq!(actions, ["base-policy-tried", "base-policy-confirmed", "base-policy-off"]);
}

#[test]
fn a_trial_that_is_over_is_not_confirmed() {
    let site = site();
    let ago = |seconds| jiff::Timestamp::from_second(now().as_second() - seconds).unwrap();
    let policy = BasePolicy::Trial(ago(5));
    site.ledger().write(|tx| base_policy::set(tx, policy, &Exempt::default(), ago(65))).unwrap();
    site.pass_now(None);
    site.refuses("firewall confirm", 65, &["was over", "rolled back", "firewall apply"]);
    site.refuses("firewall rollback", 65, &["was over", "rolled back"]);
    assert_eq!(state(&site), "off");
    site.ok("firewall apply");
}

#[test]
fn what_may_spoil_a_trial_is_noted() {
    let site = site();
    site.configure("[firewall]\nbackend = \"dry-run\"");
    let notes = site.ok("firewall plan");
    assert!(notes.contains("dry-run") && notes.contains("has not passed lately"), "{notes}");
    site.pass_now(None);
    assert!(!site.ok("firewall plan").contains("has not passed lately"));
    site.ok("service add voice udp:7000");
    let text = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(site.config(), text.replace("[\"rtp\"]", "[\"voize\"]")).unwrap();
    assert!(site.ok("firewall plan").contains("voize, which is no service"));
}

#[test]
fn a_policy_that_the_kernel_was_seen_to_follow_is_kept_at_once() {
    let site = site();
    site.ok("firewall apply");
    seen(&site);
    site.pass_now(Some("the nft table inet native drops what dialgate lets in"));
    assert_eq!(site.json("firewall confirm")["policy"]["state"], "on");
}

/// Brings about that the base policy is on as the configuration says.
fn confirm(site: &Site) {
    site.ok("firewall apply");
    seen(site);
    assert_eq!(site.json("firewall confirm")["policy"]["state"], "on");
}

/// What the reconciler writes down when the kernel is as the ledger says.
fn seen(site: &Site) {
    let mut ledger = site.ledger();
    let revision = revision::number(ledger.connection()).unwrap();
    let seen = Verified { revision, kernel: String::new(), at: now() };
    ledger.write(|tx| verified::record(tx, &seen)).unwrap();
}

fn replace(site: &Site, old: &str, new: &str) {
    let text = std::fs::read_to_string(site.config()).unwrap();
    assert!(text.contains(old));
    std::fs::write(site.config(), text.replace(old, new)).unwrap();
}

#[test]
fn what_the_configuration_names_no_more_stays_until_that_was_tried_and_confirmed() {
    let site = site();
    confirm(&site);
    let access = || site.json("why 192.168.1.7 --service ssh")["services"][0]["access"].clone();
    assert_eq!(access(), "open");
    replace(&site, "lan = [\"192.168.1.0/24\"]", "lan = []");
    assert_eq!(access(), "open");
    let standing = site.json("firewall status")["policy"].clone();
    assert_eq!(standing["not_in_file"], json!(["192.168.1.0/24"]));
    for command in ["firewall status", "firewall plan", "status"] {
        let said = site.ok(command);
        assert!(said.contains("192.168.1.0/24") && said.contains("open still"), "{said}");
        assert!(said.lines().all(|line| line.len() <= 80), "{said}");
    }
    let answer = site.run_from("192.168.1.7", "firewall apply");
    assert!(answer.code == 65 && answer.err.contains("would lose access"), "{answer:?}");
    site.ok("firewall apply");
    assert_eq!((state(&site).as_str(), access()), ("trial", json!("closed")));
    let said = site.ok("firewall rollback");
    assert!(said.contains("as it was confirmed before"), "{said}");
    assert_eq!((state(&site).as_str(), access()), ("on", json!("open")));
    confirm(&site);
    assert_eq!(access(), "closed");
    assert_eq!(site.json("firewall status")["policy"]["not_in_file"], json!([]));
    site.refuses("firewall apply", 65, &["on already"]);
}

#[test]
fn what_the_configuration_names_newly_is_told_of_until_it_is_read() {
    let site = site();
    confirm(&site);
    replace(&site, "open = [\"rtp\"]", "open = [\"rtp\", \"sip\"]");
    assert_eq!(site.json("firewall status")["policy"]["not_in_force"], json!(["sip"]));
    let said = site.ok("firewall status");
    assert!(said.contains("sip") && said.contains("reload dialgate-reconciler"), "{said}");
    let exempt = Exempt { lan: [].into(), open: ["sip".parse().unwrap()].into() };
    site.ledger().write(|tx| base_policy::widen(tx, &exempt)).unwrap();
    assert_eq!(site.json("firewall status")["policy"]["not_in_force"], json!([]));
}
