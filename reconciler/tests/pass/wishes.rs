use dialgate_contract::Refusal;
use dialgate_contract::ledger::{LeaseEnd, Letter, Verdict, account, lease};
use dialgate_contract::queue::{Request, Wish};
use dialgate_reconciler::pass::PassError;

use crate::bench::{Bench, at, request, wish};

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) fn close(n: u8) -> Request {
    wish(n, Wish::Close)
}

pub(crate) fn extend(n: u8) -> Request {
    wish(n, Wish::Extend { lifetime: "2h".parse().ok() })
}

pub(crate) fn change_pin(n: u8) -> Request {
    wish(n, Wish::ChangePin { hash: HASH.parse().unwrap() })
}

/// Two addresses are in until second 3600.
fn open() -> Bench {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    bench.grant("12.34.56.2");
    bench.reconciler("").pass(&[], at(1)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.2"]);
    bench
}

fn ends(bench: &Bench) -> Vec<Option<LeaseEnd>> {
    let leases = lease::all(bench.ledger().connection()).unwrap();
    leases.into_iter().map(|lease| lease.ended.map(|(_, by)| by)).collect()
}

fn pin_hash(bench: &Bench) -> String {
    account::pin_hash(bench.ledger().connection(), &"4711".parse().unwrap()).unwrap().unwrap()
}

#[test]
fn what_a_traveller_closes_is_closed_in_the_kernel_and_a_letter_says_so() {
    let bench = open();
    bench.reconciler("").pass(&[close(9)], at(10)).unwrap();
    assert_eq!(bench.open(), [] as [&str; 0]);
    assert_eq!(bench.verdict(9), Some(Verdict::Closed));
    assert_eq!(ends(&bench), [Some(LeaseEnd::Closed); 2]);
    assert_eq!(bench.actions(), ["lease-closed"; 2]);
    let letters = bench.letters();
    let [(to, Letter::Closed { addresses, .. })] = letters.as_slice() else {
        panic!("{letters:?}")
    };
    assert_eq!((to.as_str(), addresses.len()), ("ann@example.net", 2));
    bench.reconciler("").pass(&[close(10)], at(11)).unwrap();
    assert_eq!(bench.verdict(10), Some(Verdict::Refused(Refusal::NothingOpen)));
    assert_eq!(bench.letters().len(), 1);
}

#[test]
fn all_that_is_open_lasts_longer_and_never_shorter() {
    let bench = open();
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[extend(9)], at(10)).unwrap();
    let leases = lease::all(bench.ledger().connection()).unwrap();
    assert!(leases.iter().all(|lease| lease.expires_at == at(7210)), "{leases:?}");
    assert_eq!(bench.verdict(9), Some(Verdict::Extended(leases[1].id, at(7210))));
    let shorter = wish(10, Wish::Extend { lifetime: "1s".parse().ok() });
    reconciler.pass(&[shorter], at(11)).unwrap();
    assert_eq!(bench.verdict(10), Some(Verdict::Extended(leases[1].id, at(7210))));
    reconciler.pass(&[], at(3601)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.2"]);
    reconciler.pass(&[extend(11)], at(7211)).unwrap();
    assert_eq!(bench.verdict(11), Some(Verdict::Refused(Refusal::NothingOpen)));
    assert_eq!(bench.open(), [] as [&str; 0]);
}

#[test]
fn a_new_pin_is_stored_and_ends_what_was_opened_with_the_old_one() {
    let bench = open();
    bench.reconciler("").pass(&[change_pin(9)], at(10)).unwrap();
    assert_eq!(pin_hash(&bench), HASH);
    assert_eq!(bench.open(), [] as [&str; 0]);
    assert_eq!(bench.verdict(9), Some(Verdict::PinChanged));
    assert_eq!(ends(&bench), [Some(LeaseEnd::Disabled); 2]);
    assert_eq!(bench.actions(), ["account-pin-changed", "lease-disabled", "lease-disabled"]);
    assert!(matches!(bench.letters().as_slice(), [(_, Letter::PinChanged { .. })]));
}

#[test]
fn a_fourth_change_of_a_pin_in_a_day_is_refused() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[1, 2, 3, 4].map(change_pin), at(10)).unwrap();
    assert_eq!(bench.verdict(3), Some(Verdict::PinChanged));
    assert_eq!(bench.verdict(4), Some(Verdict::Refused(Refusal::TooMany)));
    let next_day = Request { requested_at: at(86_411), ..change_pin(5) };
    reconciler.pass(&[next_day], at(86_411)).unwrap();
    assert_eq!(bench.verdict(5), Some(Verdict::PinChanged));
}

#[test]
fn who_opens_and_then_closes_has_nothing_open_and_who_closes_and_then_opens_has() {
    let bench = Bench::new();
    bench.reconciler("").pass(&[request(1), close(2)], at(1)).unwrap();
    assert_eq!(bench.verdict(2), Some(Verdict::Closed));
    assert_eq!(bench.open(), [] as [&str; 0]);
    bench.reconciler("").pass(&[request(3)], at(2)).unwrap();
    bench.reconciler("").pass(&[close(4), request(5)], at(3)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.5"]);
    assert_eq!(bench.verdict(4), Some(Verdict::Closed));
}

#[test]
fn what_a_traveller_closes_is_closed_though_nothing_can_be_opened() {
    for wish in [close(9), change_pin(9)] {
        let bench = open();
        let mut reconciler = bench.reconciler("[firewall]\nanchor = \"nosuch\"");
        let passed = reconciler.pass(std::slice::from_ref(&wish), at(10));
        assert!(matches!(passed, Err(PassError::Plan(_))));
        assert_eq!(bench.open(), [] as [&str; 0]);
        assert!(matches!(bench.verdict(9), Some(Verdict::Closed | Verdict::PinChanged)));

        let bench = open();
        bench.kernel.borrow_mut().tables = true;
        let passed = bench.reconciler("").pass(&[wish, request(3)], at(10));
        assert!(matches!(passed, Err(PassError::Firewall(_))));
        assert_eq!((bench.open(), bench.verdict(3)), (Vec::new(), None));
        assert!(matches!(bench.verdict(9), Some(Verdict::Closed | Verdict::PinChanged)));
    }
}

#[test]
fn nothing_is_said_to_be_closed_or_changed_before_the_kernel_shows_it() {
    for wish in [close(9), change_pin(9)] {
        let bench = open();
        bench.kernel.borrow_mut().stuck = true;
        let passed = bench.reconciler("").pass(std::slice::from_ref(&wish), at(10));
        assert!(matches!(passed, Err(PassError::Unsettled(_))), "{passed:?}");
        assert_eq!((bench.verdict(9), pin_hash(&bench).as_str()), (None, "-"));
        assert_eq!((bench.letters().len(), ends(&bench)), (0, vec![None; 2]));
        bench.kernel.borrow_mut().stuck = false;
        bench.reconciler("").pass(&[wish], at(11)).unwrap();
        assert_eq!(bench.open(), [] as [&str; 0]);
    }
}

#[test]
fn an_extension_that_the_kernel_does_not_take_is_decided_later() {
    let bench = open();
    bench.kernel.borrow_mut().stuck = true;
    let passed = bench.reconciler("").pass(&[extend(9)], at(10));
    assert!(passed.is_err() && bench.verdict(9).is_none());
    bench.kernel.borrow_mut().stuck = false;
    bench.reconciler("").pass(&[extend(9)], at(11)).unwrap();
    assert!(matches!(bench.verdict(9), Some(Verdict::Extended(_, until)) if until == at(7211)));
}
