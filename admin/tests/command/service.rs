use crate::site::{ANN, Site};

#[test]
fn services_are_added_given_and_removed() {
    let site = Site::new();
    assert_eq!(site.json("service list").as_array().unwrap().len(), 12);
    let added = site.json("service add vpn udp:51820,tcp:443");
    assert_eq!(added, serde_json::json!({"name": "vpn", "ports": "tcp:443 udp:51820"}));
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
    site.refuses("service add sip udp:5060", 65, &["sip", "already"]);
    site.refuses("service add VPN udp:1", 64, &["a-z", "VPN"]);
    site.refuses("service add vpn 51820", 64, &["udp:5060-5069,tcp:443", "51820"]);
    site.refuses("service add vpn udp:0", 64, &["1 to 65535"]);
    site.refuses("service remove nosuch", 65, &["nosuch", "service list"]);
}
