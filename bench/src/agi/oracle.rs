//! Whether the time until a login is rejected tells why: a two-sample test over real sockets, for each reason beside
//! that of a wrong PIN.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, Ledger, account};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::caller::{environment, now};
use super::host::Host;
use super::site::{FIRST_ACCOUNT, Hash, PIN, Site};
use crate::sample::Sample;

/// Logins of each class at a site. All strangers together may fail 60 times an hour, and some must fail before.
const AT_A_SITE: u32 = 10;
const WRONG_PIN: &str = "00000000";
/// Nothing is looked at here any more.
const LOCKED: u32 = FIRST_ACCOUNT + 5_000;
const DISABLED: u32 = FIRST_ACCOUNT + 6_000;
/// Nobody has it, nor those that follow.
const UNKNOWN: u32 = 900_000;

/// Why a login is rejected.
#[derive(Debug, Clone, Copy)]
enum Class {
    Wrong,
    Unknown,
    Malformed,
    Disabled,
    Throttled,
}

impl Class {
    const ALL: [Self; 5] =
        [Self::Wrong, Self::Unknown, Self::Malformed, Self::Disabled, Self::Throttled];

    const fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong PIN",
            Self::Unknown => "unknown account",
            Self::Malformed => "malformed account",
            Self::Disabled => "disabled account, right PIN",
            Self::Throttled => "throttled, right PIN",
        }
    }

    /// What its login number `n` types.
    fn credentials(self, n: u32) -> (String, &'static str) {
        match self {
            Self::Wrong => ((FIRST_ACCOUNT + n).to_string(), WRONG_PIN),
            Self::Unknown => ((UNKNOWN + n).to_string(), WRONG_PIN),
            Self::Malformed => (format!("{n:03}"), WRONG_PIN),
            Self::Disabled => ((DISABLED + n).to_string(), PIN),
            Self::Throttled => (LOCKED.to_string(), PIN),
        }
    }
}

/// How often all the comparisons of a run may fail by chance.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Doubt {
    /// One site after the other, to see little.
    OneInAHundred,
    /// All sites at a time, to see in half a minute what is as long as a hash.
    OneInAMillion,
}

/// How long each login of a class took.
type Times = [Vec<Duration>; Class::ALL.len()];

/// Has `sites` times ten logins of each class rejected, and compares the times. Fails where they tell why.
pub(crate) fn oracle(sites: u32, doubt: Doubt) -> io::Result<String> {
    let host = Host::prepare()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let at_a_time = match doubt {
        Doubt::OneInAHundred => 1,
        Doubt::OneInAMillion => sites,
    };
    let mut times = Times::default();
    let mut left = sites;
    while left > 0 {
        let some = left.min(at_a_time).max(1);
        left = left.saturating_sub(some);
        let sites = (0..some).map(|_| Site::new(Hash::Real)).collect::<io::Result<Vec<_>>>()?;
        sites.iter().try_for_each(disable)?;
        let servers = sites.iter().map(|site| site.serve(&host)).collect::<io::Result<Vec<_>>>()?;
        runtime.block_on(async {
            let mut rejected: JoinSet<io::Result<Times>> =
                servers.iter().map(|server| reject(server.address())).collect();
            while let Some(done) = rejected.join_next().await {
                for (all, more) in times.iter_mut().zip(done??) {
                    all.extend(more);
                }
            }
            Ok::<_, io::Error>(())
        })?;
    }
    report(&times, doubt)
}

fn disable(site: &Site) -> io::Result<()> {
    let mut ledger = Ledger::open(&site.path("ledger.db")).map_err(io::Error::other)?;
    let disabled: Result<(), DatabaseError> = ledger.write(|transaction| {
        for number in DISABLED..DISABLED + AT_A_SITE {
            let Ok(number) = number.to_string().parse() else { continue };
            if let Some(found) = account::find(transaction, &number)? {
                account::update(transaction, &Account { enabled: false, ..found })?;
            }
        }
        Ok(())
    });
    disabled.map_err(io::Error::other)
}

/// Ten logins of each class, one of each at the same time, so that what disturbs one disturbs the others.
async fn reject(server: SocketAddr) -> io::Result<Times> {
    let mut times = Times::default();
    for caller in 0..4 {
        rejected(server, caller, LOCKED.to_string(), WRONG_PIN).await?;
    }
    for n in 0..AT_A_SITE {
        let mut logins = JoinSet::new();
        let mut classes: Vec<(usize, Class)> = Class::ALL.into_iter().enumerate().collect();
        // The first to log in is another one each time.
        let first = usize::try_from(n).unwrap_or_default() % classes.len();
        classes.rotate_left(first);
        for (index, class) in classes {
            let caller = 1_000 * (n + 1) + u32::try_from(index).unwrap_or_default();
            let (account, pin) = class.credentials(n);
            logins.spawn(async move { (index, rejected(server, caller, account, pin).await) });
        }
        while let Some(done) = logins.join_next().await {
            let (index, took) = done?;
            if let Some(times) = times.get_mut(index) {
                times.push(took?);
            }
        }
    }
    Ok(times)
}

