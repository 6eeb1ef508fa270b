use std::time::Duration;

use super::asterisk::{Call, Record};
use super::site::{Running, Site};

/// Account and PIN of each kind that is not let in.
const WRONG: [(&str, &str); 8] = [
    ("9999", "12345678"),
    ("4711", "87654321"),
    ("4712", "12345678"),
    ("4713", "12345678"),
    ("4714", "12345678"),
    ("47", "12345678"),
    ("4711", "1234"),
    ("4*11", "*"),
];

async fn three_tries(server: &Running, account: &'static str, pin: &'static str) -> Record {
    let mut call = Call::dial(server.address).await;
    for _ in 0..3 {
        call = call.types("dialgate/enter-account", account).types("dialgate/enter-pin", pin);
    }
    call.run().await
}

/// The clock stands still unless everybody waits for it, so the pauses are exact.
#[tokio::test(start_paused = true)]
async fn whatever_is_wrong_the_words_are_the_same_and_come_after_the_same_second() {
    let mut first: Option<Vec<String>> = None;
    // Of a site where nobody has tried before, and at last of one where nothing is looked at any more.
    let kinds = WRONG.map(|kind| (kind, false)).into_iter().chain([(("4711", "12345678"), true)]);
    for ((account, pin), is_throttled) in kinds {
        let site = Site::new();
        let server = site.serve().await;
        if is_throttled {
            three_tries(&server, account, "87654321").await;
            three_tries(&server, account, "87654321").await;
        }
        let record = three_tries(&server, account, pin).await;
        assert_eq!(record.result.as_deref(), Some("failed-login"));
        let pauses = pauses_before(&record, "dialgate/login-failed");
        assert_eq!(pauses.len(), 3);
        for pause in pauses {
            let off = pause.abs_diff(Duration::from_secs(1));
            assert!(off <= Duration::from_millis(2), "{account} {pin}: {pause:?}");
        }
        assert_eq!(&record.commands, first.get_or_insert_with(|| record.commands.clone()));
    }
    assert!(first.unwrap().iter().any(|line| line.contains("too-many-tries")));
}

#[tokio::test(start_paused = true)]
async fn the_right_pin_is_answered_after_the_same_second() {
    let site = Site::new();
    let server = site.serve().await;
    let record = Call::dial(server.address).await.logs_in().run().await;
    let pauses = pauses_before(&record, "dialgate/enter-address");
    assert!(pauses[0].abs_diff(Duration::from_secs(1)) <= Duration::from_millis(2), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pound_too_many_after_the_pin_loses_no_key_that_is_typed_ahead() {
    let site = Site::new();
    let server = site.serve().await;
    let call = Call::dial(server.address).await.logs_in().types("", "").types("", "12*34*56*78");
    let heard = call.run().await.heard();
    assert!(heard.contains(&"12.34.56.78".to_owned()), "{heard:?}");
    assert!(!heard.contains(&"enter-address".to_owned()), "{heard:?}");
}

fn pauses_before(record: &Record, prompt: &str) -> Vec<Duration> {
    let said = |(line, _): &(&String, &Duration)| line.contains(prompt);
    record.commands.iter().zip(&record.pauses).filter(said).map(|(_, pause)| *pause).collect()
}
