use crate::network::{in_own_network, sh};
use crate::program::Program;

/// When everything was last read, as the ledger has it.
fn read_at(program: &Program) -> i64 {
    let ledger = program.ledger();
    let statement = "SELECT at FROM verified";
    ledger.connection().query_row(statement, [], |row| row.get(0)).unwrap()
}

/// Makes the last reading this much older.
fn age(program: &Program, seconds: i64) {
    let statement = "UPDATE verified SET at = at - ?1";
    program.ledger().connection().execute(statement, [seconds]).unwrap();
}

fn has(address: &str) -> bool {
    sh("ipset save dg-sip-4").contains(address)
}

#[test]
fn everything_is_read_when_something_was_written_or_looks_different_and_every_five_minutes() {
    in_own_network(|| {
        let program = Program::new("");
        program.lease(["12.34.56.78".to_owned()]);
        assert_eq!(program.once().0, Some(0));
        // What looks the same at a glance is found by the next whole reading.
        let swap = "ipset del dg-sip-4 12.34.56.78; ipset add dg-sip-4 6.6.6.6 timeout 999";
        sh(swap);
        age(&program, 200);
        let before = read_at(&program);
        assert_eq!(program.once().0, Some(0));
        assert_eq!(read_at(&program), before, "a glance is enough");
        age(&program, 100);
        assert_eq!(program.once().0, Some(0));
        assert!(has("12.34.56.78") && !has("6.6.6.6"), "five minutes are over");
        // A clock that was set back does not keep an old reading young.
        sh(swap);
        age(&program, -1000);
        assert_eq!(program.once().0, Some(0));
        assert!(has("12.34.56.78") && !has("6.6.6.6"));
        for (what, difference) in [
            ("another number of entries", "ipset add dg-sip-4 6.6.6.6 timeout 999"),
            ("another rule", "iptables -I DIALGATE -j ACCEPT"),
            ("another jump", "ip6tables -D INPUT -j DIALGATE"),
        ] {
            age(&program, 200);
            let before = read_at(&program);
            sh(difference);
            assert_eq!(program.once().0, Some(0));
            assert!(read_at(&program) > before, "{what}");
        }
        age(&program, 200);
        let before = read_at(&program);
        program.lease(["12.34.56.79".to_owned()]);
        assert_eq!(program.once().0, Some(0));
        assert!(has("12.34.56.79") && read_at(&program) > before);
        age(&program, 200);
        let before = read_at(&program);
        program.configure("[firewall]\nallow-private = true\n");
        assert_eq!(program.once().0, Some(0));
        assert!(read_at(&program) > before, "another configuration");
        // A time that is set right is no heal.
        sh("ipset -exist add dg-sip-4 12.34.56.78 timeout 9");
        age(&program, 301);
        assert_eq!(program.once().0, Some(0));
        assert!(sh("ipset save dg-sip-4").contains("12.34.56.78 timeout 3"));
        let (healed, last) = program.audited("firewall-healed");
        assert_eq!(healed, 5, "{last}");
    });
}
