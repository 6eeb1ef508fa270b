//! What the programs' own user finds: that it can read what it needs, and its queue. Root does not open the queue, for
//! whoever can rewrite a database commands the process that opens it; so this program is started again as that user.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dialgate_contract::config::Config;
use dialgate_contract::ledger::LedgerReader;
use dialgate_contract::queue::QueueReader;
use dialgate_contract::{Exit, FileId, SystemUser};
use dialgate_pin::Pepper;
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use serde::{Deserialize, Serialize};

use super::check::{Check, Fix};
use super::integrity;
use super::place::Place;
use crate::child;

/// The hidden form by which the program starts itself again.
const ARGUMENT: &str = "look-inside";
/// The queue of a site under attack can have millions of rows.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is believed of an answer.
const LONGEST: usize = 64 << 10;
/// A request is decided within a minute, by cron even.
const OLD: i64 = 180;

/// What it has to tell; `None` stands for nothing wrong.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Found {
    configuration: Option<String>,
    pepper: Option<String>,
    ledger: Option<String>,
    queue: Option<Queue>,
}

/// The queue, once somebody has called.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Queue {
    Waiting {
        requests: u32,
        /// When the first of them was made, in seconds since 1970.
        oldest: Option<i64>,
    },
    Unreadable(String),
    Damaged(String),
}

/// The checks of what that user finds.
pub(super) fn check(place: &Place<'_>, user: Option<&SystemUser>, now: Timestamp) -> Vec<Check> {
    if user.is_some() && !SystemUser::is_root() {
        let what = "what dialgate-agi can read is not for this user to find out";
        return vec![Check::skip("readable", what, Fix::advice("run this as root"))];
    }
    match ask(place, user) {
        Ok(found) => vec![readable(&found), queue(found.queue.as_ref(), place, now)],
        Err(problem) => {
            let what = format!("looking as user {:?} {problem}", place.config.user);
            let fix = "see that this program can be started by that user, and that nothing else holds the queue";
            vec![Check::fail("readable", what, Fix::advice(fix))]
        }
    }
}

fn readable(found: &Found) -> Check {
    let problems = [&found.configuration, &found.pepper, &found.ledger];
    match problems.into_iter().flatten().next() {
        None => Check::ok("readable", "configuration, pepper and ledger, by dialgate-agi's user"),
        Some(problem) => Check::fail(
            "readable",
            format!("by dialgate-agi's user: {problem}"),
            Fix::advice("mend what is said of files above, or do what this says"),
        ),
    }
}

fn queue(queue: Option<&Queue>, place: &Place<'_>, now: Timestamp) -> Check {
    match queue {
        None => Check::ok("queue", "nobody has called yet"),
        Some(Queue::Waiting { requests: 0, .. } | Queue::Waiting { oldest: None, .. }) => {
            Check::ok("queue", "it is whole, and nothing waits")
        }
        Some(Queue::Waiting { requests, oldest: Some(oldest) }) => {
            let age = now.as_second().saturating_sub(*oldest);
            let what = format!("it is whole; {requests} requests, the oldest of {age} s ago");
            if age <= OLD {
                return Check::ok("queue", what);
            }
            let fix = "requests wait for the reconciler: see its own line";
            Check::warn("queue", what, place.start("dialgate-reconciler", fix))
        }
        Some(Queue::Unreadable(problem)) => {
            Check::fail("queue", problem.clone(), place.dialgate(&["init"]))
        }
        Some(Queue::Damaged(problem)) => Check::fail(
            "queue",
            format!("{} is damaged: {problem}", place.config.queue_file().display()),
            Fix::advice(
                "stop dialgate-agi, move the file and those beside it away, and start it again: what is lost are \
                 requests of the last minute and the counts of failed logins",
            ),
        ),
    }
}

fn ask(place: &Place<'_>, user: Option<&SystemUser>) -> Result<Found, String> {
    let mut command = child::command(Path::new("/proc/self/exe"));
    command.arg0("dialgate").arg(ARGUMENT).arg(place.config_file);
    command.current_dir("/");
    // It becomes that user itself: from a program that is started as the user, others of that user's can take over before
    // it is confined, and root's terminal with it.
    command.args(user.map(|user| &user.name));
    let answer = child::run(&mut command, PATIENCE)?;
    let said = Some(answer.out.as_str()).filter(|said| said.len() <= LONGEST);
    let found = said.and_then(|said| serde_json::from_str(said).ok());
    found.ok_or_else(|| format!("ended without an answer {}", answer.err.trim()))
}

