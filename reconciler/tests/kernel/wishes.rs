use dialgate_contract::config::Config;
use dialgate_contract::ledger::{Account, Ledger, Verdict, account, lease, service, verdict};
use dialgate_contract::queue::{Matter, Request, Wish};
use dialgate_contract::{CallerId, Refusal, RequestId, Service};
use dialgate_reconciler::firewall::{Firewall, Kernel, Time};
use dialgate_reconciler::pass::Reconciler;
use jiff::{SignedDuration, Timestamp};

use crate::network::in_own_network;

#[test]
fn the_kernel_shows_what_is_opened_extended_and_closed() {
    in_own_network(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        ledger.write(|tx| account::insert(tx, &ann(), "-")).unwrap();
        let kernel = Box::new(Kernel::new().unwrap());
        let mut reconciler = Reconciler::new(Config::default(), ledger, kernel);
        let address = "12.34.56.78".parse().unwrap();
        let hour = "1h".parse().ok();

        let opened = pass(&mut reconciler, 1, Wish::Open { address, lifetime: hour });
        assert!(matches!(opened, Verdict::Open(..)));
        assert!(left().is_some_and(|left| (3590..=3600).contains(&left)), "{:?}", left());
        let longer = pass(&mut reconciler, 2, Wish::Extend { lifetime: "2h".parse().ok() });
        assert!(matches!(longer, Verdict::Extended(..)));
        assert!(left().is_some_and(|left| (7190..=7200).contains(&left)), "{:?}", left());
        assert_eq!(pass(&mut reconciler, 3, Wish::Close), Verdict::Closed);
        assert_eq!(left(), None);
    });
}

#[test]
fn the_kernel_ends_a_lease_by_the_limit_of_its_service_and_is_told_of_an_earlier_end() {
    in_own_network(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let sip = Service::new("sip".parse().unwrap(), "udp:5060".parse().unwrap());
        let sip = Service { longest: "2h".parse().ok(), ..sip };
        ledger.write(|tx| account::insert(tx, &ann(), "-")).unwrap();
        ledger.write(|tx| service::update(tx, &sip)).unwrap();
        let kernel = Box::new(Kernel::new().unwrap());
        let mut reconciler = Reconciler::new(Config::default(), ledger, kernel);
        let address = "12.34.56.78".parse().unwrap();

        let opened = pass(&mut reconciler, 1, Wish::Open { address, lifetime: None });
        let Verdict::Open(lease, until) = opened else { panic!("{opened:?}") };
        assert_eq!(until, at(1 + 2 * 3600));
        assert!(left().is_some_and(|left| (7190..=7200).contains(&left)), "{:?}", left());
        let longer = pass(&mut reconciler, 2, Wish::Extend { lifetime: "3h".parse().ok() });
        assert_eq!(longer, Verdict::Refused(Refusal::Lifetime));
        assert!(left().is_some_and(|left| left <= 7200), "{:?}", left());

        let services = ann().services;
        let ledger = reconciler.ledger_mut();
        ledger.write(|tx| lease::extend(tx, lease, &services, at(3603))).unwrap();
        reconciler.pass(&[], at(3)).unwrap();
        assert!(left().is_some_and(|left| (3590..=3600).contains(&left)), "{:?}", left());
    });
}

fn pass(reconciler: &mut Reconciler, n: u8, wish: Wish) -> Verdict {
    let (id, requested_at) = (RequestId::from_random([n; 16]), at(i64::from(n)));
    let matter = Matter::Access { account: ann().number, wish };
    let request = Request { id, matter, caller: CallerId::from_network("2001"), requested_at };
    reconciler.pass(&[request], requested_at).unwrap();
    verdict::find(reconciler.ledger().connection(), id).unwrap().unwrap()
}

/// The seconds that the traveller's address has left in the kernel; `None` when it is not in.
fn left() -> Option<u32> {
    let actual = Kernel::new().unwrap().read().unwrap();
    let set = &actual.sets()[&"dg-sip-4".parse().unwrap()];
    match set.entries().get(&"12.34.56.78/32".parse().unwrap())? {
        Some(Time::For(seconds)) => Some(*seconds),
        other => panic!("the entry of a lease has {other:?} left"),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + second)
}

pub(crate) fn ann() -> Account {
    Account::new(
        "4711".parse().unwrap(),
        "Ann".to_owned(),
        "ann@example.net".to_owned(),
        ["sip".parse().unwrap()].into(),
        at(0),
    )
}
