use dialgate_contract::ledger::{Letter, Verdict};
use dialgate_contract::queue::{Matter, Request};
use dialgate_reconciler::pass::Passed;

use crate::bench::{Bench, at, matter, request};

fn failed_logins(n: u8, account: &str) -> Request {
    matter(n, Matter::FailedLogins { account: account.parse().unwrap(), failures: 5 })
}

fn guessing(n: u8) -> Request {
    matter(n, Matter::Guessing { failures: 200 })
}

#[test]
fn an_owner_is_told_of_failed_logins_three_times_a_day() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("");
    let notices = [1, 2, 3, 4].map(|n| failed_logins(n, "4711"));
    assert_eq!(reconciler.pass(&notices, at(10)).unwrap(), Passed { dropped: 0 });
    let letters = bench.letters();
    assert_eq!(letters.len(), 3);
    let (to, Letter::FailedLogins { failures: 5, at: last, .. }) = &letters[0] else { panic!() };
    assert_eq!((to.as_str(), *last), ("ann@example.net", at(0)));
    assert_eq!((bench.verdict(3), bench.verdict(4)), (Some(Verdict::Told), Some(Verdict::Told)));
    assert_eq!(bench.actions(), ["logins-failed"; 3]);
    let next_day = Request { requested_at: at(86_411), ..failed_logins(5, "4711") };
    reconciler.pass(&[next_day], at(86_411)).unwrap();
    assert_eq!(bench.letters().len(), 4);
}

#[test]
fn nobody_is_written_to_about_an_account_that_does_not_exist() {
    let bench = Bench::new();
    bench.reconciler("").pass(&[failed_logins(1, "0000")], at(10)).unwrap();
    assert_eq!((bench.verdict(1), bench.letters().len()), (Some(Verdict::Told), 0));
    assert_eq!(bench.actions(), ["logins-failed"]);
}

#[test]
fn the_operator_is_alarmed_once_an_hour() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[guessing(1), guessing(2)], at(10)).unwrap();
    let letters = bench.letters();
    let [(to, Letter::Guessing { failures: 200, .. })] = letters.as_slice() else {
        panic!("{letters:?}")
    };
    assert_eq!(to, "op@example.net");
    assert_eq!(bench.verdict(2), Some(Verdict::Told));
    reconciler.pass(&[guessing(3)], at(3611)).unwrap();
    assert_eq!(bench.letters().len(), 2);
}

#[test]
fn no_number_of_notices_keeps_a_traveller_out() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("[lease]\nsite-requests-per-hour = 1");
    let notices = (1..=200).map(|n| failed_logins(n, &format!("1{n:03}")));
    let requests: Vec<_> = notices.chain([failed_logins(201, "4711"), request(202)]).collect();
    // One is written down, ten are heard, and the rest are left.
    assert_eq!(reconciler.pass(&requests, at(10)).unwrap(), Passed { dropped: 189 });
    assert_eq!(bench.verdict(201), Some(Verdict::Told));
    assert!(matches!(bench.verdict(202), Some(Verdict::Open(..))));
    assert_eq!(bench.actions(), ["logins-failed", "logins-failed", "lease-opened"]);
}
