//! Whoever reaches the FastAGI port can connect as often as it likes. Honest calls get through all the same.

mod flood;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use dialgate_phone::Transcript;
use dialgate_tests::telephone_side::TelephoneSide;
use dialgate_tests::wait;
use flood::{COMMANDS, Flood, IDLE, LINES};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Honest calls at the same time.
const HONEST: usize = 100;
/// Honest ones, and those of the flood that are calls.
const CALLS: usize = HONEST + LINES;

/// After a connection has not been made for so long, Asterisk gives up (`MAX_AGI_CONNECT` in `res_agi.c`).
const ASTERISK_WAITS: Duration = Duration::from_secs(2);
/// This process's share.
const DESCRIPTORS: u64 = 12_000;
const PATIENCE: Duration = Duration::from_secs(20);
/// Readers of the ledger, which stay open for the next calls.
const KEPT: usize = 32;
const RECOVERED_WITHIN: Duration = Duration::from_secs(5);
const MOST_MEMORY: u64 = 100 * 1024;
/// Those of connections that are no calls yet, of calls, and of databases.
const MOST_DESCRIPTORS: usize = 2048 + CALLS + 300;

#[test]
fn a_hundred_calls_get_through_ten_thousand_connections_that_are_none() {
    let allowed = allow_descriptors(DESCRIPTORS);
    assert!(allowed >= DESCRIPTORS, "this process may open {allowed} files: raise `ulimit -Hn`");
    let side = TelephoneSide::start(HONEST + COMMANDS, &format!("max-calls = {CALLS}")).unwrap();
    let first = calls(&side, 1).unwrap().pop().unwrap();
    assert!(first.commands.len() < COMMANDS, "{:?}", first.commands);
    let before = side.descriptors().ok();

    let flood = Flood::start(side.address(), HONEST).unwrap();
    let (burst, most_in_burst) = watched(&side, || calls(&side, HONEST));
    let burst = Figures::of(&burst.unwrap());
    wait::until("a flood", PATIENCE, || Ok((flood.ever() >= 2 * IDLE).then_some(()))).unwrap();
    let (steady, most) = watched(&side, || calls(&side, HONEST));
    let steady = Figures::of(&steady.unwrap());
    let (peak, ever) = (flood.peak(), flood.ever());
    drop(flood);
    let recovered = recovery(&side, before).unwrap();

    let (memory, descriptors) = (side.peak_memory().unwrap(), most.max(most_in_burst));
    say(&format!(
        "{HONEST} calls beside {IDLE} that connect for ever, {ever} times, {peak} connected at a time: {burst} in the \
         burst, {steady} in the flood; memory {} MiB and {descriptors} descriptors at most, recovered after {} ms",
        memory / 1024,
        recovered.as_millis(),
    ));
    assert!(memory <= MOST_MEMORY, "{memory} KiB");
    assert!(descriptors <= MOST_DESCRIPTORS, "{descriptors} descriptors");
    assert!(recovered <= RECOVERED_WITHIN, "{recovered:?}");
    assert!(burst.setup.max(steady.setup) <= ASTERISK_WAITS);
    let log = side.log().unwrap();
    let is_complaint =
        |line: &&str| line.contains("before any call") || line.contains("are no calls");
    let complaints = log.lines().filter(is_complaint).count();
    assert!(complaints < 400, "{complaints} lines in the log about {ever} connections");
    let is_call = |line: &&str| line.contains("call ended") || line.contains("call dropped");
    let is_anybodys = |line: &&str| is_call(line) && !line.contains("account=");
    let calls = log.lines().filter(is_anybodys).count();
    assert!(calls < 2_500, "{calls} lines in the log about calls in which nobody was let in");
}

/// What `work` returns, and the most descriptors open meanwhile; 0 for anybody but root, who may not look.
fn watched<T>(side: &TelephoneSide, work: impl FnOnce() -> T) -> (T, usize) {
    let (most, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                most.fetch_max(side.descriptors().unwrap_or(0), Ordering::Relaxed);
                sleep(Duration::from_millis(50));
            }
        });
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        done
    });
    (done, most.into_inner())
}

/// So many calls at the same time, every one of which is told that the address is open.
fn calls(side: &TelephoneSide, count: usize) -> io::Result<Vec<Transcript>> {
    let calls = side.calls(count)?;
    let results: Vec<&str> = calls.iter().map(|call| call.result().unwrap_or("none")).collect();
    let failed: Vec<&str> = results.into_iter().filter(|result| *result != "open").collect();
    if failed.is_empty() {
        return Ok(calls);
    }
    Err(io::Error::other(format!("{} of {count} failed: {failed:?}", failed.len())))
}

/// The slowest of some calls.
struct Figures {
    /// From dialling to the first command.
    setup: Duration,
    whole: Duration,
}

impl Figures {
    fn of(calls: &[Transcript]) -> Self {
        let first = |call: &Transcript| call.commands.first().map(|command| command.at);
        Self {
            setup: calls.iter().filter_map(first).max().unwrap_or_default(),
            whole: calls.iter().map(|call| call.length).max().unwrap_or_default(),
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (setup, whole) = (self.setup.as_millis(), self.whole.as_millis());
        write!(f, "first command after {setup} ms and end after {whole} ms at most")
    }
}

/// How long it takes until a call goes well and all that the flood held is given back.
#[expect(clippy::disallowed_methods, reason = "that is what is measured")]
fn recovery(side: &TelephoneSide, before: Option<usize>) -> io::Result<Duration> {
    let begun = Instant::now();
    calls(side, 1)?;
    if let Some(before) = before {
        wait::until("the descriptors of before", RECOVERED_WITHIN, || {
            Ok((side.descriptors()? <= before + KEPT).then_some(()))
        })?;
    }
    Ok(begun.elapsed())
}

/// Lets this process open more files; how many it may.
fn allow_descriptors(wanted: u64) -> u64 {
    let raise = |maximum| {
        // What came of it is looked at below.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    };
    let maximum = getrlimit(Resource::Nofile).maximum;
    raise(maximum);
    if maximum.is_some_and(|maximum| maximum < wanted) {
        // Root alone may.
        raise(Some(wanted));
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Past the harness, which keeps what a test that passes prints.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
