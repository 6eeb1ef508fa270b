//! Another name for our chain, or another anchor.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{BasePolicy, Deny, Exempt, base_policy, built, deny};

use crate::network::{in_own_network, sh};
use crate::program::{Program, now};

const RULES: &str = "iptables -S; ip6tables -S";

#[test]
fn a_chain_of_a_former_name_goes_and_the_policy_stands_under_the_new_one_until_it_is_off() {
    in_own_network(|| {
        let program = Program::new("");
        program.lease(["12.34.56.78".to_owned()]);
        decide(&program, BasePolicy::On);
        denied(&program, true);
        done(&program);
        assert_eq!(sh("iptables -S INPUT | tail -1"), "-A INPUT -j DIALGATE\n");
        program.configure("[firewall]\nchain = \"OTHER\"\n");
        done(&program);
        assert!(!sh(RULES).contains("DIALGATE"), "{}", sh(RULES));
        assert_eq!(sh("iptables -S INPUT"), "-P INPUT ACCEPT\n-A INPUT -j OTHER\n");
        assert_eq!(sh("ip6tables -S INPUT"), "-P INPUT ACCEPT\n-A INPUT -j OTHER\n");
        assert!(sh("iptables -S OTHER | tail -1").ends_with("-A OTHER -j DROP\n"));
        decide(&program, BasePolicy::Off);
        denied(&program, false);
        done(&program);
        assert!(!sh(RULES).contains("DROP"), "{}", sh(RULES));
        assert_eq!(sh("ipset list -name | grep -c deny || true"), "0\n");
        let known = built::all(program.ledger().connection()).unwrap();
        assert_eq!(known.len(), 1, "{known:?}");
    });
}

#[test]
fn switching_off_under_a_new_name_opens_at_once() {
    in_own_network(|| {
        let program = Program::new("");
        decide(&program, BasePolicy::On);
        denied(&program, true);
        done(&program);
        program.configure("[firewall]\nchain = \"OTHER\"\n");
        decide(&program, BasePolicy::Off);
        denied(&program, false);
        done(&program);
        assert!(!sh(RULES).contains("DROP") && !sh(RULES).contains("DIALGATE"), "{}", sh(RULES));
    });
}

#[test]
fn a_jump_in_a_former_anchor_goes() {
    in_own_network(|| {
        sh("for ip in iptables ip6tables; do for chain in first second; do
                $ip -N $chain; $ip -A INPUT -j $chain; $ip -A $chain -j ACCEPT
            done; done");
        let program = Program::new("[firewall]\nanchor = \"first\"\n");
        done(&program);
        program.configure("[firewall]\nanchor = \"second\"\n");
        done(&program);
        assert_eq!(sh("iptables -S first"), "-N first\n-A first -j ACCEPT\n");
        assert_eq!(sh("iptables -S second | sed -n 2p"), "-A second -j DIALGATE\n");
        // Both names at once.
        program.configure("[firewall]\nchain = \"OTHER\"\n");
        done(&program);
        assert!(!sh(RULES).contains("DIALGATE"), "{}", sh(RULES));
        assert_eq!(sh("iptables -S second"), "-N second\n-A second -j ACCEPT\n");
        // Whose own jump stands in a chain that was the anchor once keeps it.
        done(&program);
        sh("iptables -A first -j OTHER");
        program.lease(["12.34.56.78".to_owned()]);
        done(&program);
        assert!(sh("iptables -S first").ends_with("-A first -j OTHER\n"));
    });
}

#[test]
fn a_former_chain_that_somebody_else_jumps_to_is_emptied_and_goes_when_it_can() {
    in_own_network(|| {
        let program = Program::new("");
        decide(&program, BasePolicy::On);
        done(&program);
        sh("iptables -A FORWARD -p udp -j DIALGATE");
        program.configure("[firewall]\nchain = \"OTHER\"\n");
        let (_, said) = program.once();
        assert!(
            said.contains("empty DIALGATE of IPv4, which somebody else's rules lead to"),
            "{said}"
        );
        assert_eq!(program.problem(), None);
        assert_eq!(
            sh("iptables -S DIALGATE; iptables -S INPUT | tail -1"),
            "-N DIALGATE\n-A INPUT -j OTHER\n"
        );
        program.lease(["12.34.56.78".to_owned()]);
        let (_, said) = program.once();
        assert!(!said.contains("DIALGATE"), "{said}");
        sh("iptables -D FORWARD -p udp -j DIALGATE");
        done(&program);
        assert!(!sh(RULES).contains("DIALGATE"), "{}", sh(RULES));
    });
}

/// A pass, and another that reads everything again.
fn done(program: &Program) {
    for _ in 0..2 {
        write(program, |tx| Ok(tx.execute("DELETE FROM verified", []).map(drop)?));
        let (code, said) = program.once();
        assert_eq!((code, program.problem()), (Some(0), None), "{said}");
    }
}

fn decide(program: &Program, policy: BasePolicy) {
    write(program, |tx| base_policy::set(tx, policy, &Exempt::default(), now()));
}

/// Somebody is denied, or is so no more: a set that a chain left behind would hold on to.
fn denied(program: &Program, is_so: bool) {
    let entry = Deny {
        network: "6.6.6.6".parse().unwrap(),
        name: String::new(),
        expires_at: None,
        created_at: now(),
    };
    write(program, |tx| match is_so {
        true => deny::put(tx, &entry).map(drop),
        false => deny::remove(tx, entry.network).map(drop),
    });
}

fn write(
    program: &Program,
    work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), DatabaseError>,
) {
    program.ledger().write(work).unwrap();
}
