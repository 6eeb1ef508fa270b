//! Who is exempt from the base policy: as confirmed, whatever becomes of the configuration.

use std::time::Duration;

use dialgate_contract::ledger::{BasePolicy, Exempt, base_policy, revision, verified};
use jiff::{SignedDuration, Timestamp};
use rustix::process::Signal;

use crate::cable::{NEIGHBOUR, Neighbour};
use crate::network::{add_native_chain_that_drops, in_own_network, sh};
use crate::program::{Program, now, until};

const SOON: Duration = Duration::from_secs(5);
const LAN: &str = "10.98.0.0/24";
const KEPT_OUT: [bool; 3] = [false; 3];
const LET_IN: [bool; 3] = [true; 3];

#[test]
fn the_configuration_lets_in_more_at_once_and_takes_nobodys_access_away() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        let mut program = Program::new("");
        decide(&program, BasePolicy::On, &exempt(&[LAN]));
        program.watch();
        assert!(program.log().contains("does not name 10.98.0.0/24"), "{}", program.log());
        assert_eq!(neighbour.reaches(NEIGHBOUR), LET_IN);
        assert_eq!(neighbour.reaches("9.9.9.9"), KEPT_OUT);
        program.configure("[base-policy]\nlan = [\"9.9.9.0/24\"]\n");
        program.signal(Signal::HUP);
        until("the new network is let in", SOON, || lan().contains("9.9.9.0/24"));
        assert_eq!(program.audited("base-policy-widened"), (1, "9.9.9.0/24".to_owned()));
        // What is left of the file while somebody saves it.
        program.configure("[base-pol");
        program.signal(Signal::HUP);
        until("it is told of", SOON, || program.log().contains("stays as it was"));
        program.configure("");
        program.signal(Signal::HUP);
        let both = "does not name 9.9.9.0/24, 10.98.0.0/24";
        until("it is told of", SOON, || program.log().contains(both));
        assert_eq!((neighbour.reaches(NEIGHBOUR), neighbour.reaches("9.9.9.9")), (LET_IN, LET_IN));
        assert_eq!(program.audited("firewall-healed").0, 0, "nobody had changed anything");
    });
}

#[test]
fn a_trial_of_less_ends_where_it_began_and_a_confirmed_one_stays() {
    in_own_network(|| {
        let neighbour = Neighbour::join();
        let mut program = Program::new("");
        decide(&program, BasePolicy::On, &exempt(&[LAN]));
        program.watch();
        // Longer than three probes wait in vain.
        let end = now() + SignedDuration::from_secs(10);
        decide(&program, BasePolicy::Trial(end), &exempt(&[]));
        until("less is tried", SOON, || !lan().contains(LAN));
        assert_eq!(neighbour.reaches(NEIGHBOUR), KEPT_OUT);
        until("it is rolled back", Duration::from_secs(20), || lan().contains(LAN));
        until("it is as before", SOON, || program.audited("firewall-rolled-back").0 == 1);
        assert_eq!(
            (neighbour.reaches(NEIGHBOUR), neighbour.reaches("9.9.9.9")),
            (LET_IN, KEPT_OUT)
        );
        decide(&program, BasePolicy::Trial(now() + SignedDuration::from_mins(1)), &exempt(&[]));
        decide(&program, BasePolicy::On, &exempt(&[]));
        until("less is confirmed", SOON, || !lan().contains(LAN));
        assert_eq!(neighbour.reaches(NEIGHBOUR), KEPT_OUT);
        // The program that runs has read the file before; whoever starts it anew changes nothing by that.
        program.watch();
        assert_eq!(neighbour.reaches(NEIGHBOUR), KEPT_OUT);
    });
}

#[test]
fn a_trial_is_seen_to_stand_though_another_table_is_in_the_way() {
    in_own_network(|| {
        add_native_chain_that_drops();
        let mut program = Program::new("");
        program.watch();
        until("it is told of", Duration::from_secs(15), || program.problem().is_some());
        decide(&program, BasePolicy::Trial(now() + SignedDuration::from_mins(1)), &exempt(&[]));
        until("the trial is seen", Duration::from_secs(2), || {
            let ledger = program.ledger();
            let seen = verified::find(ledger.connection()).unwrap();
            seen.map(|seen| seen.revision) == Some(revision::number(ledger.connection()).unwrap())
        });
        assert!(program.problem().is_some());
    });
}

fn decide(program: &Program, policy: BasePolicy, exempt: &Exempt) {
    let at: Timestamp = now();
    program.ledger().write(|tx| base_policy::set(tx, policy, exempt, at)).unwrap();
}

fn exempt(lan: &[&str]) -> Exempt {
    let lan = lan.iter().map(|network| network.parse().unwrap()).collect();
    Exempt { lan, ..Exempt::default() }
}

fn lan() -> String {
    sh("ipset list dg-lan-4 2>&1 || true")
}
