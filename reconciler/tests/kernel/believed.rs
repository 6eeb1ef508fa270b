use std::time::Duration;

use dialgate_reconciler::firewall::{Firewall, Kernel};

use crate::network::{in_own_network, sh};
use crate::program::{Program, until};
use crate::site::{settle, sip};

/// Whether this network is in the telephones' set, as the kernel answers when it is asked for it alone.
fn has(kernel: &mut Kernel, network: &str) -> bool {
    let set = if network.contains(':') { "dg-sip-6" } else { "dg-sip-4" };
    kernel.has(&[(set.parse().unwrap(), network.parse().unwrap())].into())
}

#[test]
fn the_kernel_answers_whether_a_single_entry_is_there() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        assert!(!has(&mut kernel, "12.34.56.78/32"), "there is no such set");
        settle(&mut kernel, &sip(&[("12.34.56.78", 3600), ("2a00:1450:4001:82a::1", 3600)]));
        sh("ipset add dg-sip-4 9.9.9.0/24 timeout 99; ipset add dg-sip-4 8.8.8.8 timeout 1");
        sh("ipset add dg-sip-4 9.9.9.7 timeout 99 nomatch");
        for (network, is_there) in [
            ("12.34.56.78/32", true),
            ("12.34.56.79/32", false),
            ("9.9.9.0/24", true),
            ("9.9.9.9/32", true),
            ("9.9.9.0/25", false),
            ("2a00:1450:4001:82a::/64", true),
            ("2a00:1450:4001:82b::/64", false),
            ("9.9.9.7/32", false),
        ] {
            assert_eq!(has(&mut kernel, network), is_there, "{network}");
        }
        until("its time is over", Duration::from_secs(3), || !has(&mut kernel, "8.8.8.8/32"));
    });
}

#[test]
fn a_kernel_looks_the_same_until_a_rule_a_set_or_a_number_of_entries_is_another() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &sip(&[("12.34.56.78", 3600), ("12.34.56.79", 3600)]));
        sh("ipset create other hash:net family inet maxelem 1048576 timeout 60 counters
            ipset add other 6.6.6.6; ipset add other 6.6.6.7");
        let mut looks = kernel.glance().unwrap();
        assert_eq!(kernel.seen(), Some(looks.clone()), "as when it was read");
        sh(
            "ipset add other 6.6.6.8; ipset del other 6.6.6.8; ipset -exist add dg-sip-4 12.34.56.78 timeout 9",
        );
        assert_eq!(kernel.glance().unwrap(), looks, "sets of others, and times");
        for change in [
            "ipset del dg-sip-4 12.34.56.79",
            "ipset add dg-sip-4 12.34.56.79",
            "iptables -I DIALGATE -j ACCEPT",
            "ip6tables -P INPUT DROP",
            "ipset swap dg-sip-4 other",
            "ipset create dg-x-4 hash:net timeout 60",
        ] {
            sh(change);
            let now = kernel.glance().unwrap();
            assert_ne!(now, std::mem::replace(&mut looks, now.clone()), "{change}");
        }
    });
}

#[test]
fn a_set_that_was_swapped_for_another_is_as_it_should_be_within_seconds() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.lease(["12.34.56.78".to_owned()]);
        program.watch();
        sh("ipset create other hash:net family inet maxelem 1048576 timeout 60 counters
            ipset add other 6.6.6.6; ipset swap dg-sip-4 other");
        let listed = || sh("ipset save dg-sip-4");
        until("it is put right", Duration::from_secs(20), || {
            listed().contains("12.34.56.78") && !listed().contains("6.6.6.6")
        });
    });
}
