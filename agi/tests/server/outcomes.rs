use dialgate_contract::ledger::{LeaseId, Verdict};
use dialgate_contract::queue::{Matter, Queue, Request};
use dialgate_contract::{CallerId, Lifetime, Refusal, RequestId};
use jiff::Timestamp;
use tokio::time::{Duration, sleep};

use super::asterisk::{Call, environment};
use super::site::Site;

#[tokio::test]
async fn a_traveller_is_let_in_and_the_request_leaves_the_queue() {
    let site = Site::new();
    let server = site.serve().await;
    let until = Timestamp::from_second(1_800_000_000).unwrap();
    let call = Call::dial(server.address).await.confirms("12*34*56*78");
    let (record, request) =
        tokio::join!(call.run(), site.decide(Verdict::Open(LeaseId::from_row(1), until)));
    assert_eq!(record.result.as_deref(), Some("open"));
    let any = "0123456789*#ABCD";
    let expected = [
        "nonce".to_owned(),
        "SET AUTOHANGUP \"300\"".to_owned(),
        "ANSWER".to_owned(),
        format!("STREAM FILE \"dialgate/welcome\" \"{any}\""),
        "GET DATA \"dialgate/enter-account\" \"8000\" \"13\"".to_owned(),
        "GET DATA \"dialgate/enter-pin\" \"8000\" \"13\"".to_owned(),
        "GET DATA \"\" \"1000\" \"16\"".to_owned(),
        "GET DATA \"dialgate/enter-address\" \"8000\" \"16\"".to_owned(),
        format!("STREAM FILE \"dialgate/you-entered\" \"{any}\""),
        format!("SAY ALPHA \"12.34.56.78\" \"{any}\""),
        "GET DATA \"dialgate/confirm-address\" \"8000\" \"1\"".to_owned(),
        "GET DATA \"dialgate/choose-lifetime-1-3-7\" \"4000\" \"1\"".to_owned(),
        format!("STREAM FILE \"dialgate/one-moment\" \"{any}\""),
        format!("STREAM FILE \"dialgate/open-until\" \"{any}\""),
        format!("SAY DATETIME \"1800000000\" \"{any}\" \"ABd 'digits/at' IMp\" \"Europe/Paris\""),
        format!("STREAM FILE \"dialgate/goodbye\" \"{any}\""),
        "SET VARIABLE \"DIALGATE_RESULT\" \"open\"".to_owned(),
    ];
    assert_eq!(record.commands, expected);
    assert_eq!(
        (request.account.as_deref(), request.address.as_deref()),
        (Some("4711"), Some("12.34.56.78"))
    );
    assert_eq!((request.caller.as_str(), request.lifetime), ("2001", None));
    while !site.queued().is_empty() {
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_refusal_is_spoken_and_told_to_the_dialplan() {
    let site = Site::new();
    let server = site.serve().await;
    let call = Call::dial(server.address).await.confirms("10*0*0*3");
    let (record, _) =
        tokio::join!(call.run(), site.decide(Verdict::Refused(Refusal::PrivateAddress)));
    assert_eq!(record.result.as_deref(), Some("refused"));
    assert!(record.heard().ends_with(&["refused-private-address", "goodbye"].map(str::to_owned)));
}

#[tokio::test]
async fn without_a_verdict_in_time_the_request_stays_queued() {
    let mut site = Site::new();
    site.config.agi.wait_for_open = Lifetime::from_seconds(1).unwrap();
    let server = site.serve().await;
    let record = Call::dial(server.address).await.confirms("12*34*56*78").run().await;
    assert_eq!(record.result.as_deref(), Some("queued"));
    assert!(record.heard().ends_with(&["queued", "goodbye"].map(str::to_owned)));
    assert_eq!(site.queued().len(), 1);
}

#[tokio::test]
async fn keys_during_the_welcome_begin_the_account() {
    let site = Site::new();
    let server = site.serve().await;
    let call = Call::dial(server.address)
        .await
        .types("dialgate/welcome", "4")
        .types("", "711")
        .types("dialgate/enter-pin", "12345678");
    let heard = call.run().await.heard();
    assert_eq!(heard[..5], ["welcome", "", "enter-pin", "", "enter-address"]);
}

#[tokio::test]
async fn a_missing_recording_is_skipped_and_the_call_goes_on() {
    let site = Site::new();
    let server = site.serve().await;
    let call = Call::dial(server.address)
        .await
        .misses("dialgate/welcome")
        .misses("dialgate/enter-account")
        .types("", "4711")
        .types("dialgate/enter-pin", "12345678");
    let record = call.run().await;
    let limits = record.commands.iter().filter(|line| line.starts_with("SET AUTOHANGUP"));
    assert_eq!(limits.count(), 1, "each would begin the call's time anew");
    let heard = record.heard();
    assert_eq!(heard[..6], ["welcome", "enter-account", "", "enter-pin", "", "enter-address"]);
}

#[tokio::test]
async fn without_a_ledger_the_caller_is_asked_to_try_later() {
    let site = Site::new();
    std::fs::remove_file(site.config.ledger_file()).unwrap();
    let server = site.serve().await;
    let record = Call::dial(server.address).await.logs_in().run().await;
    assert_eq!(record.result.as_deref(), Some("error"));
    assert!(record.heard().ends_with(&["try-again-later", "goodbye"].map(str::to_owned)));
}

#[tokio::test]
async fn another_script_hears_nothing() {
    let site = Site::new();
    let server = site.serve().await;
    let other = environment().replace("whitelist", "blacklist");
    let record = Call::dial_with(server.address, &other).await.run().await;
    assert_eq!(record.result.as_deref(), Some("error"));
    assert_eq!(record.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_any_more_is_forgotten_at_the_start() {
    let site = Site::new();
    let old = Request {
        id: RequestId::from_random([7; 16]),
        matter: Matter::Guessing { failures: 300 },
        caller: CallerId::from_network(""),
        requested_at: Timestamp::UNIX_EPOCH,
    };
    std::fs::create_dir(site.config.queue_dir()).unwrap();
    Queue::open(&site.config.queue_file()).unwrap().enqueue(&old).unwrap();
    let _server = site.serve().await;
    while !site.queued().is_empty() {
        sleep(Duration::from_millis(2)).await;
    }
}
