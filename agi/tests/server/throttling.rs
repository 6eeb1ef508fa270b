use std::net::SocketAddr;
use std::time::Duration;

use dialgate_contract::ledger::{Account, Ledger, account};
use dialgate_contract::queue::RawRequest;
use jiff::Timestamp;
use rusqlite::Connection;

use super::asterisk::{Call, Record, environment};
use super::site::{Running, Site};

const RIGHT: &str = "12345678";
const WRONG: &str = "87654321";
const OWNER: &str = "4930111111";
const THIEF: &str = "4930222222";

/// A call from `caller` that tries these PINs, at most three, and hangs up where it is let in or the PINs end.
async fn tries(
    server: SocketAddr,
    caller: &str,
    account: &'static str,
    pins: &[&'static str],
) -> Record {
    let environment =
        environment().replace("agi_callerid: 2001", &format!("agi_callerid: {caller}"));
    assert!(environment.contains(caller));
    let mut call = Call::dial_with(server, &environment).await;
    for pin in pins {
        call = call.types("dialgate/enter-account", account).types("dialgate/enter-pin", pin);
    }
    call.run().await
}

async fn is_let_in(server: &Running, caller: &str, pin: &'static str) -> bool {
    let heard = tries(server.address, caller, "4711", &[pin]).await.heard();
    !heard.contains(&"login-failed".to_owned()) && !heard.contains(&"try-again-later".to_owned())
}

/// Four failures are free.
async fn lock_out_strangers(server: &Running) {
    for pins in [&[WRONG; 3][..], &[WRONG; 1]] {
        tries(server.address, THIEF, "4711", pins).await;
    }
}

fn change(site: &Site, sql: &str) {
    Connection::open(site.config.queue_file()).unwrap().execute_batch(sql).unwrap();
}

fn notices(site: &Site) -> Vec<(String, Option<String>, Option<i64>)> {
    let notice = |row: RawRequest| (row.matter, row.account, row.failures);
    site.queued().into_iter().map(notice).collect()
}

#[tokio::test(start_paused = true)]
async fn after_four_wrong_pins_not_even_the_right_one_is_looked_at() {
    let site = Site::new();
    let server = site.serve().await;
    assert!(is_let_in(&server, "4930333333", RIGHT).await);
    lock_out_strangers(&server).await;
    assert!(!is_let_in(&server, THIEF, RIGHT).await);
    assert!(!is_let_in(&server, "4930444444", RIGHT).await);

    // Were it looked at, that would take half a minute.
    let slow = "$argon2id$v=19$m=19456,t=5000,p=1$SodSFOln5aOkz9uMCN2Pfw$j4HVTxupYQGBFFmU7Fktk5MgOhe6Vuj/sX2UMnOdT0Q";
    let mut ledger = Ledger::open(&site.config.ledger_file()).unwrap();
    ledger.write(|tx| account::set_pin_hash(tx, &"4711".parse().unwrap(), slow)).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test's clock stands still")]
    let begun = std::time::Instant::now();
    assert!(!is_let_in(&server, THIEF, RIGHT).await);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn strangers_do_not_lock_out_a_caller_who_was_let_in_before() {
    let site = Site::new();
    let server = site.serve().await;
    assert!(is_let_in(&server, OWNER, RIGHT).await);
    lock_out_strangers(&server).await;
    assert!(is_let_in(&server, OWNER, RIGHT).await);
    assert!(!is_let_in(&server, THIEF, RIGHT).await);
}

#[tokio::test(start_paused = true)]
async fn a_slip_of_the_owner_is_forgiven_when_the_same_call_is_let_in() {
    let site = Site::new();
    let server = site.serve().await;
    for _ in 0..3 {
        let heard = tries(server.address, OWNER, "4711", &[WRONG, WRONG, RIGHT]).await.heard();
        assert_eq!(heard.iter().filter(|said| *said == "login-failed").count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_started_again_remembers() {
    let site = Site::new();
    let server = site.serve().await;
    lock_out_strangers(&server).await;
    server.stop.send(()).unwrap();
    server.ended.await.unwrap();
    let server = site.serve().await;
    assert!(!is_let_in(&server, THIEF, RIGHT).await);
}

#[tokio::test(start_paused = true)]
async fn the_operator_reopens_an_account() {
    let site = Site::new();
    let server = site.serve().await;
    lock_out_strangers(&server).await;
    assert!(!is_let_in(&server, OWNER, RIGHT).await);
    let mut ledger = Ledger::open(&site.config.ledger_file()).unwrap();
    let ann = account::find(ledger.connection(), &"4711".parse().unwrap()).unwrap().unwrap();
    let unlocked_at = Timestamp::from_second(1_800_000_000).ok();
    let unlocked = Account { unlocked_at, ..ann };
    assert!(ledger.write(|tx| account::update(tx, &unlocked)).unwrap());
    assert!(is_let_in(&server, OWNER, RIGHT).await);
}

#[tokio::test(start_paused = true)]
async fn a_right_pin_of_a_disabled_account_counts_as_wrong() {
    let site = Site::new();
    let server = site.serve().await;
    for pins in [&[RIGHT; 3][..], &[RIGHT; 1]] {
        tries(server.address, OWNER, "4712", pins).await;
    }
    change(&site, "UPDATE throttle_account SET recent = x''");
    tries(server.address, OWNER, "4712", &[RIGHT]).await;
    let told = ("failed-logins".to_owned(), Some("4712".to_owned()), Some(5));
    assert_eq!(notices(&site), [told]);
}

#[tokio::test(start_paused = true)]
async fn the_owner_of_an_account_is_told_of_five_failures_and_nobody_of_an_account_that_is_none() {
    let site = Site::new();
    let server = site.serve().await;
    for account in ["4711", "9999", "47"] {
        for pins in [&[WRONG; 3][..], &[WRONG; 1], &[WRONG; 1], &[WRONG; 1]] {
            tries(server.address, THIEF, account, pins).await;
            // As if the waits were over.
            change(&site, "UPDATE throttle_account SET recent = x''; DELETE FROM throttle_caller");
        }
    }
    let told = ("failed-logins".to_owned(), Some("4711".to_owned()), Some(5));
    assert_eq!(notices(&site), [told]);
}

#[tokio::test(start_paused = true)]
async fn the_operator_is_told_once_that_somebody_guesses_at_many_accounts() {
    let site = Site::new();
    let server = site.serve().await;
    for n in 0..11 {
        let account: &str = Box::leak(format!("55{n:02}").into_boxed_str());
        tries(server.address, &format!("49301{n:02}"), account, &[WRONG; 3]).await;
    }
    assert_eq!(notices(&site), [("guessing".to_owned(), None, Some(30))]);
}

#[tokio::test(start_paused = true)]
async fn where_failures_cannot_be_counted_nobody_is_let_in() {
    let site = Site::new();
    let server = site.serve().await;
    let writer = Connection::open(site.config.queue_file()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let record = tries(server.address, OWNER, "4711", &[RIGHT]).await;
    assert_eq!(record.result.as_deref(), Some("error"));
    writer.execute_batch("ROLLBACK").unwrap();
    assert!(is_let_in(&server, OWNER, RIGHT).await);

    change(&site, "DROP TABLE throttle_everyone");
    let record = tries(server.address, OWNER, "4711", &[RIGHT]).await;
    assert_eq!(record.result.as_deref(), Some("error"));
}
