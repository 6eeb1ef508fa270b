//! The demo: a whole dialgate in a temporary folder, a call to it, and what came of the call.

mod evidence;
mod kernel;
mod letter;
mod network;
mod process;
mod site;
mod story;

use std::io::{self, IsTerminal};
use std::net::Ipv4Addr;

use dialgate_contract::Exit;
use jiff::tz::TimeZone;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::evidence::{Evidence, Firewall};
use self::kernel::Kernel;
use self::letter::Letter;
use self::network::Arrivals;
use self::site::{Account, Site};
use crate::failure::Failure;
use crate::program::{self, PACE};
use crate::telephone::{Echo, lift, show};
use crate::{Call, CallerId, Clock, Script, Transcript};

/// The hotel's address, unless the traveller keys in another one.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(12, 34, 56, 78);
const ADDRESS_KEYS: &str = "12*34*56*78#";

/// Who makes the call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Traveller {
    /// Somebody at this terminal.
    Person,
    /// Nobody: there is no terminal, so the demo plays a call and looks whether all was as it should be.
    Script,
}

/// Plays the demo. It leaves nothing behind, also when it is stopped.
pub(crate) fn run() -> Result<(), Failure> {
    // A network can only be left for another while there is one thread.
    let kernel = Kernel::prepare();
    program::runtime()?.block_on(async {
        let mut stops = stops()?;
        let [interrupted, terminated, hung_up] = &mut stops;
        tokio::select! {
            outcome = play(&kernel) => outcome,
            _ = interrupted.recv() => Err(stopped()),
            _ = terminated.recv() => Err(stopped()),
            _ = hung_up.recv() => Err(stopped()),
        }
    })
}

async fn play(kernel: &Kernel) -> Result<(), Failure> {
    let style = program::style();
    let mut site = Site::build(kernel.backend())?;
    let account = site.open_account()?;
    site.start().await?;
    show(&story::opening(&account, ADDRESS_KEYS, kernel, style));
    let before = kernel.knock(ADDRESS)?;
    if let Some(before) = before {
        show(&story::before(ADDRESS, before, style));
    }
    show(&lift(style));
    let traveller = Traveller::present();
    let transcript = call(&site, &account, traveller).await?;
    let evidence = gather(&site, kernel, before, &transcript).await?;
    show(&story::after(&evidence, &TimeZone::system(), style));
    if traveller == Traveller::Person && !evidence.is_open() {
        return Ok(());
    }
    let expected = (traveller == Traveller::Script).then_some(ADDRESS);
    let faults = evidence.faults(&account.account, expected);
    show(&story::verdict(&faults, style));
    if faults.is_empty() {
        return Ok(());
    }
    let log = site.log();
    Err(Failure::new(
        Exit::Software,
        format!("the demo did not go as it should; the reconciler said:\n{log}"),
    ))
}

impl Traveller {
    fn present() -> Self {
        let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        if terminal { Traveller::Person } else { Traveller::Script }
    }
}

async fn call(site: &Site, account: &Account, traveller: Traveller) -> Result<Transcript, Failure> {
    let call = Call::new(site.server(), CallerId::number("15550100"));
    let screen = program::screen()?;
    Ok(match traveller {
        Traveller::Person => {
            let mut person = program::person()?;
            call.clock(Clock::Real(PACE)).longest(None).place(&mut person).await?
        }
        Traveller::Script => {
            let script = Script::new()
                .on("dialgate/enter-account", &format!("{}#", account.account))
                .on("dialgate/enter-pin", &format!("{}#", account.pin))
                .on("dialgate/enter-address", ADDRESS_KEYS)
                .on("dialgate/confirm-address", "1");
            call.place(&mut Echo::new(script, screen)).await?
        }
    })
}

async fn gather(
    site: &Site,
    kernel: &Kernel,
    before: Option<Arrivals>,
    transcript: &Transcript,
) -> Result<Evidence, Failure> {
    let lease = site.lease()?;
    let letter = match &lease {
        Some(_) => site.letter().await.and_then(|bytes| Letter::parse(&bytes)),
        None => None,
    };
    let rules = kernel.rules(&site.plan())?;
    let firewall = match before {
        Some(before) => {
            let address = lease.as_ref().and_then(|lease| lease.address.parse().ok());
            let after = address.map(|address| kernel.knock(address)).transpose()?.flatten();
            Firewall::Real { rules, before, after }
        }
        None => Firewall::Untouched { rules },
    };
    let result = transcript.result().map(str::to_owned);
    Ok(Evidence { result, lease, firewall, letter, mistakes: transcript.mistakes.clone() })
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
