use std::collections::BTreeMap;

use dialgate_contract::ledger::{Clocks, Ledger, grant};
use dialgate_reconciler::firewall::Memory;
use dialgate_reconciler::pass::Reconciler;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::bench::{Bench, ann, at};

/// How often a reconciler looks.
const TICK: i64 = 10;
/// A calendar that is set back by less is not noticed.
const SLIGHT: i64 = 3;

#[derive(Debug, Clone)]
enum Event {
    /// Time goes by.
    Pass(i64),
    /// The calendar is set.
    Set(i64),
    /// The machine sleeps.
    Sleep(i64),
    /// The machine is off; meanwhile its calendar is set as well.
    Restart(i64, i64),
    /// An address is let in for so long.
    Grant(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let jump = prop_oneof![-5_i64..5, -4000_i64..4000, -400_000_000_i64..400_000_000];
    prop_oneof![
        4 => (1_i64..150).prop_map(Event::Pass),
        3 => jump.clone().prop_map(Event::Set),
        1 => (1_i64..5000).prop_map(Event::Sleep),
        1 => (1_i64..5000, jump).prop_map(|(off, set)| Event::Restart(off, set)),
        3 => (1_i64..600).prop_map(Event::Grant),
    ]
}

struct Machine {
    bench: Bench,
    reconciler: Reconciler,
    boots: i64,
    /// Since the start, with what it slept.
    uptime: i64,
    calendar: i64,
    /// What it was awake or asleep for in all.
    lived: i64,
    /// Until when each address may be in, by that time.
    granted: BTreeMap<String, i64>,
}

impl Machine {
    fn new() -> Self {
        let bench = Bench::new();
        let reconciler = bench.reconciler("");
        let granted = BTreeMap::new();
        Self { bench, reconciler, boots: 0, uptime: 0, calendar: 0, lived: 0, granted }
    }

    fn now(&self) -> Timestamp {
        at(self.calendar)
    }

    fn meet(&mut self, event: &Event) {
        match *event {
            Event::Pass(seconds) => {
                for _ in 0..seconds / TICK {
                    self.live(TICK, true);
                    self.look();
                }
            }
            Event::Set(by) => self.calendar += by,
            Event::Sleep(seconds) => self.live(seconds, false),
            Event::Restart(off, set) => {
                self.boots += 1;
                self.uptime = 0;
                self.calendar += off + set;
                self.bench.kernel.borrow_mut().memory = Memory::fresh();
            }
            Event::Grant(seconds) => self.grant(seconds),
        }
        self.look();
    }

    fn live(&mut self, seconds: i64, awake: bool) {
        self.uptime += seconds;
        self.calendar += seconds;
        self.lived += seconds;
        // The kernel's timers stand still while it sleeps.
        if awake {
            self.bench.kernel.borrow_mut().memory.age(u32::try_from(seconds).unwrap());
        }
    }

    fn grant(&mut self, seconds: i64) {
        let address = format!("12.34.56.{}", self.granted.len() + 1);
        let (from, until) = (self.now(), at(self.calendar + seconds));
        let traveller = address.parse().unwrap();
        let mut ledger: Ledger = self.bench.ledger();
        ledger.write(|tx| grant(tx, &ann(), traveller, from, until, 99)).unwrap();
        self.granted.insert(address, self.lived + seconds);
    }

    fn keep_time(&mut self) {
        let boot = format!("boot {}", self.boots);
        let (uptime, calendar) = (self.uptime, self.now());
        self.reconciler.keep_time(Clocks { boot, uptime, calendar }).unwrap();
    }

    fn look(&mut self) {
        self.keep_time();
        let calendar = self.now();
        self.reconciler.pass(&[], calendar).unwrap();
        self.reconciler.record(calendar, None).unwrap();
        for address in self.bench.open() {
            let late = self.lived - self.granted[&address];
            assert!(late <= TICK + SLIGHT, "{address} is in {late} s too long");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_to_the_clocks_makes_a_lease_longer(events in proptest::collection::vec(event(), 1..20)) {
        let mut machine = Machine::new();
        machine.look();
        for event in &events {
            machine.meet(event);
        }
    }
}

#[test]
fn whoever_is_let_in_while_the_calendar_is_ahead_stays_no_longer() {
    let mut machine = Machine::new();
    machine.look();
    machine.calendar += 3600;
    machine.keep_time();
    machine.grant(600);
    machine.calendar -= 3600;
    machine.look();
    machine.meet(&Event::Pass(620));
    assert_eq!(machine.bench.open(), [] as [&str; 0]);
}

#[test]
fn a_calendar_that_is_set_back_takes_the_ends_along_and_is_told_of() {
    let mut machine = Machine::new();
    machine.look();
    machine.grant(600);
    machine.look();
    machine.meet(&Event::Set(-3600));
    assert_eq!(machine.bench.open(), ["12.34.56.1"]);
    machine.meet(&Event::Pass(590));
    assert_eq!(machine.bench.open(), ["12.34.56.1"]);
    machine.meet(&Event::Pass(20));
    assert_eq!(machine.bench.open(), [] as [&str; 0]);
    assert_eq!(machine.bench.actions(), ["clock-set-back", "lease-expired"]);
}
