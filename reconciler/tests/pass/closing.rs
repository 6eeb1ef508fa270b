use std::collections::BTreeMap;

use dialgate_reconciler::firewall::{Actual, Family, Filter, Memory};
use dialgate_reconciler::pass::PassError;

use crate::bench::{Bench, at};

/// One address is in; then it is revoked.
fn revoked() -> Bench {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    bench.reconciler("").pass(&[], at(1)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1"]);
    bench.revoke_all();
    bench
}

#[test]
fn what_is_revoked_is_closed_though_the_chain_has_no_place() {
    let bench = revoked();
    let mut reconciler = bench.reconciler("[firewall]\nanchor = \"nosuch\"");
    assert!(matches!(reconciler.pass(&[], at(11)), Err(PassError::Plan(_))));
    assert_eq!(bench.open(), [] as [&str; 0]);
}

#[test]
fn what_is_revoked_is_closed_though_freepbx_came_in_between() {
    let bench = revoked();
    let with = "*filter\n:INPUT ACCEPT [0:0]\n:fpbxfirewall - [0:0]\nCOMMIT\n";
    let filters = BTreeMap::from([(Family::V4, Filter::parse(with).unwrap())]);
    let saved = "create dg-sip-4 hash:net family inet maxelem 1048576 timeout 60\nadd dg-sip-4 12.34.56.1 timeout 9\n";
    bench.kernel.borrow_mut().memory = Memory::new(Actual::parse(saved, filters).unwrap());
    bench.reconciler("").pass(&[], at(11)).unwrap();
    assert_eq!(bench.open(), [] as [&str; 0]);
}

#[test]
fn what_is_revoked_is_closed_though_no_table_can_be_read() {
    let bench = revoked();
    bench.kernel.borrow_mut().tables = true;
    assert!(matches!(bench.reconciler("").pass(&[], at(11)), Err(PassError::Firewall(_))));
    assert_eq!(bench.open(), [] as [&str; 0]);
}

#[test]
fn a_chain_that_is_the_kernels_is_not_narrowed_when_something_is_closed() {
    let bench = revoked();
    let before = bench.kernel.borrow().memory.actual().filters().clone();
    let mut reconciler = bench.reconciler("[firewall]\nchain = \"INPUT\"");
    assert!(matches!(reconciler.pass(&[], at(11)), Err(PassError::Plan(_))));
    assert_eq!(bench.open(), [] as [&str; 0]);
    for (family, filter) in bench.kernel.borrow().memory.actual().filters() {
        assert_eq!(filter.rules("INPUT"), before[family].rules("INPUT"));
    }
}

/// Takes as long as a writer waits for another.
#[test]
fn what_has_expired_is_closed_though_somebody_else_keeps_the_ledger() {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[], at(1)).unwrap();
    let mut other = bench.ledger();
    let passed = other.write(|_| {
        let passed = reconciler.pass(&[], at(3600));
        Ok::<_, PassError>(passed)
    });
    assert!(matches!(passed, Ok(Err(PassError::Ledger(_)))));
    assert_eq!(bench.open(), [] as [&str; 0]);
    reconciler.pass(&[], at(3601)).unwrap();
}
