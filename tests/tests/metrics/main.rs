//! Metrics: files that any parser of Prometheus' text format takes, counts that grow by real calls and passes, and a
//! dashboard and alerts that ask for nothing that is not there.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod exposition;
mod shipped;

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::time::Duration;

use dialgate_phone::Script;
use dialgate_tests::namespace::run;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, Site, USER, asking_for};
use dialgate_tests::wait;

use exposition::Exposition;

const NEEDS: [Need; 1] = [Need::Site];

/// The files are written every fifteen seconds, and at the end of a turn of the loop.
const PATIENCE: Duration = Duration::from_secs(60);

/// As packaging/README.md has it be, and a link that user dialgate has put there.
fn folder(victim: &Path) -> tempfile::TempDir {
    let user = dialgate_contract::SystemUser::lookup(USER).unwrap();
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(0), Some(user.gid)).unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o1775)).unwrap();
    let link = folder.path().join("dialgate-reconciler.prom");
    symlink(victim, &link).unwrap();
    lchown(&link, Some(user.uid), Some(user.gid)).unwrap();
    folder
}

/// Waits until the file says this.
fn await_line(folder: &Path, name: &str, line: &str) -> Exposition {
    wait::until(line, PATIENCE, || {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        Ok(text.lines().any(|it| it == line).then(|| Exposition::parse(&text)))
    })
    .map_err(|error| format!("{error}: {:?}", std::fs::read_to_string(folder.join(name))))
    .unwrap()
}

fn guessing() -> Script {
    Script::new()
        .on("dialgate/enter-account", &format!("{ACCOUNT}#"))
        .on("dialgate/enter-pin", "11111111#")
}

#[test]
fn calls_passes_and_heals_are_counted_and_dashboard_and_alerts_ask_for_what_is_there() {
    let name = "calls_passes_and_heals_are_counted_and_dashboard_and_alerts_ask_for_what_is_there";
    if real::skipped(name, &NEEDS) {
        return;
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let victim = elsewhere.path().join("victim");
    std::fs::write(&victim, "untouched").unwrap();
    let folder = folder(&victim);
    let extra = format!("[metrics]\ndirectory = {:?}\n", folder.path());
    let site = Site::start(&extra).unwrap();

    assert_eq!(site.call(asking_for("12*34*56*78")).unwrap().result(), Some("open"));
    assert_eq!(site.call(asking_for("10*1*1*1")).unwrap().result(), Some("refused"));
    assert_eq!(site.call(guessing()).unwrap().result(), Some("failed-login"));
    run(site.namespace().command("ipset").args(["flush", "dg-sip-4"])).unwrap();

    let agi = await_line(
        folder.path(),
        "dialgate-agi.prom",
        "dialgate_calls_total{result=\"failed-login\"} 1",
    );
    agi.assert_says("dialgate_calls_total{result=\"open\"} 1");
    agi.assert_says("dialgate_calls_total{result=\"refused\"} 1");
    agi.assert_says("dialgate_logins_total{result=\"accepted\"} 2");
    let root =
        await_line(folder.path(), "dialgate-reconciler.prom", "dialgate_firewall_heals_total 1");
    root.assert_says("dialgate_requests_total{decision=\"open\",refusal=\"\"} 1");
    root.assert_says("dialgate_requests_total{decision=\"refused\",refusal=\"private-address\"} 1");
    root.assert_says("dialgate_leases_open 1");
    root.assert_says("dialgate_problem 0");
    root.assert_says("dialgate_firewall_set_entries{set=\"dg-sip-4\"} 1");

    let user = dialgate_contract::SystemUser::lookup(USER).unwrap();
    for (name, owner) in [("dialgate-agi.prom", user.uid), ("dialgate-reconciler.prom", 0)] {
        let file = std::fs::symlink_metadata(folder.path().join(name)).unwrap();
        assert_eq!((file.uid(), file.mode()), (owner, 0o100_644), "{name}");
    }
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "untouched");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
    shipped::assert_there(&agi.beside(&root));
}
