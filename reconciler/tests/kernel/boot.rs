use std::path::Path;
use std::time::Duration;

use crate::network::{in_own_network, sh};
use crate::program::Program;

/// Rules that name a set that is not there are refused as a whole, and a machine that starts without rules is open:
/// the unit that starts before them makes the sets.
#[test]
fn saved_rules_load_after_the_boot_unit_and_what_saved_sets_restore_too_much_is_closed() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.lease(["12.34.56.78".to_owned(), "12.34.56.79".to_owned()]);
        sh("iptables -P INPUT DROP; iptables -A INPUT -p tcp --dport 22 -j ACCEPT");
        assert_eq!(program.once().0, Some(0));
        let rules = program.data().join("rules.v4");
        let sets = program.data().join("sets");
        sh(&format!("iptables-save > {}; ipset save > {}", rules.display(), sets.display()));
        let wipe = "iptables -P INPUT ACCEPT; iptables -F; iptables -X; ip6tables -F; ip6tables -X; ipset destroy";
        let restore = format!("iptables-restore < {}", rules.display());

        sh(wipe);
        sh(&format!("! {restore} 2>&1"));
        assert_eq!(sh("iptables -S"), "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n");

        assert!(
            unit("dialgate-boot.service")
                .contains("ExecStart=/usr/sbin/dialgate-reconciler --once\n")
        );
        assert_eq!(program.once().0, Some(0));
        sh(&restore);
        assert!(sh("iptables -S").starts_with("-P INPUT DROP\n"));

        // The lease has ended meanwhile; ipset-persistent gives it back the time that it had.
        let statement = "UPDATE lease SET ended_at = expires_at, ended_by = 'revoked' WHERE address = '12.34.56.78'";
        program.ledger().connection().execute(statement, []).unwrap();
        sh(&format!("ipset -exist restore < {}", sets.display()));
        assert!(sh("ipset list dg-sip-4").contains("12.34.56.78"));
        program.watch();
        let after = sh("ipset list dg-sip-4");
        assert!(!after.contains("12.34.56.78") && after.contains("12.34.56.79"), "{after}");
        assert!(sh("iptables -S INPUT").contains("-A INPUT -j DIALGATE\n"));
    });
}

#[test]
fn the_boot_unit_goes_before_saved_rules_and_the_network_and_the_reconciler_after_both() {
    let boot = unit("dialgate-boot.service");
    assert!(boot.contains("Before=netfilter-persistent.service network-pre.target"), "{boot}");
    assert!(boot.contains("Type=oneshot\n"));
    let reconciler = unit("dialgate-reconciler.service");
    let after = reconciler.lines().find(|line| line.starts_with("After=")).unwrap();
    assert!(
        after.contains("dialgate-boot.service") && after.contains("netfilter-persistent.service")
    );
    for unit in [boot, reconciler] {
        let capabilities =
            "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_SETUID CAP_SETGID\n";
        assert!(unit.contains(capabilities), "{unit}");
    }
}

/// The program never waits longer for its own life sign than half of what the unit gives it.
#[test]
fn the_watchdog_is_fed_more_often_than_it_bites() {
    let unit = unit("dialgate-reconciler.service");
    let seconds = unit.lines().find_map(|line| line.strip_prefix("WatchdogSec=")).unwrap();
    let bites = Duration::from_secs(seconds.parse().unwrap());
    assert!(bites >= Duration::from_secs(20), "it looks every 10 s");
}

fn unit(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
    std::fs::read_to_string(folder.join(name)).unwrap()
}