/// How long it takes from the PIN to the words that it was in vain.
async fn rejected(
    server: SocketAddr,
    caller: u32,
    account: String,
    pin: &'static str,
) -> io::Result<Duration> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (from, mut to) = stream.split();
    to.write_all(environment(caller).as_bytes()).await?;
    let mut commands = BufReader::new(from).lines();
    let mut typed = None;
    while let Some(command) = commands.next_line().await? {
        let argument = command.split('"').nth(1).unwrap_or_default();
        let reply = match argument {
            "dialgate/login-failed" => return typed_ago(typed),
            "dialgate/enter-account" => format!("200 result={account}\n"),
            "dialgate/enter-pin" => format!("200 result={pin}\n"),
            _ if command.starts_with("GET FULL VARIABLE") => format!("200 result=1 ({argument})\n"),
            // A `#`, so that the server waits for no key.
            _ if command.starts_with("GET DATA") => "200 result=\n".to_owned(),
            _ if command.starts_with("SET VARIABLE") => "200 result=1\n".to_owned(),
            _ => "200 result=0 endpos=8000\n".to_owned(),
        };
        if argument == "dialgate/enter-pin" {
            typed = Some(now());
        }
        to.write_all(reply.as_bytes()).await?;
    }
    Err(io::Error::other(format!("the login of {account} was not rejected")))
}

fn typed_ago(typed: Option<std::time::Instant>) -> io::Result<Duration> {
    typed.map(|typed| typed.elapsed()).ok_or_else(|| io::Error::other("rejected without a PIN"))
}

fn report(times: &Times, doubt: Doubt) -> io::Result<String> {
    let columns = ["median", "p99", "max"].map(|column| format!(" {column:>9}")).concat();
    let mut report = format!("{:<44}{columns}\n", "milliseconds until a login is rejected");
    for (class, times) in Class::ALL.iter().zip(times) {
        let mut sample = Sample::default();
        times.iter().for_each(|time| sample.push(*time));
        report += &sample.line(class.name());
    }
    let [wrong, others @ ..] = times;
    let mut is_kept = true;
    for (class, times) in Class::ALL.iter().skip(1).zip(others) {
        let (distance, limit) = (distance(wrong, times), limit(doubt, wrong.len(), times.len()));
        is_kept &= distance <= limit;
        let kept = if distance <= limit { "kept" } else { "MISSED" };
        report += &format!(
            "{:<44} {distance:>9.3} limit {limit:.3}: {kept}\n",
            format!("distance from {}", class.name())
        );
    }
    if is_kept {
        return Ok(report);
    }
    Err(io::Error::other(format!("the time until a login is rejected tells why\n{report}")))
}

/// The two-sample statistic of Kolmogorov and Smirnov: how far the shares of the two that are at most `t` lie apart,
/// for the `t` where that is most.
fn distance(some: &[Duration], others: &[Duration]) -> f64 {
    let share = |times: &[Duration], most: Duration| {
        times.iter().filter(|time| **time <= most).count() as f64 / times.len() as f64
    };
    some.iter()
        .chain(others)
        .map(|most| (share(some, *most) - share(others, *most)).abs())
        .fold(0.0, f64::max)
}

/// What that statistic exceeds so seldom where both are of the same kind.
fn limit(doubt: Doubt, some: usize, others: usize) -> f64 {
    let (some, others) = (some as f64, others as f64);
    // The root of -ln(p / 2) / 2.
    let of_one_comparison = match doubt {
        Doubt::OneInAHundred => 1.828,
        Doubt::OneInAMillion => 2.820,
    };
    of_one_comparison * ((some + others) / (some * others)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RARE: Doubt = Doubt::OneInAMillion;

    fn times(milliseconds: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        milliseconds.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn the_same_kind_is_near_and_another_is_far() {
        let some = times(1..=60);
        assert_eq!(distance(&some, &some), 0.0);
        assert!((distance(&some, &times(7..=66)) - 0.1).abs() < 1e-9);
        assert_eq!(distance(&some, &times(61..=120)), 1.0);
        assert!((limit(Doubt::OneInAHundred, 60, 60) - 0.334).abs() < 0.001);
    }

    #[test]
    fn ten_milliseconds_more_show_in_forty_logins_and_chance_does_not() {
        let sample = |more: u64| (0..40).map(move |n| 1_000 + more + 37 * n % 12);
        let (some, later) = (times(sample(0)), times(sample(10)));
        let shown = report(&[some.clone(), some.clone(), some.clone(), some.clone(), later], RARE);
        assert!(shown.unwrap_err().to_string().contains("MISSED"));
        let equal = report(&[0; 5].map(|_| some.clone()), RARE);
        assert!(!equal.unwrap().contains("MISSED"));
    }
}
