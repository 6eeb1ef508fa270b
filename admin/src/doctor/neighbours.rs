//! Others that have to do with the firewall: fail2ban, and rules that are loaded when the machine starts.

use std::path::Path;
use std::time::Duration;

use super::check::{Check, Fix};
use crate::child;

const FAIL2BAN: &str = "/usr/bin/fail2ban-client";
const PATIENCE: Duration = Duration::from_secs(5);
/// What `netfilter-persistent` loads.
const SAVED: [&str; 2] = ["/etc/iptables/rules.v4", "/etc/iptables/rules.v6"];
/// Where `systemctl enable dialgate-boot` puts its link.
const AT_BOOT: &str = "/etc/systemd/system/multi-user.target.wants/dialgate-boot.service";
/// Longer than any set of rules by hand.
const LONGEST: u64 = 16 << 20;

pub(super) fn check(has_systemd: bool) -> Vec<Check> {
    let client = Path::new(FAIL2BAN);
    let answer = client.exists().then(|| child::run(child::command(client).arg("ping"), PATIENCE));
    let answer = answer.map(|answer| match answer {
        Ok(answer) if answer.is_success => Ok(()),
        Ok(answer) => Err(answer.err.trim().to_owned()),
        Err(problem) => Err(problem),
    });
    let named = SAVED.into_iter().find(|path| names_sets(path));
    vec![fail2ban(answer), saved(named, Path::new(AT_BOOT).is_symlink(), has_systemd)]
}

fn names_sets(path: &str) -> bool {
    use std::io::Read as _;
    let mut text = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
    read.is_ok() && String::from_utf8_lossy(&text).contains("--match-set dg-")
}

/// `None`: it is not installed.
fn fail2ban(answer: Option<Result<(), String>>) -> Check {
    match answer {
        Some(Ok(())) => Check::ok("fail2ban", "it runs, and its bans win over leases"),
        Some(Err(said)) => Check::warn(
            "fail2ban",
            format!("it is installed and does not answer: {said}"),
            Fix::run(&["systemctl", "restart", "fail2ban"]),
        ),
        None => Check::skip(
            "fail2ban",
            "it is not installed: attackers are not banned",
            Fix::run(&["apt-get", "install", "fail2ban"]),
        ),
    }
}

/// A rule that names a set that is not there makes `iptables-restore` refuse the whole file: all is open then.
fn saved(named: Option<&str>, is_made_at_boot: bool, has_systemd: bool) -> Check {
    let Some(file) = named else {
        return Check::ok("saved-rules", "none that are loaded at the start name sets of dialgate");
    };
    if is_made_at_boot {
        let what = format!("{file} names sets of dialgate, and dialgate-boot makes them before");
        return Check::ok("saved-rules", what);
    }
    let what =
        format!("{file} names sets that are not there at the start: none of it is loaded then");
    if has_systemd {
        return Check::fail(
            "saved-rules",
            what,
            Fix::run(&["systemctl", "enable", "dialgate-boot"]),
        );
    }
    let fix = "run `dialgate-reconciler --once` before whatever loads it";
    Check::warn("saved-rules", what, Fix::advice(fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn a_fail2ban_that_does_not_answer_is_told_and_one_that_is_not_there_is_no_fault() {
        for (answer, outcome) in [
            (Some(Ok(())), Health::Ok),
            (Some(Err("is fail2ban running?".to_owned())), Health::Warn),
            (None, Health::Skip),
        ] {
            assert_eq!(fail2ban(answer).outcome, outcome);
        }
    }

    #[test]
    fn saved_rules_that_cannot_be_loaded_are_a_fault() {
        let file = Some(SAVED[0]);
        for (named, at_boot, systemd, outcome) in [
            (None, false, true, Health::Ok),
            (file, true, true, Health::Ok),
            (file, false, true, Health::Fail),
            (file, false, false, Health::Warn),
        ] {
            assert_eq!(saved(named, at_boot, systemd).outcome, outcome);
        }
    }

    #[test]
    fn rules_that_name_our_sets_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.v4");
        let path = path.to_str().unwrap();
        assert!(!names_sets(path));
        for (text, named) in [
            ("-A INPUT -j DROP\n", false),
            ("-A DIALGATE -p tcp -m set --match-set dg-sip-4 src -j ACCEPT\n", true),
        ] {
            std::fs::write(path, text).unwrap();
            assert_eq!(names_sets(path), named);
        }
    }
}
