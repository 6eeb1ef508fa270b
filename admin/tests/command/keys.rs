use crate::site::Site;

#[test]
fn the_keys_of_an_address_are_shown_without_any_configuration() {
    let site = Site::bare("");
    std::fs::remove_file(site.config()).unwrap();
    assert_eq!(site.ok("keys 12.34.56.78"), "12*34*56*78#\n");
    let said = site.ok("keys 2a00:1450::b");
    assert!(said.starts_with("2*100**1450****") && said.contains("press 6"), "{said}");
    assert_eq!(
        site.json("keys 12.34.56.78"),
        serde_json::json!({"address": "12.34.56.78", "keys": "12*34*56*78#"})
    );
    site.refuses("keys 12.34.56", 64, &["12.34.56.78"]);
    site.refuses("keys localhost", 64, &["12.34.56.78"]);
}

#[test]
fn what_is_shown_is_what_the_telephone_side_reads() {
    let site = Site::bare("");
    for address in ["1.2.3.4", "255.0.10.1", "2a00:1450:4001:82a::200e", "::1", "fe80::abcd:ef01"] {
        let shown = site.json(&format!("keys {address}"))["keys"].clone();
        let keys = shown.as_str().unwrap().strip_suffix('#').unwrap();
        let read = match address.contains(':') {
            true => dialgate_contract::keypad::ipv6(keys).unwrap().to_string(),
            false => dialgate_contract::keypad::ipv4(keys).unwrap().to_string(),
        };
        assert_eq!(read, address);
    }
}
