use dialgate_contract::ledger::{
    Allow, BasePolicy, Deny, Exempt, Ledger, allow, base_policy, deny, host,
};
use dialgate_reconciler::pass::next_due;
use jiff::SignedDuration;

use crate::bench::{Bench, at};

const NOBODY: [&str; 0] = [];

pub(crate) fn allow(bench: &Bench, origin: &str, until: Option<i64>) {
    let entry = Allow {
        origin: origin.parse().unwrap(),
        services: ["sip".parse().unwrap()].into(),
        name: String::new(),
        expires_at: until.map(at),
        created_at: at(0),
    };
    bench.ledger().write(|tx| allow::put(tx, &entry)).unwrap();
}

pub(crate) fn deny(bench: &Bench, network: &str, until: i64) {
    let entry = Deny {
        network: network.parse().unwrap(),
        name: String::new(),
        expires_at: Some(at(until)),
        created_at: at(0),
    };
    bench.ledger().write(|tx| deny::put(tx, &entry)).unwrap();
}

fn due(ledger: &Ledger) -> Option<i64> {
    next_due(ledger.connection()).unwrap().map(|due| due.duration_since(at(0)).as_secs())
}

#[test]
fn an_entry_of_the_allow_list_opens_and_its_end_closes() {
    let bench = Bench::new();
    allow(&bench, "12.34.56.1", Some(60));
    allow(&bench, "12.34.56.2", None);
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[], at(0)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.2"]);
    assert_eq!(due(reconciler.ledger()), Some(60));
    reconciler.pass(&[], at(60)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.2"]);
    // For an hour it is kept in mind whose right has ended.
    let next = due(reconciler.ledger());
    assert_eq!((bench.actions(), next), (vec!["allow-expired".into()], Some(3660)));
}

#[test]
fn whoever_comes_to_be_denied_is_closed_and_is_in_again_afterwards() {
    let bench = Bench::new();
    bench.grant("12.34.56.1");
    bench.reconciler("").pass(&[], at(1)).unwrap();
    deny(&bench, "12.34.0.0/16", 60);
    bench.reconciler("").pass(&[], at(2)).unwrap();
    assert_eq!(bench.open(), NOBODY);
    assert_eq!(due(&bench.ledger()), Some(60));
    bench.reconciler("").pass(&[], at(60)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.1"]);
    assert_eq!(bench.actions(), ["deny-expired"]);
}

#[test]
fn a_host_is_asked_for_again_and_what_it_was_stays_for_two_hours() {
    use dialgate_reconciler::resolver::{Answer, BadAnswer};
    let bench = Bench::new();
    allow(&bench, "sip.example.net", None);
    let mut reconciler = bench.reconciler("");
    let minute = SignedDuration::from_secs(60);
    let name = "sip.example.net".parse().unwrap();
    let name = std::slice::from_ref(&name);
    assert_eq!(reconciler.hosts_due(minute, at(0)).unwrap(), name);
    let answers = |addresses: Result<&str, BadAnswer>| {
        let addresses = addresses.map(|address| [address.parse().unwrap()].into());
        [Answer { name: "sip.example.net".parse().unwrap(), addresses }]
    };
    reconciler.heard(&answers(Ok("12.34.56.1")), at(0)).unwrap();
    assert_eq!(reconciler.hosts_due(minute, at(59)).unwrap(), []);
    assert_eq!(reconciler.next_host_due(minute).unwrap(), Some(at(60)));
    assert_eq!(reconciler.hosts_due(SignedDuration::ZERO, at(59)).unwrap(), name);
    assert_eq!(reconciler.hosts_due(minute, at(-9)).unwrap(), name, "the calendar was set back");
    for second in [60, 120, 7199] {
        reconciler.heard(&answers(Err(BadAnswer::Late)), at(second)).unwrap();
        reconciler.pass(&[], at(second)).unwrap();
        assert_eq!(bench.open(), ["12.34.56.1"], "after {second} s");
    }
    assert_eq!(bench.actions(), ["host-moved", "host-unresolved"]);
    reconciler.pass(&[], at(7200)).unwrap();
    assert_eq!(bench.open(), NOBODY);
    reconciler.heard(&answers(Ok("12.34.56.2")), at(7300)).unwrap();
    reconciler.pass(&[], at(7300)).unwrap();
    assert_eq!(bench.open(), ["12.34.56.2"]);
    assert_eq!(
        bench.actions(),
        ["host-moved", "host-unresolved", "host-moved", "host-resolved", "host-moved"]
    );
}

#[test]
fn an_answer_for_a_host_that_left_the_list_is_forgotten() {
    use dialgate_reconciler::resolver::Answer;
    let bench = Bench::new();
    let (name, addresses) = ("a.net".parse().unwrap(), Ok(["12.34.56.1".parse().unwrap()].into()));
    let mut reconciler = bench.reconciler("");
    reconciler.heard(&[Answer { name, addresses }], at(0)).unwrap();
    assert!(host::all(reconciler.ledger().connection()).unwrap().is_empty());
}

#[test]
fn a_trial_that_nobody_confirms_is_written_down_as_rolled_back() {
    let bench = Bench::new();
    let trial = BasePolicy::Trial(at(60));
    bench.ledger().write(|tx| base_policy::set(tx, trial, &Exempt::default(), at(0))).unwrap();
    let mut reconciler = bench.reconciler("");
    reconciler.pass(&[], at(0)).unwrap();
    assert_eq!(due(reconciler.ledger()), Some(60));
    reconciler.pass(&[], at(59)).unwrap();
    assert!(base_policy::find(reconciler.ledger().connection()).unwrap().is_some());
    reconciler.pass(&[], at(60)).unwrap();
    assert_eq!(base_policy::find(reconciler.ledger().connection()).unwrap(), None);
    assert_eq!(
        (bench.actions(), due(reconciler.ledger())),
        (vec!["firewall-rolled-back".into()], None)
    );
}
