use dialgate_contract::ledger::{LeaseEnd, Verdict, allow, lease, loss, pass};
use dialgate_contract::queue::Wish;
use dialgate_reconciler::firewall::{Family, KernelSet, Memory, Time};
use dialgate_reconciler::pass::{Reconciler, next_due};

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

/// Who answers nothing, and for how much longer.
fn silenced(bench: &Bench) -> Vec<(String, Time)> {
    let kernel = bench.kernel.borrow();
    let sets = kernel.memory.actual().sets();
    let entries = sets.get(&"dg-ended-4".parse().unwrap()).map(KernelSet::entries);
    let entries = entries.into_iter().flatten();
    entries.map(|(network, left)| (network.addr().to_string(), left.unwrap())).collect()
}

#[test]
fn whose_right_ends_while_another_is_closed_answers_nothing_either() {
    let bench = two_in();
    let mut ledger = bench.ledger();
    let [one, two] = &lease::not_ended(ledger.connection()).unwrap()[..] else { panic!() };
    let (one, two) = (one.id, two.id);
    ledger.write(|tx| lease::end(tx, one, at(10), LeaseEnd::Revoked)).unwrap();
    let revoke = move || {
        ledger.write(|tx| lease::end(tx, two, at(10), LeaseEnd::Revoked)).unwrap();
    };
    bench.kernel.borrow_mut().meanwhile = Some(Box::new(revoke));
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[], at(10)).unwrap();
    reconciler.pass(&[], at(10)).unwrap();
    assert_eq!(bench.open(), NOBODY);
    let silenced: Vec<String> = silenced(&bench).into_iter().map(|(address, _)| address).collect();
    assert_eq!(silenced, ["12.34.56.1", "12.34.56.2"]);
}

#[test]
fn whose_right_ends_answers_nothing_for_an_hour_whoever_dies_meanwhile() {
    let bench = two_in();
    let silenced = || silenced(&bench);
    assert_eq!(silenced(), []);
    bench.revoke_all();
    allow(&bench, "12.34.56.2", None);
    // The first pass dies between closing and looking whether it did.
    bench.kernel.borrow_mut().reads = Some(1);
    assert!(bench.reconciler("").pass(&[], at(10)).is_err());
    assert_eq!(silenced(), [("12.34.56.1".to_owned(), Time::For(3600))]);
    bench.reconciler("").pass(&[], at(11)).unwrap();
    // Starting the machine anew makes it no longer.
    bench.kernel.borrow_mut().memory = Memory::fresh();
    bench.reconciler("").pass(&[], at(3600)).unwrap();
    assert_eq!(silenced(), [("12.34.56.1".to_owned(), Time::For(10))]);
    assert_eq!((bench.open(), bench.cut()), (vec!["12.34.56.2".into()], vec!["12.34.56.1".into()]));
    assert_eq!(next_due(bench.ledger().connection()).unwrap(), Some(at(3610)));
    bench.reconciler("").pass(&[], at(3610)).unwrap();
    assert_eq!((silenced(), next_due(bench.ledger().connection()).unwrap()), (vec![], None));
    let rules = |kernel: &Memory| {
        kernel.actual().filters()[&Family::V4].rules("DIALGATE").unwrap().join("\n")
    };
    assert!(!rules(&bench.kernel.borrow().memory).contains("dg-ended"));
}

#[test]
fn flows_of_whoever_comes_to_be_denied_end() {
    let bench = two_in();
    deny(&bench, "12.34.56.2", 60);
    bench.reconciler("").pass(&[], at(2)).unwrap();
    assert_eq!(bench.cut(), ["12.34.56.2"]);
    nothing_is_left_to_cut(&bench, 3);
}

