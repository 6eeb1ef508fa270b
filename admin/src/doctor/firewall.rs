//! The kernel: that it is as the ledger says. The reconciler looks, as it does at each pass, and changes nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dialgate_contract::SystemUser;
use dialgate_contract::config::Backend;

use super::check::{Check, Fix};
use super::place::Place;
use crate::child;

const NAME: &str = "firewall";
const RECONCILER: &str = "dialgate-reconciler";
/// It reads the queue for five seconds at most, and sets of a million entries.
const PATIENCE: Duration = Duration::from_secs(30);
/// What was asked for a moment ago is done by then.
const AGAIN: Duration = Duration::from_secs(2);
/// What it says when the kernel is as the ledger says.
const NOTHING: &str = "nothing to do";
/// How many steps are told.
const TOLD: usize = 2;

/// `is_passing`: whether the reconciler itself is at work at this moment.
pub(super) fn check(place: &Place<'_>, is_passing: bool) -> Check {
    if place.config.firewall.backend == Backend::DryRun {
        let fix = "set backend = \"ipset\" under [firewall] of the configuration";
        return Check::warn(
            NAME,
            "firewall.backend is dry-run: nothing is ever opened or closed",
            Fix::advice(fix),
        );
    }
    if !SystemUser::is_root() {
        return Check::skip(NAME, "only root may look", Fix::advice("run this as root"));
    }
    let Some(reconciler) = find() else {
        let what = format!("there is no {RECONCILER} beside this program or in /usr/sbin");
        return Check::fail(NAME, what, Fix::advice("install dialgate again"));
    };
    let first = look(&reconciler, place);
    let steps = match first {
        // A call or a command of this moment is not a fault.
        Ok(steps) if !steps.is_empty() => {
            std::thread::sleep(AGAIN);
            look(&reconciler, place)
        }
        done => done,
    };
    judge(steps, place, is_passing)
}

/// As it is installed, or as it was built.
fn find() -> Option<PathBuf> {
    let own = std::env::current_exe().ok().and_then(|me| Some(me.parent()?.to_owned()));
    let folders = own.into_iter().chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(RECONCILER)).find(|program| program.is_file())
}

/// The steps from what the kernel has to what the ledger wants.
fn look(reconciler: &Path, place: &Place<'_>) -> Result<Vec<String>, String> {
    let mut command = child::command(reconciler);
    command.arg("--config").arg(place.config_file).arg("--dry-run");
    let answer = child::run(&mut command, PATIENCE)?;
    if !answer.is_success {
        let said = answer.err.trim();
        return Err(said.strip_prefix(&format!("{RECONCILER}: ")).unwrap_or(said).to_owned());
    }
    Ok(answer.out.lines().filter(|line| *line != NOTHING).map(str::to_owned).collect())
}

fn judge(steps: Result<Vec<String>, String>, place: &Place<'_>, is_passing: bool) -> Check {
    let steps = match steps {
        Ok(steps) if steps.is_empty() => {
            return Check::ok(NAME, "sets, chain and jump are right, and in their place");
        }
        Ok(steps) => steps,
        Err(problem) => {
            let fix = "do what it says, then see how `dialgate doctor` goes";
            return Check::fail(NAME, format!("{RECONCILER} {problem}"), Fix::advice(fix));
        }
    };
    let more = match steps.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let told: Vec<&str> = steps.iter().take(TOLD).map(String::as_str).collect();
    let what = format!("the kernel is not as the ledger says: {}{more}", told.join("; "));
    let fix = if is_passing {
        Fix::advice(
            "the reconciler runs: see in `dialgate audit` and its log who keeps changing it back",
        )
    } else {
        Fix::Run(vec![place.program(RECONCILER, &["--once"])])
    };
    Check::fail(NAME, what, fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;
    use dialgate_contract::config::Config;

    #[test]
    fn what_is_to_be_done_in_the_kernel_is_a_fault() {
        let config = Config::default();
        let place = Place::new(Path::new("/etc/dialgate/dialgate.toml"), &config);
        let steps = |count: usize| Ok((0..count).map(|step| format!("step {step}")).collect());
        assert_eq!(judge(steps(0), &place, true).outcome, Health::Ok);
        let one = judge(steps(5), &place, false);
        assert!(one.what.ends_with("step 0; step 1, and 3 more"), "{one:?}");
        let once = "dialgate-reconciler --once".to_owned();
        assert_eq!(one.fix, Some(Fix::Run(vec![once])));
        assert!(matches!(judge(steps(1), &place, true).fix, Some(Fix::Advice(_))));
        let failed = judge(Err("there is no ipset".to_owned()), &place, true);
        assert!(failed.outcome == Health::Fail && failed.what.contains("no ipset"), "{failed:?}");
    }
}
