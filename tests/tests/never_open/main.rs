//! Probes from random addresses rain on the ports of a PBX while its reconciler is killed and started, leases come and
//! go, and its firewall is flushed and destroyed: none arrives whose sender has no right. Whoever has one gets through.
//!
//! Half of them are of IPv4, half of IPv6. `DIALGATE_PROBES` says how many.

#![expect(clippy::unwrap_used, reason = "what cannot be set up or looked at fails the test")]

mod arrivals;
mod nft;
mod scene;
mod storm;

use std::time::Duration;

use arrivals::{Arrivals, now};
use dialgate_tests::real::{self, Need};
use dialgate_tests::wait;
use scene::{KeptOutBy, Scene, Trouble};
use storm::Storm;

const NEEDS: [Need; 1] = [Need::Site];
const SECOND: Duration = Duration::from_secs(1);

/// Probes of one test.
fn probes() -> u64 {
    std::env::var("DIALGATE_PROBES").ok().and_then(|text| text.parse().ok()).unwrap_or(50_000)
}

/// The troubles in turn, while it rains; none of the rain arrives.
fn none_arrives(by: KeptOutBy, troubles: &[Trouble]) -> String {
    let mut scene = Scene::set(by).unwrap();
    scene.hears_all_listed().unwrap();
    let storm = Storm::begin(&scene.internet, 4711);
    let mut troubled = 0;
    for trouble in troubles.iter().cycle() {
        if storm.sent() >= probes() && troubled >= troubles.len() {
            break;
        }
        scene.befall(*trouble).unwrap();
        troubled += 1;
        std::thread::sleep(SECOND / 10);
    }
    let (sent, listed) = storm.end();
    scene.befall(Trouble::Killed).unwrap();
    scene.await_whole().unwrap();
    scene.hears_all_listed().unwrap();

    let (reached, passed) = Arrivals::counted(scene.side.namespace()).unwrap();
    assert!(reached >= sent / 100 * 99, "{reached} of {sent} probes reached the machine");
    assert_eq!((passed, scene.arrivals.others().0), (0, 0), "probes that arrived");
    format!(
        "{by:?}: {sent} probes, {reached} reached the machine, {passed} passed; {listed} from listed \
         addresses beside them; {troubled} troubles"
    )
}

#[test]
fn where_the_operator_drops_the_rest_nothing_that_befalls_our_firewall_lets_anybody_in() {
    if real::skipped("never_open: where_the_operator_drops_the_rest", &NEEDS) {
        return;
    }
    let troubles = [
        Trouble::Killed,
        Trouble::Asked,
        Trouble::Flushed("-F"),
        Trouble::Killed,
        Trouble::SetsFlushed,
        Trouble::Asked,
        Trouble::Flushed("-F DIALGATE"),
        Trouble::Killed,
        Trouble::Emptied,
        Trouble::Killed,
        Trouble::Destroyed,
        Trouble::Asked,
    ];
    println!("{}", none_arrives(KeptOutBy::TheOperator, &troubles));
}

#[test]
fn where_our_own_policy_drops_the_rest_neither_kills_nor_changes_nor_empty_sets_let_anybody_in() {
    if real::skipped("never_open: where_our_own_policy_drops_the_rest", &NEEDS) {
        return;
    }
    let troubles =
        [Trouble::Killed, Trouble::Asked, Trouble::SetsFlushed, Trouble::Killed, Trouble::Asked];
    println!("{}", none_arrives(KeptOutBy::OurPolicy, &troubles));
}

/// Nobody can drop what comes while the rules are gone; it is measured how long that is.
#[test]
fn where_our_own_policy_drops_the_rest_what_a_flush_opens_is_closed_within_moments() {
    if real::skipped("never_open: what_a_flush_opens_is_closed_within_moments", &NEEDS) {
        return;
    }
    let mut scene = Scene::set(KeptOutBy::OurPolicy).unwrap();
    let storm = Storm::begin(&scene.internet, 815);
    let mut windows = Vec::new();
    for _ in 0..probes().div_ceil(10_000) {
        for flush in [
            Trouble::Flushed("-F"),
            Trouble::Flushed("-F INPUT"),
            Trouble::Flushed("-F DIALGATE"),
            Trouble::Wiped,
        ] {
            // A fight is not what is measured: whoever is started anew has had none.
            scene.restart().unwrap();
            let ((before, _), start) = (scene.arrivals.others(), now());
            scene.befall(flush).unwrap();
            // Looking at the rules would take from the time of whoever heals them.
            let dry = || {
                let last = scene.arrivals.others().1.unwrap_or(start).max(start);
                Ok((last.elapsed() > SECOND / 2).then_some(()))
            };
            wait::until("a dry spell", SECOND * 20, dry).unwrap();
            scene.await_whole().unwrap();
            let (after, last) = scene.arrivals.others();
            let last = last.filter(|_| after > before).unwrap_or(start);
            windows.push((last.duration_since(start), after - before));
        }
    }
    let (sent, _) = storm.end();
    windows.sort();
    let open = |hundredth: usize| windows[(windows.len() - 1) * hundredth / 100].0;
    println!(
        "{} flushes while {sent} probes came: open for {:?} (median), {:?} (99 in 100), {:?} (longest)",
        windows.len(),
        open(50),
        open(99),
        open(100)
    );
    assert!(
        windows.iter().any(|window| window.1 > 0),
        "no flush opened anything: nothing is measured"
    );
    assert!(open(100) < SECOND * 3, "open for {:?}", open(100));
    // Healed, it keeps out again.
    let seen = scene.arrivals.others().0;
    let storm = Storm::begin(&scene.internet, 42);
    wait::until("more rain", SECOND * 20, || Ok((storm.sent() > 5_000).then_some(()))).unwrap();
    storm.end();
    assert_eq!(scene.arrivals.others().0, seen);
}
