//! More than a telephone side that is what it should be would ever ask for.

use dialgate_contract::ledger::Verdict;
use rusqlite::Connection;

use crate::site::{self, Site};

/// `count` rows of the queue, made by an INSERT that is given `n` and the time.
fn flood(site: &Site, count: u32, insert: &str) {
    let queue = Connection::open(site.queue()).unwrap();
    queue.execute_batch("BEGIN").unwrap();
    for n in 0..count {
        queue.execute(insert, rusqlite::params![n, site::now().as_second()]).unwrap();
    }
    queue.execute_batch("COMMIT").unwrap();
    site.give_away();
    site.bounded();
}

fn count(site: &Site, what: &str) -> i64 {
    let ledger = Connection::open(site.data().join("ledger.db")).unwrap();
    ledger.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn a_flood_of_requests_opens_no_more_than_the_hourly_bound() {
    let site = Site::new();
    let insert = "INSERT INTO request (id, matter, account, address, caller, requested_at)
        VALUES (printf('%032x', ?1), 'open', '4711', printf('12.0.%d.%d', ?1 / 256, ?1 % 256), 'x', ?2)";
    flood(&site, 10_000, insert);
    assert_eq!(count(&site, "lease"), 10);
    assert!(count(&site, "verdict") <= 3000);
}

#[test]
fn a_flood_of_new_pins_changes_no_more_than_three_a_day() {
    let site = Site::new();
    let insert = format!(
        "INSERT INTO request (id, matter, account, pin_hash, caller, requested_at)
         VALUES (printf('%032x', ?1), 'change-pin', '4711', '{}' || printf('%043d', ?1), 'x', ?2)",
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    );
    flood(&site, 10_000, &insert);
    assert_eq!(count(&site, "verdict WHERE decision = 'pin-changed'"), 3);
    assert!(count(&site, "verdict") <= 3000);
    let third = "account WHERE pin_hash LIKE '%00002'";
    assert_eq!(count(&site, third), 1);
}

#[test]
fn a_flood_of_notices_writes_little_and_keeps_nobody_out() {
    let site = Site::new();
    let insert = "INSERT INTO request (id, matter, account, failures, caller, requested_at)
        VALUES (printf('%032x', ?1), iif(?1 % 3 = 0, 'guessing', 'failed-logins'),
        iif(?1 % 3 = 0, NULL, iif(?1 % 3 = 1, '4711', printf('%08d', ?1))), 5, 'x', ?2)";
    flood(&site, 10_000, insert);
    // Three to the owner, one alarm, and of accounts that do not exist what the site grants in an hour.
    let told = |whom: &str| count(&site, &format!("verdict WHERE refusal IS NULL AND {whom}"));
    assert_eq!((told("account = '4711'"), told("account IS NULL")), (3, 1));
    assert!(told("true") <= 304, "{}", told("true"));
    assert_eq!(count(&site, "audit WHERE action <> 'ledger-edited'"), told("true"));
    assert!(count(&site, "verdict") <= 3304);
    let id = site.enqueue(255);
    site.bounded();
    assert!(matches!(site.verdict(id), Some(Verdict::Open(..))));
}

#[test]
fn a_hash_that_is_not_ours_never_reaches_the_ledger() {
    let site = Site::new();
    let good = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let queue = Connection::open(site.queue()).unwrap();
    for (n, bad) in (0..).zip([
        "12345678".to_owned(),
        String::new(),
        good.replace("m=19456", "m=8"),
        good.replace("m=19456", "m=4294967295"),
        good.replace("argon2id", "argon2d"),
        format!("{good} 4711"),
        format!("{good}\nalive"),
    ]) {
        let id = format!("{n:032x}");
        let insert = "INSERT INTO request (id, matter, account, pin_hash, caller, requested_at)
            VALUES (?1, 'change-pin', '4711', ?2, 'x', ?3)";
        queue.execute(insert, rusqlite::params![id, bad, site::now().as_second()]).unwrap();
    }
    drop(queue);
    let id = site.enqueue(255);
    site.bounded();
    assert_eq!((count(&site, "verdict"), count(&site, "account WHERE pin_hash = '-'")), (1, 1));
    assert!(matches!(site.verdict(id), Some(Verdict::Open(..))));
}
