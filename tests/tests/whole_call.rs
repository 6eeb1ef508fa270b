//! The main job on real parts: a telephone call through a real Asterisk, over RFC 4733 digits, ends with the real
//! kernel letting that address in, and a real mail server holding the letter.

use std::net::Ipv4Addr;

use dialgate_contract::queue::QueueReader;
use dialgate_tests::asterisk::{Asterisk, Recordings, Step};
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, PIN, Site};

const NEEDS: [Need; 2] = [Need::Site, Need::Asterisk];

const TRAVELLER: Ipv4Addr = Ipv4Addr::new(12, 34, 56, 78);
const STRANGER: Ipv4Addr = Ipv4Addr::new(12, 34, 56, 79);

fn keys(keys: &str) -> Step {
    Step::Keys(keys.to_owned())
}

/// What a traveller does who types account, PIN and address, and confirms.
fn asks_for(address: &str) -> Vec<Step> {
    vec![
        Step::Hear("dialgate/enter-account"),
        keys(&format!("{ACCOUNT}#")),
        Step::Hear("dialgate/enter-pin"),
        keys(&format!("{PIN}#")),
        Step::Hear("dialgate/enter-address"),
        keys(&format!("{address}#")),
        Step::Hear("dialgate/confirm-address"),
        keys("1"),
        Step::Hear("dialgate/choose-lifetime-1-3-7"),
        keys("1"),
    ]
}

/// The same where something is open already.
fn asks_for_another(address: &str) -> Vec<Step> {
    let mut steps = asks_for(address);
    steps.splice(4..4, [Step::Hear("dialgate/menu-open"), keys("1")]);
    steps
}

#[expect(clippy::unwrap_used, reason = "a queue that cannot be read fails the test")]
fn queued(site: &Site) -> usize {
    let queue = QueueReader::open(&site.folder().join("data/queue/queue.db")).unwrap();
    queue.after(0, 100).unwrap().len()
}

#[test]
fn a_traveller_who_calls_is_let_in_hears_it_and_gets_a_letter() {
    if real::skipped("a_traveller_who_calls_is_let_in_hears_it_and_gets_a_letter", &NEEDS) {
        return;
    }
    let mut site = Site::start("").unwrap();
    let control = site.host(Ipv4Addr::new(12, 34, 56, 80)).unwrap();
    site.dialgate(&["lease", "grant", ACCOUNT, "12.34.56.80"]).unwrap();
    site.mail().next_message().unwrap();
    let traveller = site.host(TRAVELLER).unwrap();
    let stranger = site.host(STRANGER).unwrap();
    site.await_open(&control).unwrap();
    assert!(!site.hears(&traveller, &control).unwrap());

    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed).unwrap();
    let record = asterisk.call(&asks_for_another(&traveller.typed())).unwrap();

    assert_eq!(record.result, "open", "{record:?}\n{}", site.logs().unwrap());
    assert_eq!(
        record.prompts(),
        [
            "welcome",
            "enter-account",
            "enter-pin",
            "your-access-from",
            "is-open-for-another",
            "hours",
            "menu-open",
            "enter-address",
            "you-entered",
            "confirm-address",
            "choose-lifetime-1-3-7",
            "one-moment",
            "open-until",
            "goodbye"
        ]
    );
    let spelled = ["digits/1", "digits/2", "letters/dot", "digits/3", "digits/4", "letters/dot"];
    assert!(record.heard.windows(spelled.len()).any(|heard| heard == spelled), "{record:?}");
    assert!(record.heard.contains(&"digits/at".to_owned()), "{record:?}");

    assert!(site.hears(&traveller, &traveller).unwrap());
    assert!(!site.hears(&stranger, &traveller).unwrap());
    // One address for each account: the new one took the place of the old.
    assert!(!site.hears(&control, &traveller).unwrap());

    let leases = site.dialgate(&["lease", "list", "--json"]).unwrap();
    assert_eq!(leases.as_array().unwrap().len(), 1);
    assert_eq!(leases[0]["account"], ACCOUNT);
    assert_eq!(leases[0]["address"], "12.34.56.78");
    assert_eq!(leases[0]["services"], serde_json::json!(["rtp", "sip"]));
    assert_eq!(leases[0]["state"], "open");

    let message = site.mail().next_message().unwrap();
    assert_eq!(message["to"], serde_json::json!(["ann@example.net"]));
    let text = message["letter"].to_string();
    for fact in [ACCOUNT, "12.34.56.78", "12.34.56.80", "sip", "Europe/Paris"] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    assert!(!text.contains(PIN));
    assert!(!site.logs().unwrap().contains(PIN));
}

#[test]
fn three_wrong_pins_end_the_call_and_open_nothing() {
    if real::skipped("three_wrong_pins_end_the_call_and_open_nothing", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed).unwrap();
    let attempt = || {
        [
            Step::Hear("dialgate/enter-account"),
            keys(&format!("{ACCOUNT}#")),
            Step::Hear("dialgate/enter-pin"),
            keys("11223344#"),
        ]
    };
    let record = asterisk.call(&[attempt(), attempt(), attempt()].concat()).unwrap();
    assert_eq!(record.result, "failed-login", "{record:?}");
    assert_eq!(record.prompts().iter().filter(|name| **name == "login-failed").count(), 3);
    assert_eq!(record.prompts().last(), Some(&"goodbye"));
    assert!(!record.prompts().contains(&"enter-address"));
    assert_eq!(queued(&site), 0);
}

#[test]
fn a_private_address_is_refused_in_words_and_the_operator_is_told() {
    if real::skipped("a_private_address_is_refused_in_words_and_the_operator_is_told", &NEEDS) {
        return;
    }
    let mut site = Site::start("").unwrap();
    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed).unwrap();
    let record = asterisk.call(&asks_for("10*0*0*1")).unwrap();
    assert_eq!(record.result, "refused", "{record:?}");
    assert!(record.prompts().contains(&"refused-private-address"), "{record:?}");
    assert_eq!(site.dialgate(&["lease", "list", "--json"]).unwrap(), serde_json::json!([]));
    let message = site.mail().next_message().unwrap();
    assert_eq!(message["to"], serde_json::json!(["operator@example.net"]));
    assert!(message["letter"].to_string().contains("10.0.0.1"), "{message}");
}

#[test]
fn hanging_up_in_the_middle_of_the_address_asks_for_nothing() {
    if real::skipped("hanging_up_in_the_middle_of_the_address_asks_for_nothing", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed).unwrap();
    let mut steps = asks_for("12*34*56*78");
    steps.truncate(5);
    steps.extend([keys("12*34*5"), Step::HangUp]);
    let record = asterisk.call(&steps).unwrap();
    assert_eq!(record.result, "hangup", "{record:?}");
    assert_eq!(queued(&site), 0);
    assert_eq!(
        site.dialgate(&["lease", "list", "--all", "--json"]).unwrap(),
        serde_json::json!([])
    );
}

#[test]
fn the_same_address_again_is_extended() {
    if real::skipped("the_same_address_again_is_extended", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    site.dialgate(&["lease", "grant", ACCOUNT, "12.34.56.78", "--for", "1h"]).unwrap();
    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed).unwrap();
    let record = asterisk.call(&asks_for_another("12*34*56*78")).unwrap();
    assert_eq!(record.result, "extended", "{record:?}");
    assert!(record.prompts().contains(&"extended-until"), "{record:?}");
    assert_eq!(site.dialgate(&["lease", "list", "--json"]).unwrap().as_array().unwrap().len(), 1);
}
