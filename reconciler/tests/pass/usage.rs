use std::num::NonZeroU8;

use dialgate_contract::ledger::{Account, LeaseEnd, Letter, account, lease, usage};
use dialgate_contract::queue::Wish;

use crate::bench::{Bench, ann, at, request, wish};

const IDLE_END: &str = "[lease]\nidle-end = \"15m\"";
const NOBODY: [&str; 0] = [];

/// 12.34.56.1 and 12.34.56.2 are in, and the sets count.
fn two_in() -> Bench {
    with_two_in(Bench::new())
}

fn with_two_in(bench: Bench) -> Bench {
    bench.kernel.borrow_mut().counted = Some([].into());
    bench.grant("12.34.56.1");
    bench.grant("12.34.56.2");
    bench.reconciler("").pass(&[], at(1)).unwrap();
    bench
}

fn packets(bench: &Bench, address: &str, packets: u64) {
    let mut kernel = bench.kernel.borrow_mut();
    kernel.counted.as_mut().unwrap().insert(address.to_owned(), packets);
}

#[test]
fn a_lease_that_nobody_uses_ends_and_its_flows_with_it() {
    let bench = two_in();
    let mut reconciler = bench.reconciler(IDLE_END);
    packets(&bench, "12.34.56.1", 7);
    reconciler.pass(&[], at(600)).unwrap();
    reconciler.pass(&[], at(899)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.2"]);
    reconciler.pass(&[], at(900)).unwrap();
    assert_eq!((bench.open(), bench.cut()), (vec!["12.34.56.1".into()], vec!["12.34.56.2".into()]));
    reconciler.pass(&[], at(1499)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1"]);
    reconciler.pass(&[], at(1500)).unwrap();
    assert_eq!(bench.open(), NOBODY);
    assert_eq!(bench.actions(), ["lease-idle", "lease-idle"]);
    let letters = bench.letters();
    let since = letters.iter().map(|(to, letter)| {
        let Letter::Unused { address, since, .. } = letter else { panic!("{letter:?}") };
        (to.as_str(), address.to_string(), *since)
    });
    let expected = [("12.34.56.2", at(0)), ("12.34.56.1", at(600))]
        .map(|(address, since)| ("ann@example.net", address.to_owned(), since));
    assert_eq!(since.collect::<Vec<_>>(), expected);
    let ends: Vec<_> = lease::all(bench.ledger().connection()).unwrap();
    assert!(ends.iter().all(|lease| matches!(lease.ended, Some((_, LeaseEnd::Idle)))));
}

#[test]
fn one_that_is_used_or_asked_for_again_goes_on() {
    let bench = two_in();
    let mut reconciler = bench.reconciler(IDLE_END);
    for minute in 1..50_u64 {
        packets(&bench, "12.34.56.1", minute);
        let second = i64::try_from(minute * 60).unwrap();
        reconciler.pass(&[], at(second)).unwrap();
        if minute == 14 {
            reconciler.pass(&[wish(1, Wish::Extend { lifetime: None })], at(second)).unwrap();
        }
        let second_stays = minute < 14 + 15;
        assert_eq!(bench.open().len(), 1 + usize::from(second_stays), "minute {minute}");
    }
    assert_eq!(bench.open(), ["12.34.56.1"]);
}

#[test]
fn where_packets_are_not_counted_nobody_is_idle() {
    let bench = two_in();
    bench.kernel.borrow_mut().counted = None;
    bench.reconciler(IDLE_END).pass(&[], at(3000)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.2"]);
}

#[test]
fn counting_anew_is_not_taken_for_use_or_for_none() {
    let bench = two_in();
    let mut reconciler = bench.reconciler(IDLE_END);
    for address in ["12.34.56.1", "12.34.56.2"] {
        packets(&bench, address, 100);
    }
    reconciler.pass(&[], at(60)).unwrap();
    packets(&bench, "12.34.56.1", 0);
    packets(&bench, "12.34.56.2", 1);
    reconciler.pass(&[], at(600)).unwrap();
    reconciler.pass(&[], at(959)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.2"]);
    reconciler.pass(&[], at(960)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.2"]);
}

#[test]
fn use_is_written_down_for_whoever_asks_even_where_nothing_goes_by_it() {
    let bench = two_in();
    let mut reconciler = bench.reconciler("");
    packets(&bench, "12.34.56.1", 7);
    reconciler.pass(&[], at(60)).unwrap();
    reconciler.record(at(60), None).unwrap();
    let used: Vec<_> = usage::all(bench.ledger().connection()).unwrap();
    let used: Vec<_> = used.iter().map(|usage| (usage.packets, usage.used_at)).collect();
    assert_eq!(used, [(7, at(60)), (0, at(0))]);
}

#[test]
fn what_was_seen_of_use_waits_to_be_written_down_while_the_kernel_is_not_read() {
    let bench = with_two_in(Bench::visible());
    let mut reconciler = bench.reconciler("");
    packets(&bench, "12.34.56.1", 7);
    reconciler.pass(&[], at(1)).unwrap();
    let read = bench.kernel.borrow().read;
    reconciler.pass(&[], at(1)).unwrap();
    assert_eq!(bench.kernel.borrow().read, read, "what was read is believed");
    reconciler.record(at(1), None).unwrap();
    let used = usage::all(bench.ledger().connection()).unwrap();
    assert_eq!(used.first().map(|usage| usage.packets), Some(7));
}

#[test]
fn of_several_addresses_the_one_that_was_not_used_for_longest_makes_room() {
    for (addresses, config) in
        [(None, "[lease]\naddresses-per-account = 2"), (NonZeroU8::new(2), "")]
    {
        let bench = two_in();
        bench.ledger().write(|tx| account::update(tx, &Account { addresses, ..ann() })).unwrap();
        let mut reconciler = bench.reconciler(config);
        packets(&bench, "12.34.56.1", 7);
        reconciler.pass(&[], at(10)).unwrap();
        reconciler.pass(&[request(3)], at(20)).unwrap();
        assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.3"], "{addresses:?}");
    }
}
