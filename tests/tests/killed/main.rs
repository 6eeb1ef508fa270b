//! Travellers call while the programs are killed at random moments and started again: nothing is lost, nothing happens
//! twice, nothing is open that is not in the ledger, and nobody hears what is not true.
//!
//! `DIALGATE_KILLS` and `DIALGATE_SEED` choose how often and when; a failure prints the seed.

#![expect(clippy::unwrap_used, reason = "what cannot be set up or looked at fails the test")]

mod callers;
mod evidence;

use std::time::Duration;

use callers::Callers;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, PIN, Site};
use dialgate_tests::wait;
use evidence::Evidence;

const NEEDS: [Need; 1] = [Need::Site];

/// Each of them calls with an account of his own, one call after the other.
const ACCOUNTS: [&str; 4] = [ACCOUNT, "4712", "4713", "4714"];
const LIMITS: &str = "[agi]\nwait-for-open = \"3s\"\n\
                      [lease]\naccount-requests-per-hour = 100000\nsite-requests-per-hour = 100000\n";

#[test]
fn killed_at_any_moment_it_loses_nothing_and_does_nothing_twice() {
    if real::skipped("killed_at_any_moment_it_loses_nothing_and_does_nothing_twice", &NEEDS) {
        return;
    }
    let (kills, seed) = (chosen("DIALGATE_KILLS", 60), chosen("DIALGATE_SEED", clock_seed()));
    println!("DIALGATE_KILLS={kills} DIALGATE_SEED={seed}");
    let mut site = Site::start(LIMITS).unwrap();
    for account in ACCOUNTS.iter().skip(1) {
        site.add_account(account, PIN).unwrap();
    }
    let mut random = Random(seed);
    let callers = Callers::start(&site, &ACCOUNTS);
    for kill in 1..=kills {
        if kill % 2 == 0 {
            std::thread::sleep(Duration::from_millis(random.below(500)));
        } else {
            // In the middle of its work: a pass takes some milliseconds from the commit of a request on.
            await_request(&site);
            std::thread::sleep(Duration::from_micros(random.below(40_000)));
        }
        site.restart_reconciler().unwrap();
        if kill % 25 == 0 {
            site.restart_agi().unwrap();
        }
    }
    let calls = callers.stop();
    // Nobody is killed any more: what is left is carried out.
    site.restart_reconciler().unwrap();
    let evidence = wait::until("every request has a verdict", Duration::from_secs(30), || {
        Evidence::gather(&mut site).map(|seen| seen.is_settled().then_some(seen))
    })
    .unwrap_or_else(|error| panic!("{error}: {:?}", Evidence::gather(&mut site)));

    println!("{calls:?}");
    println!("{} requests, {} kills", evidence.queued.len(), kills);
    assert_eq!(calls.untrue, [] as [String; 0], "heard and not so");
    assert!(calls.open > 0, "no call succeeded: {calls:?}");
    evidence.assert_sound(&ACCOUNTS, kills);
    assert!(evidence.granted() >= calls.open);
}

/// Waits until the queue is written, for a second at most: it is read off its times, see `database::write`.
fn await_request(site: &Site) {
    let queue = site.folder().join("data/queue/queue.db");
    let written = || std::fs::metadata(&queue).and_then(|metadata| metadata.modified());
    let before = written().unwrap();
    // Nobody asks: then it is killed at rest.
    let _ = wait::until("a request", Duration::from_secs(1), || {
        written().map(|at| (at != before).then_some(()))
    });
}

/// A number from the environment.
fn chosen(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[expect(clippy::disallowed_methods, reason = "another seed with every run")]
fn clock_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| u64::from(since.subsec_nanos()) + 1)
}

/// xorshift64 (Marsaglia, 2003): good enough to choose moments, and the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
