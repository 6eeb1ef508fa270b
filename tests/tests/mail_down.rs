//! A mail server that is down delays letters and nothing else.

use std::time::Duration;

use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{Site, asking_for};

const NEEDS: [Need; 1] = [Need::Site];

#[test]
fn without_a_mail_server_access_opens_at_once_and_the_letter_waits() {
    if real::skipped("without_a_mail_server_access_opens_at_once_and_the_letter_waits", &NEEDS) {
        return;
    }
    let mut site = Site::start("").unwrap();
    site.mail().stop().unwrap();
    for address in ["12*34*56*78", "12*34*56*79"] {
        let transcript = site.call(asking_for(address)).unwrap();
        assert_eq!(transcript.result(), Some("open"));
        let outcome = transcript.delay("dialgate/choose-lifetime-1-3-7", &["dialgate/open-until"]);
        // Far below the ten seconds after which a caller hears "queued".
        assert!(outcome.unwrap() < Duration::from_secs(2), "{outcome:?}");
    }
    let status = site.dialgate(&["status", "--json"]).unwrap();
    assert_eq!(status["letters"], serde_json::json!({"waiting": 2, "given_up": 0}));
}
