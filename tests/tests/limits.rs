//! How long access lasts at most, from the operator's command to the kernel's own timeout.

use std::io;
use std::time::Duration;

use dialgate_tests::namespace::run;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, Site, asking_for};
use dialgate_tests::wait;

const NEEDS: [Need; 1] = [Need::Site];

const HOUR: u32 = 3600;

/// The seconds that 12.34.56.78 has left in the set of a service.
fn left(site: &Site, service: &str) -> io::Result<Option<u32>> {
    let saved = run(site.namespace().command("ipset").args(["save", &format!("dg-{service}-4")]))?;
    let entry = saved.lines().find(|line| line.contains(" 12.34.56.78 "));
    let mut words = entry.into_iter().flat_map(str::split_whitespace);
    Ok(words.find(|word| *word == "timeout").and(words.next()).and_then(|it| it.parse().ok()))
}

/// Waits until no more than this is left for each service of the account.
fn await_cut(site: &Site, most: u32) -> io::Result<()> {
    for service in ["sip", "rtp"] {
        let what = format!("dg-{service}-4 has {most} s left at most");
        wait::until(&what, Duration::from_secs(20), || {
            Ok(left(site, service)?.filter(|left| *left <= most).map(|_| ()))
        })?;
    }
    Ok(())
}

#[test]
fn the_limit_of_one_service_ends_the_whole_lease_in_the_kernel_too() {
    if real::skipped("the_limit_of_one_service_ends_the_whole_lease_in_the_kernel_too", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    site.dialgate(&["service", "set", "rtp", "--max", "4h"]).unwrap();

    let transcript = site.call(asking_for("12*34*56*78")).unwrap();
    assert_eq!(transcript.result(), Some("open"), "{transcript:?}");
    assert!(!transcript.prompts().contains(&"dialgate/choose-lifetime-1-3-7"), "{transcript:?}");
    for service in ["sip", "rtp"] {
        let left = left(&site, service).unwrap().unwrap();
        assert!((4 * HOUR - 60..=4 * HOUR).contains(&left), "{service}: {left}");
    }

    site.dialgate(&["service", "set", "sip", "--max", "2h"]).unwrap();
    await_cut(&site, 2 * HOUR).unwrap();
    site.dialgate(&["account", "set", ACCOUNT, "--max", "1h"]).unwrap();
    await_cut(&site, HOUR).unwrap();
    let refused = site.dialgate(&["lease", "grant", ACCOUNT, "12.34.56.78", "--for", "2h"]);
    assert!(refused.unwrap_err().to_string().contains("account 4711 allows: give at most 1h"));
    assert!(left(&site, "sip").unwrap().unwrap() <= HOUR);
}

#[test]
fn ports_that_a_service_in_use_loses_are_closed_to_those_who_are_in() {
    if real::skipped("ports_that_a_service_in_use_loses_are_closed_to_those_who_are_in", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    site.dialgate(&["lease", "grant", ACCOUNT, "12.34.56.78"]).unwrap();
    site.dialgate(&["allow", "add", "12.34.56.79", "--services", "all"]).unwrap();
    let traveller = site.host("12.34.56.78".parse().unwrap()).unwrap();
    let control = site.host("12.34.56.79".parse().unwrap()).unwrap();
    site.await_open(&traveller).unwrap();
    site.await_open(&control).unwrap();

    site.dialgate(&["service", "set", "sip", "--ports", "udp:5061"]).unwrap();
    wait::until("the port is closed", Duration::from_secs(20), || {
        Ok((!site.hears(&traveller, &control)?).then_some(()))
    })
    .unwrap();
    assert!(left(&site, "sip").unwrap().is_some());

    site.dialgate(&["service", "set", "sip", "--ports", "udp:5060-5069"]).unwrap();
    site.await_open(&traveller).unwrap();
}
