use dialgate_contract::ledger::{Verdict, lease, verdict};
use dialgate_reconciler::pass::{PassError, Passed};

use crate::bench::{Bench, at, request};

#[test]
fn a_request_is_opened_once_however_often_it_is_told() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[request(1)], at(1)).unwrap();
    assert_eq!(reconciler.undecided(vec![request(1), request(2)]), [request(2)]);
    reconciler.pass(&[request(1)], at(2)).unwrap();
    let leases = lease::all(bench.ledger().connection()).unwrap();
    assert_eq!((leases.len(), leases[0].opened_at), (1, at(1)));
    assert_eq!(bench.open(), ["12.34.56.1"]);
}

#[test]
fn what_the_kernel_does_not_show_is_taken_back_and_decided_later() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[], at(0)).unwrap();
    // One read before the change, and the one after it fails.
    bench.kernel.borrow_mut().reads = Some(1);
    assert!(matches!(reconciler.pass(&[request(1)], at(1)), Err(PassError::Firewall(_))));
    assert_eq!(bench.open(), [] as [&str; 0]);
    assert_eq!(verdict::find(bench.ledger().connection(), request(1).id).unwrap(), None);
    reconciler.pass(&[request(1)], at(2)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1"]);
}

#[test]
fn requests_beyond_the_flood_bound_are_left_undecided() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("[lease]\nsite-requests-per-hour = 1");
    let requests: Vec<_> = (1..=12).map(request).collect();
    assert_eq!(reconciler.pass(&requests, at(1)).unwrap(), Passed { dropped: 2 });
    assert_eq!(reconciler.undecided(requests), [request(11), request(12)]);
    let first = verdict::find(bench.ledger().connection(), request(1).id).unwrap();
    assert!(matches!(first, Some(Verdict::Open(..))));
    // An hour later there is room again.
    assert_eq!(reconciler.pass(&[request(11)], at(3602)).unwrap(), Passed { dropped: 0 });
}
