//! The kernel without us again.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{BasePolicy, Exempt, base_policy};

use crate::network::{in_own_network, sh};
use crate::program::{Program, now};

const EVERYTHING: &str = "iptables -S; ip6tables -S; ipset list";
const THEIRS: &str = "for ip in iptables ip6tables; do
        $ip -P INPUT DROP; $ip -N their-own; $ip -A INPUT -i lo -j ACCEPT
    done; ipset create their-own hash:net";

#[test]
fn what_is_ours_is_taken_out_and_nothing_else() {
    in_own_network(|| {
        sh(THEIRS);
        let before = sh(EVERYTHING);
        let program = Program::new("");
        program.lease(["12.34.56.78".to_owned(), "2a00:1450:4001:82a::200e".to_owned()]);
        assert_eq!(program.once().0, Some(0));
        assert!(sh(EVERYTHING).contains("12.34.56.78"));
        assert_eq!(removed(&program).0, Some(0), "{:?}", removed(&program));
        assert_eq!(sh(EVERYTHING), before);
        // Where there is nothing, nothing is to do; and the ledger still has the lease.
        assert_eq!(removed(&program).0, Some(0));
        assert_eq!(program.once().0, Some(0));
        assert!(sh(EVERYTHING).contains("12.34.56.78"));
    });
}

#[test]
fn the_base_policy_is_not_taken_out_with_the_rest() {
    in_own_network(|| {
        let program = Program::new("");
        decide(&program, BasePolicy::On);
        assert_eq!(program.once().0, Some(0));
        let before = sh(EVERYTHING);
        let (code, said) = removed(&program);
        assert_eq!(code, Some(77), "{said}");
        assert!(said.contains("dialgate firewall off"), "{said}");
        assert_eq!(sh(EVERYTHING), before);
        decide(&program, BasePolicy::Off);
        assert_eq!(removed(&program).0, Some(0));
        assert!(!sh(EVERYTHING).contains("DIALGATE"));
    });
}

#[test]
fn a_chain_of_a_former_name_goes_too() {
    in_own_network(|| {
        let program = Program::new("");
        assert_eq!(program.once().0, Some(0));
        program.configure("[firewall]\nchain = \"OTHER\"\n");
        assert_eq!(removed(&program).0, Some(0));
        assert_eq!(
            sh("iptables -S INPUT; iptables -S | grep -c DIALGATE || true"),
            "-P INPUT ACCEPT\n0\n"
        );
    });
}

fn removed(program: &Program) -> (Option<i32>, String) {
    let output = program.command(&["--remove"]).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn decide(program: &Program, policy: BasePolicy) {
    let decided =
        program.ledger().write(|tx| base_policy::set(tx, policy, &Exempt::default(), now()));
    decided.unwrap_or_else(|error: DatabaseError| panic!("{error}"));
}
