use crate::site::{ANN, Site, lasting};

#[test]
fn services_are_added_given_and_removed() {
    let site = Site::new();
    assert_eq!(site.json("service list").as_array().unwrap().len(), 12);
    let added = site.json("service add vpn udp:51820,tcp:443");
    assert_eq!(
        added,
        serde_json::json!({
            "name": "vpn", "ports": "tcp:443 udp:51820", "max": null, "shortened": [],
        })
    );
    site.ok(ANN);
    site.ok("account set 4711 --services vpn");
    assert!(site.ok("service list").contains("udp:51820"));
    site.refuses("service remove vpn", 65, &["in use", "4711", "account set"]);
    site.ok("account set 4711 --services sip");
    site.ok("service remove vpn");
    assert_eq!(site.json("service list").as_array().unwrap().len(), 12);
}

#[test]
fn mistakes_are_named_and_nothing_changes() {
    let site = Site::new();
    site.refuses("service add sip udp:5060", 65, &["sip", "already", "service set sip"]);
    site.refuses("service add VPN udp:1", 64, &["a-z", "VPN"]);
    site.refuses("service add vpn 51820", 64, &["udp:5060-5069,tcp:443", "51820"]);
    site.refuses("service add vpn udp:0", 64, &["1 to 65535"]);
    site.refuses("service add vpn udp:1 --max 8d", 65, &["8d", "lease.max", "7d"]);
    site.refuses("service set sip --max 8d", 65, &["8d", "lease.max", "7d"]);
    site.refuses("service set sip --max 1w", 64, &["24h", "1w"]);
    site.refuses("service set sip", 64, &["--ports", "--max"]);
    site.refuses("service set nosuch --max 2h", 65, &["nosuch", "service list"]);
    site.refuses("service remove nosuch", 65, &["nosuch", "service list"]);
}

#[test]
fn a_service_has_a_limit_until_it_has_none() {
    let site = Site::new();
    assert_eq!(site.json("service add vpn udp:1194 --max 2h")["max"], "2h");
    let listed = site.ok("service list");
    let vpn = listed.lines().find(|line| line.starts_with("vpn")).unwrap();
    assert_eq!(vpn.split_whitespace().collect::<Vec<_>>(), ["vpn", "udp:1194", "2h"]);
    let said = site.ok("service set vpn --max 3h");
    assert_eq!(said, "service vpn (udp:1194, 3h at most) changed\n");
    assert!(site.json("service set vpn --max default")["max"].is_null());
    let audit = site.json("audit");
    let last: Vec<_> = audit.as_array().unwrap().iter().rev().take(2).collect();
    assert_eq!(
        (&last[0]["action"], &last[1]["action"]),
        (&last[1]["action"], &"service-changed".into())
    );
    assert_eq!(last[1]["detail"], "vpn udp:1194, max 3h");
    assert_eq!(last[0]["detail"], "vpn udp:1194, max default");
}

#[test]
fn the_ports_of_a_service_in_use_are_changed_and_its_limit_stays() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("service set sip --max 2h");
    site.ok("lease grant 4711 12.34.56.78");
    let changed = site.json("service set sip --ports udp:5060");
    assert_eq!(
        (&changed["ports"], &changed["max"], &changed["shortened"]),
        (&"udp:5060".into(), &"2h".into(), &serde_json::json!([]))
    );
    let why = site.json("why 12.34.56.78 --service sip");
    assert!(why.to_string().contains("L1"), "{why}");
    site.refuses("service set sip --ports 5060", 64, &["udp:5060-5069,tcp:443"]);
}

#[test]
fn a_lower_limit_cuts_open_leases_of_all_who_have_the_service_and_of_nobody_else() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("account add 4712 --name Bob --email bob@example.net --services rtp,ssh");
    site.ok("account add 4713 --name Eve --email eve@example.net --services web");
    let kept = site.json("lease grant 4711 12.34.56.78 --for 1h")["expires_at"].clone();
    site.ok("lease grant 4712 12.34.56.79 --for 7d");
    let others = site.json("lease grant 4713 12.34.56.80 --for 7d")["expires_at"].clone();
    let said = site.ok("service set rtp --max 2h");
    assert!(said.contains("cut L2: 12.34.56.79 until") && said.contains("in 2 h"), "{said}");
    assert!(!said.contains("L1") && !said.contains("L3"), "{said}");
    let leases = site.json("lease list");
    assert_eq!((&leases[0]["expires_at"], &leases[2]["expires_at"]), (&kept, &others));
    assert!(lasting(&leases[1]) <= 2 * 3600 + 60, "{}", leases[1]);
    let audit = site.json("audit");
    assert_eq!(audit.as_array().unwrap().last().unwrap()["action"], "lease-shortened");
    let until = leases[1]["expires_at"].clone();
    assert_eq!(site.json("service set rtp --max 3h")["shortened"], serde_json::json!([]));
    assert_eq!(site.json("lease list")[1]["expires_at"], until);
}

#[test]
fn under_the_base_policy_no_service_loses_the_port_of_the_operators_own_connection_unasked() {
    let (site, me) = (Site::new(), "12.34.56.78");
    site.ok("allow add 12.34.56.78 --services ssh");
    assert_eq!(site.run_from(me, "firewall apply").code, 0);
    let line = "service set ssh --ports tcp:2222";
    let answer = site.run_from(me, line);
    assert!(answer.code == 65 && answer.err.contains("--even-me"), "{answer:?}");
    assert!(site.ok("service list").contains("tcp:22\n"));
    assert_eq!(site.run_from(me, "service set ssh --ports tcp:22,tcp:2222").code, 0);
    assert_eq!(site.run_from(me, &format!("{line} --even-me")).code, 0);
}
