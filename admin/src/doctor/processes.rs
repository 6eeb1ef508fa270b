//! The programs that run: that they have the rights they need, and the one that talks to callers none.

use std::path::Path;

use dialgate_contract::SystemUser;

use super::check::{Check, Fix};
use super::place::Place;

const NAME: &str = "rights";
/// What the kernel keeps of a program's name (`TASK_COMM_LEN`).
const AGI: &str = "dialgate-agi";
const RECONCILER: &str = "dialgate-reconc";
/// The numbers of the capabilities (`linux/capability.h`) that the reconciler works with.
const NEEDED: [(u32, &str); 4] =
    [(6, "CAP_SETGID"), (7, "CAP_SETUID"), (12, "CAP_NET_ADMIN"), (13, "CAP_NET_RAW")];

/// A process of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    name: String,
    uid: u32,
    capabilities: u64,
}

pub(super) fn check(place: &Place<'_>, user: Option<&SystemUser>) -> Check {
    let Some(user) = user else {
        return Check::ok(NAME, "programs run as whoever starts them: user is \"\"");
    };
    judge(&running(), user, place)
}

/// Whether the reconciler is at work, and not only once a minute.
pub(super) fn is_reconciler_running() -> bool {
    running().iter().any(|process| process.name == RECONCILER)
}

/// Those in the same network as this one: others serve another site.
fn running() -> Vec<Running> {
    let network = |process: &Path| std::fs::read_link(process.join("ns/net")).ok();
    let own = network(Path::new("/proc/self"));
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let here = all.filter(|process| own.is_some() && network(process) == own);
    let ours = here.filter_map(|process| {
        parse(&std::fs::read_to_string(process.join("status")).ok()?)
            .filter(|found| [AGI, RECONCILER].contains(&found.name.as_str()))
    });
    ours.collect()
}

/// `/proc/PID/status` (proc_pid_status(5)).
fn parse(status: &str) -> Option<Running> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some(Running {
        name: field("Name:")?.to_owned(),
        // The effective one.
        uid: field("Uid:")?.split_whitespace().nth(1)?.parse().ok()?,
        capabilities: u64::from_str_radix(field("CapEff:")?, 16).ok()?,
    })
}

fn judge(running: &[Running], user: &SystemUser, place: &Place<'_>) -> Check {
    let agi = running.iter().filter(|process| process.name == AGI);
    // Its children run as the other user, with nothing.
    let reconciler =
        running.iter().filter(|process| process.name == RECONCILER && process.uid == 0);
    for process in agi.clone() {
        if process.uid != user.uid || process.capabilities != 0 {
            let what = format!(
                "{AGI} talks to callers as user {} with capabilities {:x}, not as {} with none",
                process.uid, process.capabilities, user.name
            );
            let fix = place.start(AGI, "start it as root, and it changes to its user by itself");
            return Check::fail(NAME, what, fix);
        }
    }
    for process in reconciler.clone() {
        let lacking: Vec<&str> = NEEDED
            .iter()
            .filter(|(number, _)| process.capabilities & (1 << number) == 0)
            .map(|(_, name)| *name)
            .collect();
        if !lacking.is_empty() {
            let what = format!("dialgate-reconciler has not {}", lacking.join(", "));
            let fix = "give it these in its unit (CapabilityBoundingSet), and restart it";
            return Check::fail(NAME, what, Fix::advice(fix));
        }
    }
    match (agi.count(), reconciler.count()) {
        (0, 0) => Check::skip(
            NAME,
            "neither of the programs runs just now",
            Fix::advice("see what is said of them above"),
        ),
        (agi, _) if agi > 0 => Check::ok(NAME, format!("{AGI} has none, as user {}", user.name)),
        _ => Check::ok(NAME, "dialgate-reconciler has those that it needs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;
    use dialgate_contract::config::Config;

    fn process(name: &str, uid: u32, capabilities: u64) -> Running {
        Running { name: name.to_owned(), uid, capabilities }
    }

    #[test]
    fn rights_too_many_for_one_and_too_few_for_the_other_are_told() {
        let config = Config::default();
        let place = Place::new(Path::new("/etc/dialgate/dialgate.toml"), &config);
        let user = SystemUser { name: "dialgate".to_owned(), uid: 990, gid: 991 };
        let (needed, all) = (0x30c0, u64::MAX >> 23);
        for (running, outcome) in [
            (vec![], Health::Skip),
            (vec![process(AGI, 990, 0), process(RECONCILER, 0, needed)], Health::Ok),
            (vec![process(AGI, 990, 0), process(RECONCILER, 0, all)], Health::Ok),
            (vec![process(RECONCILER, 0, needed), process(RECONCILER, 990, 0)], Health::Ok),
            (vec![process(AGI, 0, 0)], Health::Fail),
            (vec![process(AGI, 990, 1)], Health::Fail),
            (vec![process(RECONCILER, 0, needed & !0x80)], Health::Fail),
        ] {
            let check = judge(&running, &user, &place);
            assert_eq!(check.outcome, outcome, "{running:?}: {check:?}");
        }
    }

    #[test]
    fn what_the_kernel_tells_of_a_process_is_read() {
        let status = "Name:\tdialgate-agi\nUmask:\t0077\nUid:\t0\t990\t990\t990\nCapEff:\t00000000000030c0\n";
        assert_eq!(parse(status), Some(process(AGI, 990, 0x30c0)));
        assert_eq!(parse("Name:\tx\n"), None);
    }
}
