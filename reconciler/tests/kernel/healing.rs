use std::time::Duration;

use crate::network::{flush_ruleset, in_own_network, sh};
use crate::program::{Program, until};

const TRAVELLER: &str = "12.34.56.78";
/// Where the kernel tells of changes: well before the next tick, however busy the machine is.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Where it does not.
const WITHIN_A_TICK: Duration = Duration::from_secs(15);

#[test]
fn whoever_flushes_rules_is_undone_at_once() {
    in_own_network(|| {
        let damages: [(&str, &dyn Fn()); 6] = [
            ("iptables -F", &|| drop(sh("iptables -F"))),
            ("iptables -F, -X", &|| {
                drop(sh("iptables -F; iptables -X; ip6tables -F; ip6tables -X"));
            }),
            ("ip6tables -F", &|| drop(sh("ip6tables -F"))),
            ("iptables-restore", &|| {
                drop(sh(
                    "iptables-restore <<.\n*filter\n:INPUT ACCEPT\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n.",
                ));
            }),
            ("nft flush ruleset", &flush_ruleset),
            ("a jump moved down", &|| {
                drop(sh(
                    "iptables -D INPUT -j DIALGATE; iptables -A INPUT -j ACCEPT; iptables -A INPUT -j DIALGATE",
                ));
            }),
        ];
        let mut program = Program::new("");
        program.lease([TRAVELLER.to_owned()]);
        for (nth, (what, damage)) in (1..).zip(damages) {
            // Three heals in a minute would be a fight.
            program.watch();
            assert!(is_right(), "{}", program.log());
            damage();
            assert!(!is_right(), "{what}");
            let took = until(what, AT_ONCE, is_right);
            println!("measured: right again after {what}: {} ms", took.as_millis());
            until("it is written down", AT_ONCE, || program.audited("firewall-healed").0 == nth);
            sh("iptables -D INPUT -i lo -j ACCEPT || true; iptables -D INPUT -j ACCEPT || true");
        }
        assert!(program.audited("firewall-healed").1.contains("rebuild DIALGATE"));
        assert!(program.audited("firewall-healed").1.contains("changed by"));
    });
}

#[test]
fn whoever_empties_or_destroys_sets_is_undone_with_the_next_look() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.lease([TRAVELLER.to_owned()]);
        for damage in
            ["ipset flush", "iptables -F; iptables -X; ip6tables -F; ip6tables -X; ipset destroy"]
        {
            program.watch();
            assert!(is_right(), "{}", program.log());
            sh(damage);
            assert!(!is_right(), "{damage}");
            let took = until(damage, WITHIN_A_TICK, is_right);
            println!("measured: right again after {damage}: {} ms", took.as_millis());
        }
    });
}

#[test]
fn what_nobody_damages_is_not_healed_and_what_the_ledger_changes_neither() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.watch();
        program.lease([TRAVELLER.to_owned()]);
        until("the lease is open", AT_ONCE, is_right);
        // Others change what is theirs, as fail2ban does.
        sh("iptables -N f2b-sshd; iptables -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd;
            iptables -I f2b-sshd -s 6.6.6.6 -j REJECT");
        sh("ipset create country hash:net; ipset add country 10.0.0.0/8");
        // A look after them, and the regular one, which writes when it was.
        let looked = || {
            let statement = "SELECT at FROM verified";
            program.ledger().connection().query_row(statement, [], |row| row.get::<_, i64>(0)).ok()
        };
        let before = looked();
        until("another look is written down", WITHIN_A_TICK, || looked() != before);
        assert_eq!(program.audited("firewall-healed").0, 0, "{}", program.log());
        assert!(is_right());
    });
}

#[test]
fn a_fight_ends_in_an_alarm_and_closing_goes_on() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.lease([TRAVELLER.to_owned()]);
        program.watch();
        for _ in 0..3 {
            assert_eq!(program.problem(), None);
            sh("iptables -F");
            until("it is healed", AT_ONCE, is_right);
        }
        until("the alarm", AT_ONCE, || program.problem().is_some());
        assert!(program.problem().unwrap().contains("keeps changing the firewall back"));
        assert_eq!(program.audited("firewall-fight").0, 1);
        sh("iptables -F; ipset add dg-sip-4 6.6.6.6 timeout 1000");
        until("what nobody gave is closed", WITHIN_A_TICK, || {
            !sh("ipset list dg-sip-4").contains("6.6.6.6")
        });
        assert_eq!(sh("iptables -S INPUT"), "-P INPUT ACCEPT\n");
        assert_eq!(program.audited("firewall-healed").0, 3);
        // Somebody who is let in now is let in.
        program.lease(["12.34.56.79".to_owned()]);
        until("the other is open", AT_ONCE, || {
            is_right() && sh("ipset list dg-sip-4").contains("12.34.56.79")
        });
    });
}

#[test]
fn cron_alone_notices_a_fight_and_tells_of_it_once() {
    in_own_network(|| {
        let program = Program::new("");
        program.lease([TRAVELLER.to_owned()]);
        program.once();
        for _ in 0..5 {
            assert!(is_right());
            sh("iptables -F");
            program.once();
        }
        assert!(is_right());
        let told = ["firewall-healed", "firewall-fight"].map(|action| program.audited(action).0);
        assert_eq!(told, [5, 1]);
    });
}

fn is_right() -> bool {
    let jump = sh("iptables -S INPUT | grep -v f2b-; ip6tables -S INPUT");
    let jumps = jump.lines().filter(|line| *line == "-A INPUT -j DIALGATE").count();
    let first = jump.lines().nth(1) == Some("-A INPUT -j DIALGATE");
    let rules = sh("iptables -S DIALGATE 2>&1 || true; ip6tables -S DIALGATE 2>&1 || true");
    let refers = |set| rules.contains(&format!("--match-set {set} src -j ACCEPT"));
    let member = sh("ipset list dg-sip-4 2>&1 || true").contains(TRAVELLER);
    jumps == 2 && first && refers("dg-sip-4") && refers("dg-sip-6") && member
}
