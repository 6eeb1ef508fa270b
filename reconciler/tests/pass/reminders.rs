use dialgate_contract::ledger::{Letter, account};
use dialgate_contract::queue::Wish;

use crate::bench::{Bench, ann, at, wish};

const REMINDER: &str = "[lease]\nreminder = \"20m\"";

/// Whom reminders went to, from where access is open, and until when.
fn reminders(bench: &Bench) -> Vec<(String, String, i64)> {
    let reminder = |(to, letter)| {
        let Letter::Reminder { address, until, .. } = letter else { return None };
        Some((to, address.to_string(), until.duration_since(at(0)).as_secs()))
    };
    bench.letters().into_iter().filter_map(reminder).collect()
}

fn told(address: &str, until: i64) -> (String, String, i64) {
    ("ann@example.net".to_owned(), address.to_owned(), until)
}

#[test]
fn a_traveller_is_reminded_once_before_the_end() {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    let mut reconciler = bench.reconciler(REMINDER);
    assert_eq!(reconciler.next_due().unwrap(), Some(at(2400)));
    reconciler.pass(&[], at(2399)).unwrap();
    assert_eq!(reminders(&bench), []);
    reconciler.pass(&[], at(2400)).unwrap();
    assert_eq!(reminders(&bench), [told("12.34.56.1", 3600)]);
    assert_eq!(reconciler.next_due().unwrap(), Some(at(3600)));
    // Neither by this one nor by the next that is started.
    reconciler.pass(&[], at(2401)).unwrap();
    bench.reconciler(REMINDER).pass(&[], at(3000)).unwrap();
    bench.reconciler(REMINDER).pass(&[], at(3600)).unwrap();
    assert_eq!((reminders(&bench).len(), bench.open().len()), (1, 0));
}

#[test]
fn more_time_has_a_reminder_of_its_own() {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    let mut reconciler = bench.reconciler(&format!("{REMINDER}\ndefault = \"1h\""));
    reconciler.pass(&[], at(2400)).unwrap();
    reconciler.pass(&[wish(1, Wish::Extend { lifetime: None })], at(2500)).unwrap();
    assert_eq!(reconciler.next_due().unwrap(), Some(at(2500 + 2400)));
    reconciler.pass(&[], at(4899)).unwrap();
    assert_eq!(reminders(&bench).len(), 1);
    reconciler.pass(&[], at(4900)).unwrap();
    reconciler.pass(&[], at(4901)).unwrap();
    assert_eq!(reminders(&bench), [told("12.34.56.1", 3600), told("12.34.56.1", 6100)]);
}

#[test]
fn a_pass_that_fails_after_the_reminder_does_not_send_it_again() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler(REMINDER);
    bench.grant("12.34.56.1");
    bench.kernel.borrow_mut().stuck = true;
    reconciler.pass(&[], at(2400)).unwrap_err();
    bench.kernel.borrow_mut().stuck = false;
    bench.reconciler(REMINDER).pass(&[], at(2401)).unwrap();
    assert_eq!(reminders(&bench), [told("12.34.56.1", 3600)]);
}

#[test]
fn nobody_is_reminded_of_what_is_short_or_unless_the_operator_asks_for_it() {
    for text in ["", "[lease]\nreminder = \"30m\""] {
        let bench = Bench::new();
        bench.grant("12.34.56.1");
        let mut reconciler = bench.reconciler(text);
        assert_eq!(reconciler.next_due().unwrap(), Some(at(3600)), "{text}");
        reconciler.pass(&[], at(3599)).unwrap();
        assert_eq!(reminders(&bench), [], "{text}");
    }
}

#[test]
fn a_lease_without_an_account_keeps_nobody_awake() {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    bench.ledger().write(|tx| account::remove(tx, &ann().number)).unwrap();
    let mut reconciler = bench.reconciler(REMINDER);
    reconciler.pass(&[], at(2400)).unwrap();
    assert_eq!((reminders(&bench), reconciler.next_due().unwrap()), (vec![], Some(at(3600))));
}
