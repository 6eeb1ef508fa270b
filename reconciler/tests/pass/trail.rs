use dialgate_contract::ledger::{BasePolicy, Exempt, base_policy};
use dialgate_reconciler::resolver::Answer;

use crate::bench::{Bench, at, request};
use crate::lists::{allow, deny};
use crate::wishes::{change_pin, close, extend};

/// All that passes do to who may reach what is in the audit trail, told by themselves.
#[test]
fn no_change_of_a_pass_goes_untold() {
    let bench = Bench::new();
    bench.kernel.borrow_mut().counted = Some([].into());
    allow(&bench, "12.34.57.0/24", Some(60));
    allow(&bench, "sip.example.net", Some(20_000));
    deny(&bench, "12.34.58.0/24", 60);
    let trial = BasePolicy::Trial(at(60));
    bench.ledger().write(|tx| base_policy::set(tx, trial, &Exempt::default(), at(0))).unwrap();
    bench.grant("12.34.56.99");
    let before = bench.untold();
    let mut reconciler = bench.reconciler("[lease]\nidle-end = \"15m\"\ndefault = \"10m\"");
    let answer = |address: &str| {
        let addresses = Ok([address.parse().unwrap()].into());
        [Answer { name: "sip.example.net".parse().unwrap(), addresses }]
    };
    reconciler.heard(&answer("12.34.59.1"), at(1)).unwrap();
    reconciler.heard(&answer("12.34.59.2"), at(2)).unwrap();
    for (second, requests) in [
        (3, vec![request(1), request(2), extend(3)]),
        (61, vec![]),
        (62, vec![close(4), request(5)]),
        (63, vec![change_pin(6), request(7)]),
        (64, vec![close(8), extend(9)]),
        (4_000, vec![request(10)]),
        (9_000, vec![]),
        (20_001, vec![]),
    ] {
        let late = requests
            .into_iter()
            .map(|it| dialgate_contract::queue::Request { requested_at: at(second), ..it });
        reconciler.pass(&late.collect::<Vec<_>>(), at(second)).unwrap();
        reconciler.record(at(second), None).unwrap();
        assert_eq!(bench.untold(), before, "{:?}", bench.actions());
    }
    let actions = bench.actions();
    for action in [
        "account-pin-changed",
        "allow-expired",
        "deny-expired",
        "firewall-rolled-back",
        "host-moved",
        "lease-closed",
        "lease-disabled",
        "lease-expired",
        "lease-extended",
        "lease-opened",
        "lease-replaced",
        "request-refused",
    ] {
        assert!(actions.iter().any(|it| it == action), "no {action} in {actions:?}");
    }
}

#[test]
fn what_another_tool_did_is_told_with_the_next_recorded_pass() {
    let bench = Bench::new();
    let mut reconciler = bench.reconciler("");
    reconciler.record(at(0), None).unwrap();
    let before = bench.untold();
    let other = rusqlite::Connection::open(bench.ledger().connection().path().unwrap()).unwrap();
    other.execute("UPDATE account SET enabled = 0", []).unwrap();
    assert_eq!(bench.untold(), before);
    reconciler.record(at(10), None).unwrap();
    assert_eq!(bench.untold(), before + 1);
}
