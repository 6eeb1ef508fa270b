use dialgate_reconciler::firewall::{Firewall, Kernel, Plan};

use crate::network::{in_own_network, sh};
use crate::site::{desired, nobody, service, settle};

#[test]
fn what_others_own_stays_byte_for_byte() {
    in_own_network(|| {
        sh("ipset create dg-my-list hash:ip; ipset add dg-my-list 9.9.9.9; ipset create country hash:net comment;
            ipset add country 10.0.0.0/8 comment 'add dg-sip-4 6.6.6.6'; iptables -N mine; iptables -P INPUT DROP;
            iptables -A mine -m set --match-set dg-my-list src -m comment --comment 'a \"b\" -j DIALGATE' -j ACCEPT;
            iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j mine;
            iptables -A FORWARD -j DROP; iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080;
            ip6tables -A INPUT -p ipv6-icmp -j ACCEPT");
        let before = foreign();
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &nobody(&[service("sip", "tcp:1")]));
        assert_eq!(foreign(), before);
        settle(&mut kernel, &nobody(&[]));
        assert_eq!(foreign(), before);
    });
}

#[test]
fn fail2ban_stays_above_and_a_jump_elsewhere_or_twice_is_mended() {
    in_own_network(|| {
        let desired = desired(&[]);
        let mut kernel = Kernel::new().unwrap();
        sh("iptables -A INPUT -i lo -j ACCEPT");
        settle(&mut kernel, &desired);
        sh("iptables -N f2b-sshd; iptables -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd");
        let input = "-P INPUT ACCEPT\n-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A INPUT -j DIALGATE\n\
                     -A INPUT -i lo -j ACCEPT\n";
        assert_eq!(sh("iptables -S INPUT"), input);
        assert!(Plan::between(&desired, &kernel.read().unwrap()).unwrap().is_empty());
        for damage in [
            "iptables -I INPUT -j DIALGATE",
            "iptables -A INPUT -j DIALGATE; iptables -A INPUT -j DIALGATE",
            "iptables -D INPUT -j DIALGATE",
            "iptables -D INPUT -j DIALGATE; iptables -I INPUT -j DIALGATE",
            "iptables -D INPUT -j DIALGATE; iptables -A INPUT -j DIALGATE",
        ] {
            sh(damage);
            assert!(!settle(&mut kernel, &desired).is_empty(), "{damage}");
            assert_eq!(sh("iptables -S INPUT"), input, "{damage}");
        }
    });
}

/// All that the tools save, without what is ours, comments and counters.
fn foreign() -> Vec<String> {
    const OURS: [&str; 6] = [
        "#",
        "create dg-sip-",
        "add dg-sip-",
        ":DIALGATE ",
        "-A DIALGATE ",
        "-A INPUT -j DIALGATE",
    ];
    let saved = sh("ipset save; iptables-save; ip6tables-save");
    let theirs = saved.lines().filter(|line| !OURS.iter().any(|ours| line.starts_with(ours)));
    theirs
        .map(|line| if line.starts_with(':') { line.split(" [").next().unwrap() } else { line })
        .map(str::to_owned)
        .collect()
}
