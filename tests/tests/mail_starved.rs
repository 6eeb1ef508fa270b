//! Mail servers that do not do their part: access opens and closes at once all the same, and no letter is lost.

#![expect(clippy::unwrap_used, reason = "what cannot be set up or looked at fails the test")]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use dialgate_contract::queue::Wish;
use dialgate_tests::real::{self, Need};
use dialgate_tests::root_side::RootSide;
use dialgate_tests::wait;

const NEEDS: [Need; 1] = [Need::Site];
const ACCOUNT: &str = "4711";
/// What is not to wait for mail takes milliseconds.
const AT_ONCE: Duration = Duration::from_secs(5);
const FAULTS: [&[&str]; 6] = [
    &["--silent"],
    &["--drip"],
    &["--greeting", "421 too busy"],
    &["--rcpt", "451 greylisted"],
    &["--rcpt", "530 log in first"],
    &["--reset-after-data"],
];

fn await_in(side: &RootSide, address: &str, wanted: bool) {
    let key = ("dg-sip-4".to_owned(), address.to_owned());
    let what = format!("{address} open: {wanted}");
    let looked = wait::until(&what, AT_ONCE, || {
        Ok((side.kernel()?.contains_key(&key) == wanted).then_some(()))
    });
    looked.unwrap();
}

/// Opens and revokes.
fn travel(side: &mut RootSide, n: u8) {
    let address = Ipv4Addr::new(12, 0, 0, n);
    side.ask(ACCOUNT, Wish::Open { address: IpAddr::V4(address), lifetime: None }).unwrap();
    await_in(side, &address.to_string(), true);
    side.dialgate(&["lease", "revoke", &address.to_string()]).unwrap();
    await_in(side, &address.to_string(), false);
}

/// Of all letters: their names, and how many were given up.
fn letters(side: &RootSide) -> (BTreeSet<String>, i64) {
    let ledger = side.ledger().unwrap();
    let names = "SELECT '<dialgate.' || id || '.' || created_at || '@localhost>' FROM letter";
    let mut statement = ledger.connection().prepare(names).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let dead = "SELECT count(*) FROM letter WHERE dead_at IS NOT NULL";
    (names, ledger.connection().query_row(dead, [], |row| row.get(0)).unwrap())
}

#[test]
fn whatever_a_mail_server_does_access_opens_and_closes_at_once_and_every_letter_comes_in_the_end() {
    if real::skipped("whatever_a_mail_server_does_access_opens_and_closes_at_once", &NEEDS) {
        return;
    }
    let mut side = RootSide::start(&[ACCOUNT], "").unwrap();
    for (n, fault) in (1..).zip(FAULTS) {
        side.replace_mail(fault).unwrap();
        let mut watch = side.watch_ready().unwrap();
        travel(&mut side, n);
        watch.kill().unwrap();
        watch.wait().unwrap();
    }
    side.replace_mail(&[]).unwrap();
    side.mail().stop().unwrap();
    let mut watch = side.watch_ready().unwrap();
    travel(&mut side, 200);
    watch.kill().unwrap();
    watch.wait().unwrap();

    side.replace_mail(&[]).unwrap();
    let due = "UPDATE letter SET due_at = created_at WHERE sent_at IS NULL";
    side.ledger().unwrap().connection().execute(due, []).unwrap();
    assert!(side.once_behind(&[]).unwrap().success());
    let (names, dead) = letters(&side);
    assert_eq!(dead, 0);
    assert!(names.len() > FAULTS.len(), "{names:?}");
    let mut delivered = BTreeSet::new();
    wait::until("every letter", AT_ONCE, || {
        for message in side.mail().messages()? {
            delivered
                .insert(message["letter"]["headers"]["Message-ID"].as_str().unwrap().to_owned());
        }
        Ok((delivered == names).then_some(()))
    })
    .unwrap_or_else(|error| panic!("{error}: {names:?}, {delivered:?}"));
}
