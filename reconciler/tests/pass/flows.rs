use dialgate_contract::ledger::{LeaseEnd, allow, lease, loss};
use dialgate_contract::queue::Wish;

use crate::bench::{Bench, at, request, wish};
use crate::lists::{allow, deny};

const NOBODY: [&str; 0] = [];

/// 12.34.56.1 and 12.34.56.2 are in until second 3600.
fn two_in() -> Bench {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    bench.grant("12.34.56.2");
    bench.reconciler("").pass(&[], at(1)).unwrap();
    assert_eq!(
        (bench.open(), bench.cut()),
        (vec!["12.34.56.1".into(), "12.34.56.2".into()], vec![])
    );
    bench
}

fn nothing_is_left_to_cut(bench: &Bench, second: i64) {
    assert_eq!(loss::all(bench.ledger().connection()).unwrap(), []);
    bench.reconciler("").pass(&[], at(second)).unwrap();
    assert_eq!(bench.cut(), NOBODY);
}

#[test]
fn flows_end_with_the_time_of_a_lease_though_the_kernel_was_first() {
    let bench = two_in();
    bench.time_out();
    bench.reconciler("").pass(&[], at(3600)).unwrap();
    assert_eq!(bench.cut(), ["12.34.56.1", "12.34.56.2"]);
    nothing_is_left_to_cut(&bench, 3601);
}

#[test]
fn flows_end_with_a_revocation_though_the_sets_were_flushed_before() {
    let bench = two_in();
    bench.time_out();
    bench.revoke_all();
    bench.reconciler("").pass(&[], at(11)).unwrap();
    assert_eq!(bench.cut(), ["12.34.56.1", "12.34.56.2"]);
    nothing_is_left_to_cut(&bench, 12);
}

#[test]
fn flows_end_with_what_is_closed_or_gives_way_on_a_call() {
    let bench = two_in();
    bench.reconciler("").pass(&[request(3)], at(2)).unwrap();
    assert_eq!(
        (bench.open(), bench.cut()),
        (vec!["12.34.56.3".into()], vec!["12.34.56.1".into(), "12.34.56.2".into()])
    );
    bench.reconciler("").pass(&[wish(4, Wish::Close)], at(3)).unwrap();
    assert_eq!(bench.cut(), ["12.34.56.3"]);
    nothing_is_left_to_cut(&bench, 4);
}

#[test]
fn flows_go_on_that_another_right_covers() {
    let bench = two_in();
    allow(&bench, "12.34.56.0/30", None);
    let ledger = &mut bench.ledger();
    for lease in lease::not_ended(ledger.connection()).unwrap() {
        ledger.write(|tx| lease::end(tx, lease.id, at(10), LeaseEnd::Revoked)).unwrap();
    }
    bench.reconciler("").pass(&[], at(11)).unwrap();
    assert_eq!(bench.cut(), NOBODY);
    nothing_is_left_to_cut(&bench, 12);
    let origin = "12.34.56.0/30".parse().unwrap();
    ledger.write(|tx| allow::remove(tx, &origin)).unwrap();
    bench.reconciler("").pass(&[], at(13)).unwrap();
    assert_eq!(bench.cut(), ["12.34.56.0"]);
}

#[test]
fn flows_end_though_no_table_can_be_read() {
    let bench = two_in();
    bench.time_out();
    bench.revoke_all();
    bench.kernel.borrow_mut().tables = true;
    assert!(bench.reconciler("").pass(&[], at(11)).is_err());
    assert_eq!(bench.cut(), ["12.34.56.1", "12.34.56.2"]);
}

#[test]
fn flows_of_whoever_comes_to_be_denied_end() {
    let bench = two_in();
    deny(&bench, "12.34.56.2", 60);
    bench.reconciler("").pass(&[], at(2)).unwrap();
    assert_eq!(bench.cut(), ["12.34.56.2"]);
    nothing_is_left_to_cut(&bench, 3);
}