#[test]
fn what_cannot_be_written_down_of_a_cut_keeps_nothing_from_being_put_right() {
    let bench = Bench::new();
    allow(&bench, "12.34.56.8", Some(3600));
    allow(&bench, "12.34.56.9", Some(3600));
    bench.reconciler("").pass(&[], at(1)).unwrap();
    let origin = "12.34.56.8".parse().unwrap();
    bench.ledger().write(|tx| allow::remove(tx, &origin)).unwrap();
    // As on a disk that is full, while somebody flushes the sets.
    let full = "CREATE TRIGGER full BEFORE DELETE ON loss BEGIN SELECT RAISE(FAIL, 'full'); END";
    bench.ledger().connection().execute_batch(full).unwrap();
    bench.time_out();
    bench.reconciler("").pass(&[], at(2)).unwrap_err();
    assert_eq!((bench.open(), bench.cut()), (vec!["12.34.56.9".into()], vec!["12.34.56.8".into()]));
}

#[test]
fn what_could_not_be_cut_is_tried_again_and_nothing_waits_for_it() {
    let bench = two_in();
    bench.revoke_all();
    bench.kernel.borrow_mut().uncut = 2;
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[request(3)], at(11)).unwrap();
    assert_eq!((bench.open(), bench.cut()), (vec!["12.34.56.3".into()], vec![]));
    reconciler.record(at(11), None).unwrap();
    let problem = || pass::last(bench.ledger().connection()).unwrap().unwrap().problem;
    assert!(problem().unwrap().contains("could not be cut yet"));
    assert_eq!(next_due(bench.ledger().connection()).unwrap(), Some(at(12)));
    reconciler.pass(&[], at(12)).unwrap();
    assert_eq!(bench.cut(), NOBODY);
    assert_eq!(next_due(bench.ledger().connection()).unwrap(), Some(at(14)));
    // Whoever is started meanwhile knows of it.
    bench.reconciler("").pass(&[], at(14)).unwrap();
    assert_eq!(bench.cut(), ["12.34.56.1", "12.34.56.2"]);
    reconciler.record(at(14), None).unwrap();
    assert_eq!(problem(), None);
    nothing_is_left_to_cut(&bench, 15);
}

#[test]
fn what_can_never_be_cut_is_told_once_and_given_up() {
    let bench = two_in();
    deny(&bench, "12.34.56.2", 3600);
    bench.kernel.borrow_mut().uncut = 10;
    let mut reconciler = bench.reconciler("");
    let mut now = 10;
    for _ in 0..10 {
        reconciler.pass(&[], at(now)).unwrap();
        let next = loss::next_try(bench.ledger().connection()).unwrap();
        now = next.map_or(now, |next| next.duration_since(at(0)).as_secs());
    }
    let problem = |reconciler: &mut Reconciler| {
        reconciler.record(at(now), None).unwrap();
        pass::last(bench.ledger().connection()).unwrap().unwrap().problem
    };
    let given_up = problem(&mut reconciler).unwrap();
    assert!(given_up.contains("12.34.56.2"), "{given_up}");
    assert_eq!(problem(&mut reconciler), None);
    let told = bench.actions().into_iter().filter(|action| action == "flows-not-cut").count();
    assert_eq!((told, now), (1, 568));
    nothing_is_left_to_cut(&bench, now + 1);
}

#[test]
fn what_was_closed_is_cut_though_the_pass_fails() {
    let bench = two_in();
    deny(&bench, "12.34.56.2", 60);
    // It dies between closing and looking whether it did.
    bench.kernel.borrow_mut().reads = Some(1);
    assert!(bench.reconciler("").pass(&[], at(2)).is_err());
    assert_eq!(bench.cut(), ["12.34.56.2"]);
}

#[test]
fn whose_right_ended_before_keeps_nobody_from_closing_while_seconds_go_by() {
    let bench = two_in();
    bench.revoke_all();
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[request(3)], at(10)).unwrap();
    // About two seconds nothing is done, and three come about while something else is.
    bench.kernel.borrow_mut().age(2);
    bench.kernel.borrow_mut().slow = 1;
    reconciler.pass(&[wish(4, Wish::Close)], at(10)).unwrap();
    assert_eq!((bench.open(), bench.verdict(4)), (vec![], Some(Verdict::Closed)));
}
