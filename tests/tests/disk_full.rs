//! The disk is full: what is revoked or over is closed all the same, and nobody hears what is not true.

#![expect(clippy::unwrap_used, reason = "what cannot be set up or looked at fails the test")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use dialgate_phone::{Call, CallerId, Script};
use dialgate_tests::namespace::run;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, AGI_PORT, PIN, Site};
use dialgate_tests::wait;

const NEEDS: [Need; 1] = [Need::Site];
const PATIENCE: Duration = Duration::from_secs(20);

fn is_in(site: &Site, address: &str) -> bool {
    let saved = run(site.namespace().command("ipset").args(["list", "dg-sip-4"])).unwrap();
    saved.lines().any(|line| line.starts_with(&format!("{address} ")))
}

fn await_closed(site: &Site, address: &str) {
    wait::until("closing", PATIENCE, || Ok((!is_in(site, address)).then_some(()))).unwrap();
}

/// How a call ends that asks for an address.
fn call(site: &Site, address: Ipv4Addr) -> Option<String> {
    let script = Script::new()
        .on("dialgate/enter-account", &format!("{ACCOUNT}#"))
        .on("dialgate/enter-pin", &format!("{PIN}#"))
        .on("dialgate/enter-address", &format!("{}#", address.to_string().replace('.', "*")))
        .on("dialgate/confirm-address", "1")
        .on("dialgate/menu-open", "1")
        .on("dialgate/choose-lifetime-1-3-7", "1");
    let server = SocketAddr::from(([127, 0, 0, 1], AGI_PORT));
    let transcript = site.namespace().enter(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime
            .block_on(Call::dial(server, CallerId::number("2001"), script))
            .map_err(io::Error::other)
    });
    transcript.unwrap().unwrap().result().map(str::to_owned)
}

#[test]
fn with_a_full_disk_what_is_revoked_or_over_closes_and_calls_work_again_when_there_is_room() {
    if real::skipped("with_a_full_disk_what_is_revoked_or_over_closes", &NEEDS) {
        return;
    }
    let site = Site::start_on_disk("[lease]\naddresses-per-account = 5\n", 24).unwrap();
    for (address, lifetime) in [("12.34.56.1", "1h"), ("12.34.56.2", "6s"), ("12.34.56.3", "1h")] {
        site.dialgate(&["lease", "grant", ACCOUNT, address, "--for", lifetime]).unwrap();
    }
    wait::until("opening", PATIENCE, || Ok(is_in(&site, "12.34.56.3").then_some(()))).unwrap();
    let disk = site.disk().unwrap();
    disk.fill().unwrap();

    site.dialgate(&["lease", "revoke", "12.34.56.1"]).unwrap();
    await_closed(&site, "12.34.56.1");
    await_closed(&site, "12.34.56.2");
    assert!(is_in(&site, "12.34.56.3"));

    // There is room set aside for some calls; what is heard when it is used up is as true as before.
    for last in 10..16 {
        let address = Ipv4Addr::new(12, 34, 56, last);
        let result = call(&site, address);
        let heard_open = result.as_deref() == Some("open");
        assert!(!heard_open || is_in(&site, &address.to_string()), "{result:?}");
    }
    disk.clear().unwrap();
    wait::until("a call that succeeds", PATIENCE, || {
        Ok((call(&site, Ipv4Addr::new(12, 34, 56, 99)).as_deref() == Some("open")).then_some(()))
    })
    .unwrap();
    assert!(is_in(&site, "12.34.56.99"));
}
