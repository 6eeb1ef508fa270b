//! The telephone side has been taken over and does to its queue whatever it can. Root neither opens it nor waits for
//! it, and honest requests beside the junk are served.

use std::io::Write as _;

use dialgate_contract::ledger::Verdict;
use rusqlite::Connection;

use crate::site::{self, Site};

#[test]
fn an_honest_request_is_opened() {
    let site = Site::new();
    let id = site.enqueue(1);
    site.bounded();
    assert!(matches!(site.verdict(id), Some(Verdict::Open(..))));
}

#[test]
fn the_same_request_is_decided_once_however_often_it_is_told() {
    let site = Site::new();
    let id = site.enqueue(1);
    site.bounded();
    let first = site.verdict(id);
    site.bounded();
    assert_eq!(site.verdict(id), first);
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let site = Site::new();
    let id = site.enqueue(1);
    let output = site.once(&["sh", "-c", "exec \"$0\" \"$@\" 2>/dev/full"]);
    assert!(output.status.success(), "{output:?}");
    assert!(matches!(site.verdict(id), Some(Verdict::Open(..))));
}

#[test]
fn no_queue_yet_is_no_error() {
    let site = Site::new();
    std::fs::remove_dir_all(site.queue_dir()).unwrap();
    std::fs::create_dir(site.queue_dir()).unwrap();
    site.give_away();
    site.bounded();
}

#[test]
fn rows_that_are_no_requests_are_passed_over() {
    let site = Site::new();
    let junk = Connection::open(site.queue()).unwrap();
    for (id, account, address, lifetime, at) in [
        ("x", "4711", "12.34.56.9", 60, 1),
        ("000102030405060708090a0b0c0d0eff", "4711 ", "12.34.56.9", 60, 1),
        ("100102030405060708090a0b0c0d0eff", "4711", "0.0.0.0/0", 60, 1),
        ("200102030405060708090a0b0c0d0eff", "4711", "12.34.56.9\nrequest", 60, 1),
        ("300102030405060708090a0b0c0d0eff", "4711", "12.34.56.9", -60, 1),
        ("400102030405060708090a0b0c0d0eff", "4711", "12.34.56.9", 60, i64::MAX),
    ] {
        let sql = "INSERT INTO request (id, matter, account, address, lifetime, caller, requested_at) VALUES (?1, 'open', ?2, ?3, ?4, 'x', ?5)";
        junk.execute(sql, rusqlite::params![id, account, address, lifetime, at]).unwrap();
    }
    let id = site.enqueue(1);
    site.bounded();
    assert!(matches!(site.verdict(id), Some(Verdict::Open(..))));
}

#[test]
fn a_view_that_never_ends_in_place_of_the_table_harms_nobody() {
    let site = Site::new();
    let crafted = Connection::open(site.queue()).unwrap();
    let endless = "DROP TABLE request; CREATE VIEW request AS WITH RECURSIVE n(number) AS
        (SELECT 1 UNION ALL SELECT number + 1 FROM n) SELECT number, hex(zeroblob(1000000)) AS id, 'close' AS matter,
        '' AS account, '' AS address, 1 AS lifetime, '' AS pin_hash, 1 AS failures, '' AS caller, 1 AS requested_at FROM n";
    crafted.execute_batch(endless).unwrap();
    site.give_away();
    site.bounded();
}

#[test]
fn a_generated_column_that_eats_memory_harms_nobody() {
    let site = Site::new();
    let crafted = Connection::open(site.queue()).unwrap();
    let greedy = "DROP TABLE request; CREATE TABLE request (number INTEGER PRIMARY KEY, matter TEXT, account TEXT,
        address TEXT, lifetime INTEGER, pin_hash TEXT, failures INTEGER, caller TEXT, requested_at INTEGER, id TEXT AS (hex(zeroblob(200000000))));
        INSERT INTO request (account) VALUES ('4711')";
    crafted.execute_batch(greedy).unwrap();
    site.give_away();
    site.bounded();
}

#[test]
fn a_fifo_in_place_of_the_queue_holds_nobody_up() {
    let site = Site::new();
    std::fs::remove_file(site.queue()).unwrap();
    assert!(site::command("mkfifo").arg(site.queue()).status().unwrap().success());
    site.give_away();
    site.bounded();
}

#[test]
fn a_lock_that_is_never_given_back_holds_nobody_up() {
    let site = Site::new();
    let holder = Connection::open(site.queue()).unwrap();
    holder.execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").unwrap();
    site.give_away();
    site.bounded();
}

#[test]
fn a_file_that_is_no_database_harms_nobody() {
    let site = Site::new();
    std::fs::write(site.queue(), vec![0xa5; 100_000]).unwrap();
    site.bounded();
}

#[test]
fn a_link_to_a_file_of_roots_gives_nothing_away() {
    let site = Site::new();
    let secret = site.data().join("secret");
    std::fs::copy(site.queue(), &secret).unwrap();
    std::fs::remove_file(site.queue()).unwrap();
    std::os::unix::fs::symlink(&secret, site.queue()).unwrap();
    site.give_away();
    site.bounded();
    assert!(secret.exists());
}

/// SQLite before 3.51 deleted the file that a rollback journal names as its super-journal.
#[test]
fn a_crafted_journal_deletes_no_file_of_roots() {
    let site = Site::new();
    Connection::open(site.queue()).unwrap().execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let victim = site.data().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    let name = victim.to_str().unwrap().as_bytes();
    let mut journal = std::fs::File::create(site.queue_dir().join("queue.db-journal")).unwrap();
    let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut header = magic.to_vec();
    for word in [0_u32, 0, 1, 512, 4096] {
        header.extend(word.to_be_bytes());
    }
    header.resize(512, 0);
    let length = u32::try_from(name.len()).unwrap();
    let checksum = name.iter().fold(0_u32, |sum, &byte| sum.wrapping_add(u32::from(byte)));
    let mut tail = 0_u32.to_be_bytes().to_vec();
    tail.extend(name);
    tail.extend(length.to_be_bytes());
    tail.extend(checksum.to_be_bytes());
    tail.extend(magic);
    journal.write_all(&[header, tail].concat()).unwrap();
    site.give_away();
    site.bounded();
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
}

/// Seen from outside, by the system calls of every process.
#[test]
fn only_the_child_ever_opens_the_queue_and_not_as_root() {
    let site = Site::new();
    let strace = [
        "/usr/bin/strace",
        "-f",
        "-qq",
        "-e",
        "trace=open,openat,openat2,setuid,setresuid,setreuid",
    ];
    if !site.root || !std::path::Path::new(strace[0]).exists() {
        let required = std::env::var_os("DIALGATE_REQUIRE_REAL").is_some_and(|value| value == "1");
        assert!(!required, "this test must not be skipped here: it needs root and strace");
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED only_the_child_ever_opens_the_queue: needs root and strace"
        );
        return;
    }
    site.enqueue(1);
    let output = site.once(&strace);
    let calls = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut dropped = std::collections::BTreeSet::new();
    let mut opened = 0;
    for line in calls.lines().filter(|line| line.contains("[pid") || line.contains("queue.db")) {
        let pid = line.split(']').next().unwrap_or_default().to_owned();
        if line.contains("uid(") {
            dropped.insert(pid);
        } else if line.contains("queue.db") && line.contains("open") {
            opened += 1;
            assert!(dropped.contains(&pid), "root opened the queue: {line}");
        }
    }
    assert!(opened > 0, "{calls}");
}
