//! The demo: a whole dialgate in a temporary folder, a call to it, and what came of the call.

mod evidence;
mod kernel;
mod letter;
mod network;
mod process;
mod site;
mod story;
mod user;

use std::io::{self, IsTerminal};
use std::net::Ipv4Addr;

use dialgate_contract::{Exit, Language};
use jiff::tz::TimeZone;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::evidence::{Evidence, Expected, Firewall};
use self::kernel::Kernel;
use self::letter::Letter;
use self::network::Arrivals;
use self::site::{Account, Site};
use crate::failure::Failure;
use crate::program::{self, PACE};
use crate::telephone::{Echo, lift, print, show};
use crate::{Call, CallerId, Clock, Script, Transcript};

/// The hotel's address, unless the traveller keys in another one.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(12, 34, 56, 78);
const ADDRESS_KEYS: &str = "12*34*56*78#";
const CALLER: &str = "15550100";
const CONFIRM: &str = "dialgate/confirm-address";

/// Who makes the call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Traveller {
    /// Somebody at this terminal.
    Person,
    /// Nobody: there is no terminal, so the demo plays a call and looks whether all was as it should be.
    Script,
}

/// Plays the demo to a traveller who speaks this language. It leaves nothing behind, also when it is stopped.
pub(crate) fn run(language: Language) -> Result<(), Failure> {
    // A network can only be left for another while there is one thread.
    let kernel = Kernel::prepare();
    program::runtime()?.block_on(async {
        let mut stops = stops()?;
        let [interrupted, terminated, hung_up] = &mut stops;
        tokio::select! {
            outcome = play(&kernel, language) => outcome,
            _ = interrupted.recv() => Err(stopped()),
            _ = terminated.recv() => Err(stopped()),
            _ = hung_up.recv() => Err(stopped()),
        }
    })
}

async fn play(kernel: &Kernel, language: Language) -> Result<(), Failure> {
    let style = program::style();
    let mut site = Site::build(kernel.backend())?;
    let account = site.open_account(language)?;
    site.start().await?;
    show(&story::opening(&account, ADDRESS_KEYS, kernel, style));
    let before = kernel.knock(ADDRESS)?;
    if let Some(before) = before {
        show(&story::before(ADDRESS, before, style));
    }
    show(&lift(style));
    let (called, expected) = match Traveller::present() {
        Traveller::Person => (by_hand(&site, language).await?, Expected::Consistent),
        Traveller::Script => {
            (Some(by_script(&site, &account, language).await?), Expected::Open(ADDRESS))
        }
    };
    let Some(transcript) = called else { return site.close() };
    let evidence = gather(&site, kernel, before, &transcript).await?;
    show(&story::after(&evidence, &TimeZone::system(), style));
    let faults = evidence.faults(&account.account, expected);
    let log = site.log();
    site.close()?;
    print(&story::verdict(&faults, style)).map_err(|error| {
        Failure::new(Exit::IoErr, format!("cannot show how the demo went: {error}"))
    })?;
    if faults.is_empty() {
        return Ok(());
    }
    let why = "the demo did not go as it should; the last that the reconciler said was";
    Err(Failure::new(Exit::Software, format!("{why}\n{}", last_lines(&log))))
}

impl Traveller {
    fn present() -> Self {
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        if terminal { Traveller::Person } else { Traveller::Script }
    }
}

/// A call by somebody at this terminal; `None` when they would rather not.
async fn by_hand(site: &Site, language: Language) -> Result<Option<Transcript>, Failure> {
    let mut person = program::person()?;
    if !person.is_ready().await {
        return Ok(None);
    }
    let call = call(site, language).clock(Clock::Real(PACE)).longest(None);
    Ok(Some(call.place(&mut person).await?))
}

fn call(site: &Site, language: Language) -> Call {
    let mut call = Call::new(site.server(), CallerId::number(CALLER));
    language.as_str().clone_into(&mut call.environment().language);
    call
}

async fn by_script(
    site: &Site,
    account: &Account,
    language: Language,
) -> Result<Transcript, Failure> {
    let script = Script::new()
        .on("dialgate/enter-account", &format!("{}#", account.account))
        .on("dialgate/enter-pin", &format!("{}#", account.pin))
        .on("dialgate/enter-address", ADDRESS_KEYS)
        .on(CONFIRM, "1")
        .on("dialgate/choose-lifetime-1-3-7", "1");
    let call = call(site, language);
    Ok(call.place(&mut Echo::new(script, program::screen()?)).await?)
}

async fn gather(
    site: &Site,
    kernel: &Kernel,
    before: Option<Arrivals>,
    transcript: &Transcript,
) -> Result<Evidence, Failure> {
    let result = transcript.result().map(str::to_owned);
    let gone = result.as_deref() == Some("hangup") && transcript.answered(CONFIRM).is_some();
    let lease = if gone { site.lease_in_time().await? } else { site.lease()? };
    let letter = match &lease {
        Some(_) => site.letter().await.and_then(|bytes| Letter::parse(&bytes)),
        None => None,
    };
    let rules = kernel.rules(&site.plan())?;
    let address = lease.as_ref().and_then(|lease| lease.address.parse().ok()).unwrap_or(ADDRESS);
    let firewall = match (before, kernel.knock(address)?) {
        (Some(before), Some(after)) => Firewall::Real { rules, address, before, after },
        (None, _) | (_, None) => Firewall::Untouched { rules },
    };
    Ok(Evidence { result, lease, firewall, letter, mistakes: transcript.mistakes.clone() })
}

/// As much of a log as leaves what was said before it on the screen.
fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines.get(lines.len().saturating_sub(8)..).unwrap_or_default().join("\n")
}

fn stops() -> Result<[Signal; 3], Failure> {
    let on = |kind| {
        signal(kind)
            .map_err(|error| Failure::new(Exit::IoErr, format!("cannot take signals: {error}")))
    };
    Ok([on(SignalKind::interrupt())?, on(SignalKind::terminate())?, on(SignalKind::hangup())?])
}

fn stopped() -> Failure {
    // The call may have been in the middle of a line.
    show("\n");
    Failure::new(Exit::TempFail, "stopped; everything it had set up is gone again")
}
