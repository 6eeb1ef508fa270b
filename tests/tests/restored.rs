//! A backup is taken and restored while everything runs: what was open is closed in the kernel, and the next call with
//! the same PIN opens again.

use std::net::Ipv4Addr;
use std::time::Duration;

use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, Site, asking_for};
use dialgate_tests::wait;
use serde_json::json;

const NEEDS: [Need; 1] = [Need::Site];

const EVE: [&str; 9] =
    ["account", "add", "4799", "--name", "Eve", "--email", "eve@example.net", "--services", "sip"];

#[test]
fn a_ledger_is_restored_under_running_programs_and_nothing_stays_open() {
    if real::skipped("a_ledger_is_restored_under_running_programs_and_nothing_stays_open", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    let control = site.host(Ipv4Addr::new(12, 34, 56, 80)).unwrap();
    let traveller = site.host(Ipv4Addr::new(12, 34, 56, 78)).unwrap();
    site.dialgate(&["allow", "add", "12.34.56.80", "--services", "sip"]).unwrap();
    site.await_open(&control).unwrap();
    let file = site.folder().join("backup.tar").display().to_string();
    site.dialgate(&["backup", &file]).unwrap();
    let call = site.call(asking_for(&traveller.typed())).unwrap();
    assert_eq!(call.result(), Some("open"));
    assert!(site.hears(&traveller, &control).unwrap());
    site.dialgate(&EVE).unwrap();

    let restored = site.dialgate(&["restore", &file, "--yes", "--json"]).unwrap();
    assert_eq!(restored["ends"][0]["address"], "12.34.56.78");
    wait::until("the lease of before is closed", Duration::from_secs(10), || {
        Ok((!site.hears(&traveller, &control)?).then_some(()))
    })
    .unwrap();
    let accounts = site.dialgate(&["account", "list", "--json"]).unwrap();
    assert_eq!(accounts.as_array().unwrap().len(), 1);

    // The request of before is in the queue still, and its verdict in the ledger: it is not decided again.
    let call = site.call(asking_for(&traveller.typed())).unwrap();
    assert_eq!(call.result(), Some("open"), "{}", site.logs().unwrap());
    assert!(site.hears(&traveller, &control).unwrap());
    let leases = site.dialgate(&["lease", "list", "--all", "--json"]).unwrap();
    let leases: Vec<_> =
        leases.as_array().unwrap().iter().map(|lease| (&lease["id"], &lease["account"])).collect();
    assert_eq!(leases, [(&json!("L2"), &json!(ACCOUNT))]);
    site.dialgate(&["audit", "verify"]).unwrap();
    let status = site.dialgate(&["status", "--json"]).unwrap();
    assert_eq!(status["last_pass"]["problem"], json!(null), "{status}");
}