/// The child, if this process is one: tells what it finds, as JSON.
pub(crate) fn look(mut arguments: impl Iterator<Item = OsString>) -> Option<Exit> {
    if arguments.nth(1)? != ARGUMENT {
        return None;
    }
    let config_file = PathBuf::from(arguments.next()?);
    let told = confine(arguments.next()).and_then(|()| {
        let text = serde_json::to_vec(&find(&config_file))?;
        std::io::stdout().lock().write_all(&text)
    });
    Some(if told.is_ok() { Exit::Ok } else { Exit::TempFail })
}

fn find(config_file: &Path) -> Found {
    let config = match Config::load(config_file) {
        Ok(config) => config,
        Err(error) => return Found { configuration: Some(error.to_string()), ..Found::default() },
    };
    let ledger = LedgerReader::open(&config.ledger_file());
    Found {
        configuration: None,
        pepper: Pepper::load(&config.pepper_file).err().map(|error| error.to_string()),
        ledger: ledger.err().map(|error| error.to_string()),
        queue: FileId::of(&config.queue_file()).map(|_| look_at_queue(&config.queue_file())),
    }
}

fn look_at_queue(path: &Path) -> Queue {
    // Whoever opens a pipe waits for whoever writes to it.
    if !std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return Queue::Damaged("it is no plain file".to_owned());
    }
    let looked = || {
        let reader = QueueReader::open(path)?;
        let connection = reader.connection();
        // A crafted schema can make a plain query run code of its author's.
        for setting in
            [DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER]
        {
            connection.set_db_config(setting, false)?;
        }
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 1 << 20)?;
        if let Some(damage) = integrity::damage(connection)? {
            return Ok(Queue::Damaged(damage));
        }
        let (requests, oldest) =
            connection.query_row("SELECT count(*), min(requested_at) FROM request", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok(Queue::Waiting { requests, oldest })
    };
    looked().unwrap_or_else(|error: dialgate_contract::database::DatabaseError| {
        if integrity::is_damage(&error) {
            Queue::Damaged(error.to_string())
        } else {
            Queue::Unreadable(error.to_string())
        }
    })
}

/// What it does not need, it gives up, the terminal first: whatever a crafted queue does, it does to a process that may do
/// nothing, and types nothing into root's shell (`TIOCSTI`, ioctl_tty(2)).
fn confine(user: Option<OsString>) -> std::io::Result<()> {
    let limit = |resource, most| {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        rustix::process::setrlimit(resource, limit).map_err(std::io::Error::from)
    };
    rustix::process::setsid()?;
    if let Some(name) = user {
        let user = SystemUser::lookup(&name.to_string_lossy()).map_err(std::io::Error::other)?;
        user.assume().map_err(std::io::Error::other)?;
    }
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_no_new_privs(true)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, 64)?;
    limit(Resource::As, 512 << 20)?;
    limit(Resource::Fsize, 1 << 20)?;
    limit(Resource::Cpu, PATIENCE.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    fn judged(found: Option<Queue>) -> Check {
        let config = Config::default();
        let place = Place::new(Path::new("/etc/dialgate/dialgate.toml"), &config);
        queue(found.as_ref(), &place, Timestamp::from_second(10_000).unwrap())
    }

    fn waiting(requests: u32, oldest: i64) -> Option<Queue> {
        Some(Queue::Waiting { requests, oldest: Some(oldest) })
    }

    #[test]
    fn requests_that_nobody_decides_are_told() {
        for (found, outcome) in [
            (None, Health::Ok),
            (waiting(0, 0), Health::Ok),
            (waiting(3, 9_990), Health::Ok),
            (waiting(3, 10_000 - OLD - 1), Health::Warn),
            (Some(Queue::Damaged("x".to_owned())), Health::Fail),
            (Some(Queue::Unreadable("x".to_owned())), Health::Fail),
        ] {
            let check = judged(found);
            assert_eq!(check.outcome, outcome, "{check:?}");
        }
    }

    #[test]
    fn what_the_user_may_not_read_is_told_first_of_all() {
        assert_eq!(readable(&Found::default()).outcome, Health::Ok);
        let found = Found { pepper: Some("no pepper".to_owned()), ..Found::default() };
        let check = readable(&found);
        assert!(check.outcome == Health::Fail && check.what.contains("no pepper"), "{check:?}");
    }
}
