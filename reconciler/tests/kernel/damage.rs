use dialgate_reconciler::firewall::{Desired, Firewall, FirewallError, Kernel, Plan};

use crate::network::{in_own_network, sh};
use crate::site::{desired, entries, service, settle, sip};

#[test]
fn a_fresh_kernel_takes_the_plan_and_shows_it() {
    in_own_network(|| {
        let desired = desired(&[("12.34.56.78", 3600), ("2a00:1450:4001:82a::200e", 60)]);
        let mut kernel = Kernel::new().unwrap();
        assert!(!settle(&mut kernel, &desired).is_empty());
        let actual = kernel.read().unwrap();
        assert_eq!(entries(&actual, "dg-sip-4"), ["12.34.56.78/32"]);
        assert_eq!(entries(&actual, "dg-sip-6"), ["2a00:1450:4001:82a::/64"]);
    });
}

#[test]
fn whatever_is_damaged_is_mended_by_the_next_plan() {
    in_own_network(|| {
        let desired = desired(&[("12.34.56.78", 3600)]);
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &desired);
        for damage in [
            "ipset flush",
            "iptables -F",
            "iptables -F; iptables -X; ip6tables -F; ip6tables -X; ipset destroy",
            "ip6tables -F INPUT",
            "iptables -I DIALGATE -j ACCEPT",
            "iptables -F DIALGATE; ipset destroy dg-sip-4",
            "ipset add dg-sip-4 6.6.6.0/24 timeout 0; ipset add dg-sip-6 2a00::/16",
            "ipset -exist add dg-sip-4 12.34.56.78 timeout 100000",
            "ipset -exist add dg-sip-4 12.34.56.78 timeout 0 nomatch",
            "ipset create dg-gone-4 hash:net family inet maxelem 1048576 timeout 60; ipset add dg-gone-4 6.6.6.6;
             iptables -A DIALGATE -m set --match-set dg-gone-4 src -j ACCEPT",
            "iptables -F DIALGATE; ipset destroy dg-sip-4; ipset create dg-sip-4 hash:ip; ipset add dg-sip-4 6.6.6.6;
             iptables -A DIALGATE -m set --match-set dg-sip-4 src -j ACCEPT",
            "ip6tables -F DIALGATE; ipset destroy dg-sip-6; ipset create dg-sip-6 list:set; ipset add dg-sip-6 dg-sip-4;
             ip6tables -A DIALGATE -m set --match-set dg-sip-6 src -j ACCEPT",
        ] {
            sh(damage);
            assert!(!settle(&mut kernel, &desired).is_empty(), "{damage}");
            let actual = kernel.read().unwrap();
            assert_eq!(entries(&actual, "dg-sip-4"), ["12.34.56.78/32"], "{damage}");
            assert_eq!(entries(&actual, "dg-sip-6"), [] as [&str; 0], "{damage}");
        }
    });
}

#[test]
fn an_entry_that_expires_before_it_is_closed_is_no_error() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &desired(&[("12.34.56.78", 3600)]));
        let moved = desired(&[("12.34.56.79", 3600)]);
        let plan = Plan::between(&moved, &kernel.read().unwrap()).unwrap();
        sh("ipset del dg-sip-4 12.34.56.78");
        kernel.apply(&plan).unwrap();
        assert_eq!(entries(&kernel.read().unwrap(), "dg-sip-4"), ["12.34.56.79/32"]);
    });
}

#[test]
fn what_a_tool_complains_of_is_told_with_the_line() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &desired(&[]));
        let plan =
            Plan::between(&desired(&[("12.34.56.78", 3600)]), &kernel.read().unwrap()).unwrap();
        sh("iptables -F; ip6tables -F; ipset destroy");
        let error = kernel.apply(&plan).unwrap_err();
        let FirewallError::Failed { line, .. } = &error else { panic!("{error}") };
        assert!(line.as_ref().unwrap().ends_with(" 12.34.56.78 timeout 3600"), "{error}");
    });
}

#[test]
fn what_is_to_close_is_closed_by_the_sets_alone_where_there_is_no_plan() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &sip(&[("12.34.56.78", 3600), ("12.34.56.79", 3600)]));
        let nowhere = Desired::new(
            "DIALGATE".parse().unwrap(),
            "nowhere".parse().unwrap(),
            &[service("sip", "udp:5060-5069")],
            [],
        );
        assert!(Plan::between(&nowhere, &kernel.read().unwrap()).is_err());
        let closings = Plan::closings(&nowhere, &kernel.read_sets().unwrap());
        kernel.apply(&closings).unwrap();
        assert_eq!(entries(&kernel.read_sets().unwrap(), "dg-sip-4"), [] as [&str; 0]);
    });
}
