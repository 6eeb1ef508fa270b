//! What is known of the kernel is believed as long as the kernel looks like it, and never of whoever is told that he is let
//! in.

use dialgate_contract::ledger::Verdict;
use dialgate_contract::queue::Wish;
use dialgate_reconciler::pass::{PassError, Reconciler};

use crate::bench::{Bench, at, request, wish};

const ONE: &str = "12.34.56.1";
const TWO: &str = "12.34.56.2";
const STRANGER: &str = "6.6.6.6";

/// A pass, and how often everything was read for it.
fn pass(bench: &Bench, reconciler: &mut Reconciler, second: i64) -> u32 {
    let before = bench.kernel.borrow().read;
    reconciler.pass(&[], at(second)).unwrap();
    bench.kernel.borrow().read - before
}

fn two_are_in() -> (Bench, Reconciler) {
    let bench = Bench::visible();
    bench.grant(ONE);
    let mut reconciler = bench.reconciler("[lease]\naddresses-per-account = 9");
    assert!(pass(&bench, &mut reconciler, 0) > 0);
    bench.grant(TWO);
    assert_eq!(pass(&bench, &mut reconciler, 0), 0, "all is known that is not new");
    assert_eq!(bench.open(), [ONE, TWO]);
    (bench, reconciler)
}

#[test]
fn everything_is_read_again_when_the_kernel_looks_otherwise_and_after_five_minutes() {
    let (bench, mut reconciler) = two_are_in();
    for (second, what) in ["rules", "another set of the name", "one less"].iter().enumerate() {
        let mut kernel = bench.kernel.borrow_mut();
        match second {
            0 => kernel.generation += 1,
            1 => kernel.identity += 1,
            _ => kernel.memory.age(u32::MAX),
        }
        drop(kernel);
        assert!(pass(&bench, &mut reconciler, 0) > 0, "{what}");
        assert_eq!(bench.open(), [ONE, TWO]);
        assert_eq!(pass(&bench, &mut reconciler, 0), 0);
    }
    bench.kernel.borrow_mut().age(299);
    assert_eq!(pass(&bench, &mut reconciler, 299), 0);
    bench.kernel.borrow_mut().age(1);
    assert!(pass(&bench, &mut reconciler, 300) > 0);
}

#[test]
fn who_is_exchanged_for_another_is_in_again_within_five_minutes_and_the_other_is_out() {
    let (bench, mut reconciler) = two_are_in();
    bench.kernel.borrow_mut().exchange(ONE, STRANGER);
    assert_eq!(pass(&bench, &mut reconciler, 0), 0, "it looks the same");
    bench.kernel.borrow_mut().age(300);
    assert!(pass(&bench, &mut reconciler, 300) > 0);
    assert_eq!(bench.open(), [ONE, TWO]);
}

#[test]
fn who_is_told_that_he_is_in_is_looked_for_in_the_kernel() {
    let (bench, mut reconciler) = two_are_in();
    bench.kernel.borrow_mut().exchange(ONE, STRANGER);
    reconciler.pass(&[request(1)], at(0)).unwrap();
    assert!(matches!(bench.verdict(1), Some(Verdict::Extended(..))), "{:?}", bench.verdict(1));
    assert_eq!(bench.open(), [ONE, TWO]);
}

#[test]
fn who_is_told_that_he_stays_in_is_looked_for_in_the_kernel() {
    let (bench, mut reconciler) = two_are_in();
    bench.kernel.borrow_mut().exchange(ONE, STRANGER);
    // Less than there is left: nothing is to be changed.
    let extend = wish(1, Wish::Extend { lifetime: Some("10m".parse().unwrap()) });
    reconciler.pass(&[extend], at(0)).unwrap();
    assert!(matches!(bench.verdict(1), Some(Verdict::Extended(..))), "{:?}", bench.verdict(1));
    assert_eq!(bench.open(), [ONE, TWO]);
}

#[test]
fn a_ledger_that_is_as_it_was_before_is_compared_as_a_whole() {
    let (bench, mut reconciler) = two_are_in();
    // As a backup leaves it that is copied into the file that is open.
    let restored = "DROP TRIGGER lease_delete; DELETE FROM lease WHERE address = '12.34.56.2';
                    UPDATE revision SET number = number - 1";
    bench.ledger().connection().execute_batch(restored).unwrap();
    reconciler.pass(&[], at(0)).unwrap();
    assert_eq!(bench.open(), [ONE]);
}

#[test]
fn where_a_lease_was_before_it_was_moved_by_hand_nobody_is_let_in() {
    let (bench, mut reconciler) = two_are_in();
    let moved = "UPDATE lease SET address = '12.34.56.3' WHERE address = '12.34.56.1'";
    bench.ledger().connection().execute_batch(moved).unwrap();
    reconciler.pass(&[], at(0)).unwrap();
    assert_eq!(bench.open(), [TWO, "12.34.56.3"]);
}

#[test]
fn who_is_gone_before_the_kernel_is_looked_at_is_not_told_that_he_is_in() {
    let (bench, mut reconciler) = two_are_in();
    bench.kernel.borrow_mut().swap = Some(["12.34.56.3", STRANGER]);
    let failed = reconciler.pass(&[request(3)], at(0));
    assert!(matches!(failed, Err(PassError::Unsettled(_))), "{failed:?}");
    assert_eq!(bench.verdict(3), None);
    assert_eq!(bench.open(), [ONE, TWO], "what the ledger did not keep is taken back");
    reconciler.pass(&[request(3)], at(0)).unwrap();
    assert!(bench.verdict(3).is_some());
    assert_eq!(bench.open(), [ONE, TWO, "12.34.56.3"]);
}

#[test]
fn a_calendar_that_jumps_shortens_what_was_known_to_be_right() {
    let (bench, mut reconciler) = two_are_in();
    assert_eq!(pass(&bench, &mut reconciler, 1800), 0);
    let kernel = bench.kernel.borrow();
    let set = &kernel.memory.actual().sets()[&"dg-sip-4".parse().unwrap()];
    let left: Vec<u32> = set.entries().values().map(|left| left.unwrap().timeout()).collect();
    assert_eq!(left, [1800, 1800]);
}

#[test]
fn a_pass_that_failed_leaves_nothing_to_believe() {
    let (bench, mut reconciler) = two_are_in();
    bench.revoke_all();
    bench.kernel.borrow_mut().stuck = true;
    reconciler.pass(&[], at(10)).unwrap_err();
    bench.kernel.borrow_mut().stuck = false;
    assert!(pass(&bench, &mut reconciler, 10) > 0);
    assert_eq!(bench.open(), [] as [&str; 0]);
}
