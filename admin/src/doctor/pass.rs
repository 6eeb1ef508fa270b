//! The reconciler: that it passes, and what was wrong at its last pass, other firewalls among it.

use dialgate_contract::ledger::pass::Pass;
use jiff::Timestamp;

use super::check::{Check, Fix};
use super::place::Place;

/// What the check is called.
pub(super) const NAME: &str = "reconciler";
/// By cron it passes once a minute, and may take a while.
const LATE: i64 = 90;
const DEAD: i64 = 300;
/// A clock that is put right jumps by less.
const AHEAD: i64 = 5;

/// How long ago the last pass was, and how it ended.
pub(super) fn check(last: Option<&Pass>, place: &Place<'_>, now: Timestamp) -> Check {
    let start = || {
        let once = place.program("dialgate-reconciler", &["--once"]);
        place.start(NAME_OF_SERVICE, &format!("see that cron runs `{once}` once a minute"))
    };
    let Some(pass) = last else {
        return Check::fail(NAME, "it has never passed: nothing is opened or closed", start());
    };
    let age = now.as_second().saturating_sub(pass.finished_at.as_second());
    if age < -AHEAD {
        let what = format!("its last pass was {} s from now: was the clock set back?", -age);
        return Check::fail(NAME, what, Fix::run(&["timedatectl", "set-ntp", "true"]));
    }
    if age > DEAD {
        let what = format!("its last pass was {} min ago: nothing is opened or closed", age / 60);
        return Check::fail(NAME, what, start());
    }
    if let Some(problem) = &pass.problem {
        let fix = "do what it says; `dialgate status` shows how the next pass ends";
        return Check::fail(NAME, format!("at its last pass: {problem}"), Fix::advice(fix));
    }
    let age = age.max(0);
    if age > LATE {
        return Check::warn(NAME, format!("its last pass was {age} s ago"), start());
    }
    Check::ok(NAME, format!("its last pass was {age} s ago, and nobody is in its way"))
}

const NAME_OF_SERVICE: &str = "dialgate-reconciler";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;
    use dialgate_contract::config::Config;
    use std::path::Path;

    fn judged(age: Option<i64>, problem: Option<&str>) -> Check {
        let config = Config::default();
        let place = Place::new(Path::new("/etc/dialgate/dialgate.toml"), &config);
        let at = |second| Timestamp::from_second(second).unwrap();
        let pass = age.map(|age| Pass {
            finished_at: at(100_000 - age),
            problem: problem.map(str::to_owned),
        });
        check(pass.as_ref(), &place, at(100_000))
    }

    #[test]
    fn a_reconciler_that_does_not_pass_is_told_before_what_it_last_said() {
        for (age, problem, outcome, words) in [
            (None, None, Health::Fail, "never"),
            (Some(0), None, Health::Ok, "0 s ago"),
            (Some(-2), None, Health::Ok, "0 s ago"),
            (Some(LATE + 1), None, Health::Warn, "91 s ago"),
            (Some(DEAD + 1), None, Health::Fail, "5 min ago"),
            (Some(-AHEAD - 1), None, Health::Fail, "set back"),
            (Some(1), Some("firewalld drops"), Health::Fail, "firewalld drops"),
            (Some(DEAD + 1), Some("firewalld drops"), Health::Fail, "5 min ago"),
        ] {
            let check = judged(age, problem);
            assert!(check.outcome == outcome && check.what.contains(words), "{check:?}");
            assert_eq!(check.fix.is_none(), outcome == Health::Ok, "{check:?}");
        }
    }
}
