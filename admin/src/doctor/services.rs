//! What systemd starts when the machine starts.

use std::path::Path;
use std::time::Duration;

use super::check::{Check, Fix};
use crate::child;

const NAME: &str = "services";
const SYSTEMCTL: &str = "/usr/bin/systemctl";
const PATIENCE: Duration = Duration::from_secs(5);
const UNITS: [&str; 3] = ["dialgate-agi", "dialgate-boot", "dialgate-reconciler"];

/// `None` where there is no systemd.
pub(super) fn check(has_systemd: bool) -> Option<Check> {
    if !has_systemd {
        return None;
    }
    let mut ask = child::command(Path::new(SYSTEMCTL));
    let answer = child::run(ask.arg("is-enabled").args(UNITS), PATIENCE);
    Some(match answer {
        // It ends with a failure when one of them is not.
        Ok(answer) => judge(&answer.out),
        Err(problem) => {
            let what = format!("systemctl {problem}");
            Check::skip(NAME, what, Fix::advice("see what keeps systemd busy"))
        }
    })
}

/// `systemctl is-enabled`: a word for each unit, in the order asked.
fn judge(said: &str) -> Check {
    let words = said.lines().map(str::trim);
    let off: Vec<&str> = UNITS
        .into_iter()
        .zip(words.chain(std::iter::repeat("not-found")))
        .filter(|(_, word)| !word.starts_with("enabled"))
        .map(|(unit, _)| unit)
        .collect();
    if off.is_empty() {
        return Check::ok(NAME, "they start with the machine");
    }
    let what = format!("{} will not run after the next start of the machine", off.join(", "));
    Check::warn(NAME, what, Fix::run(&[&["systemctl", "enable"], off.as_slice()].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn units_that_do_not_start_with_the_machine_are_told_with_what_enables_them() {
        assert_eq!(judge("enabled\nenabled\nenabled\n").outcome, Health::Ok);
        for (said, command) in [
            ("enabled\ndisabled\nenabled\n", "systemctl enable dialgate-boot"),
            (
                "disabled\nenabled-runtime\nmasked\n",
                "systemctl enable dialgate-agi dialgate-reconciler",
            ),
            ("", "systemctl enable dialgate-agi dialgate-boot dialgate-reconciler"),
        ] {
            let check = judge(said);
            assert_eq!(check.outcome, Health::Warn);
            assert_eq!(check.fix, Some(Fix::Run(vec![command.to_owned()])));
        }
    }
}
