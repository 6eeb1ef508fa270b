use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::Network;
use dialgate_contract::ledger::{Clocks, Deny, LeaseEnd, allow, deny, grant, lease, loss};
use dialgate_reconciler::firewall::Memory;
use dialgate_reconciler::pass::Reconciler;
use proptest::prelude::*;

use crate::bench::{Bench, ann, at};
use crate::lists::allow as let_in;

/// Single hosts, so that who is in can be counted by hand.
const HOSTS: [&str; 4] = ["12.34.56.1", "12.34.56.2", "12.34.56.3", "12.34.56.4"];
/// Whom these deny is seen at a glance.
const DENIED: [(&str, &[usize]); 3] =
    [("12.34.56.1", &[0]), ("12.34.56.2/31", &[1, 2]), ("12.34.0.0/16", &[0, 1, 2, 3])];

#[derive(Debug, Clone)]
enum Event {
    Grant(usize, i64),
    Revoke(usize),
    Allow(usize, Option<i64>),
    Disallow(usize),
    Deny(usize, Option<i64>),
    Undeny(usize),
    Wait(i64),
    /// The calendar is set back.
    SetBack(i64),
    /// The sets are emptied by somebody else.
    Flush,
    /// The rules are changed, in a way that says nothing.
    Rules,
    /// The kernel starts anew.
    Restart,
    /// The reconciler does.
    Die,
}

fn event() -> impl Strategy<Value = Event> {
    let seconds = || prop_oneof![Just(5_i64), 1_i64..300];
    let end = move || proptest::option::of(seconds());
    prop_oneof![
        3 => (0..4_usize, seconds()).prop_map(|(host, time)| Event::Grant(host, time)),
        1 => (0..4_usize).prop_map(Event::Revoke),
        2 => (0..4_usize, end()).prop_map(|(host, end)| Event::Allow(host, end)),
        1 => (0..4_usize).prop_map(Event::Disallow),
        2 => (0..3_usize, end()).prop_map(|(network, end)| Event::Deny(network, end)),
        1 => (0..3_usize).prop_map(Event::Undeny),
        3 => seconds().prop_map(Event::Wait),
        1 => (10_i64..4000).prop_map(Event::SetBack),
        1 => Just(Event::Flush),
        1 => Just(Event::Rules),
        1 => Just(Event::Restart),
        1 => Just(Event::Die),
    ]
}

/// A site, and what is right by the time that went by since its beginning.
struct Site {
    bench: Bench,
    reconciler: Reconciler,
    lived: i64,
    calendar: i64,
    leases: BTreeMap<usize, BTreeSet<i64>>,
    allowed: BTreeMap<usize, Option<i64>>,
    denied: BTreeMap<usize, Option<i64>>,
}

impl Site {
    fn new() -> Self {
        let bench = Bench::visible();
        let reconciler = bench.reconciler("");
        let (lived, calendar) = (0, 0);
        let (leases, allowed, denied) = Default::default();
        Self { bench, reconciler, lived, calendar, leases, allowed, denied }
    }

    fn meet(&mut self, event: &Event) {
        let ledger = &mut self.bench.ledger();
        let (now, lived) = (self.calendar, self.lived);
        match *event {
            Event::Grant(host, time) => {
                let address = HOSTS[host].parse().unwrap();
                let (from, until) = (at(now), at(now + time));
                ledger.write(|tx| grant(tx, &ann(), address, from, until, 99)).unwrap();
                // The same address is extended, and never shortened.
                let longest = self.leases.entry(host).or_default();
                longest.insert(lived + time);
            }
            Event::Revoke(host) => {
                for lease in lease::not_ended(ledger.connection()).unwrap() {
                    if lease.address.to_string() == HOSTS[host] {
                        let by = LeaseEnd::Revoked;
                        ledger.write(|tx| lease::end(tx, lease.id, at(now), by)).unwrap();
                    }
                }
                self.leases.remove(&host);
            }
            Event::Allow(host, end) => {
                let_in(&self.bench, HOSTS[host], end.map(|end| now + end));
                self.allowed.insert(host, end.map(|end| lived + end));
            }
            Event::Disallow(host) => {
                let origin = HOSTS[host].parse().unwrap();
                ledger.write(|tx| allow::remove(tx, &origin)).unwrap();
                self.allowed.remove(&host);
            }
            Event::Deny(network, end) => {
                let entry = Deny {
                    network: DENIED[network].0.parse().unwrap(),
                    name: String::new(),
                    expires_at: end.map(|end| at(now + end)),
                    created_at: at(now),
                };
                ledger.write(|tx| deny::put(tx, &entry)).unwrap();
                self.denied.insert(network, end.map(|end| lived + end));
            }
            Event::Undeny(network) => {
                let denied: Network = DENIED[network].0.parse().unwrap();
                ledger.write(|tx| deny::remove(tx, denied)).unwrap();
                self.denied.remove(&network);
            }
            Event::Wait(seconds) => self.wait(seconds),
            Event::SetBack(seconds) => self.calendar -= seconds,
            Event::Flush => self.bench.time_out(),
            Event::Rules => self.bench.kernel.borrow_mut().generation += 1,
            Event::Restart => self.bench.kernel.borrow_mut().memory = Memory::fresh(),
            Event::Die => self.reconciler = self.bench.reconciler(""),
        }
        self.look();
    }

    fn wait(&mut self, seconds: i64) {
        self.calendar += seconds;
        self.lived += seconds;
        self.bench.kernel.borrow_mut().age(u32::try_from(seconds).unwrap());
    }

    fn look(&mut self) {
        let (boot, now) = ("one".to_owned(), at(self.calendar));
        let clocks = Clocks { boot, uptime: self.lived, calendar: now };
        self.reconciler.keep_time(clocks).unwrap();
        self.reconciler.pass(&[], now).unwrap();
        self.reconciler.record(now, None).unwrap();
        assert_eq!(self.bench.open(), self.right());
        assert_eq!(loss::all(self.bench.ledger().connection()).unwrap(), []);
        let rest = self.reconciler.preview(&[], now).unwrap();
        assert!(rest.is_empty(), "a second pass has work:\n{rest}");
    }

    fn right(&self) -> Vec<&'static str> {
        let holds = |end: &Option<i64>| end.is_none_or(|end| self.lived < end);
        let denied = |host: &usize| {
            self.denied.iter().any(|(net, end)| holds(end) && DENIED[*net].1.contains(host))
        };
        let leased = |host: &usize| {
            self.leases.get(host).is_some_and(|ends| ends.iter().any(|end| self.lived < *end))
        };
        let allowed = |host: &usize| self.allowed.get(host).is_some_and(&holds);
        let hosts = (0..4).filter(|host| !denied(host) && (leased(host) || allowed(host)));
        hosts.map(|host| HOSTS[host]).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_those_are_in_who_have_a_right_and_nobody_else(events in proptest::collection::vec(event(), 1..25)) {
        let mut site = Site::new();
        site.look();
        for event in &events {
            site.meet(event);
        }
    }
}
