//! Calls from the stand-in for Asterisk, whose recordings take no time.

use std::io;
use std::net::SocketAddr;

use dialgate_phone::{Call, CallerId, Script};
use dialgate_tests::site::{ACCOUNT, AGI_PORT, Site};
use tokio::task::JoinSet;

/// Numbers that guess, each three times in one call.
const STRANGERS: u32 = 11;

/// Strangers guess `pin` at so many accounts that the operator is told, and at one until only waiting helps.
pub(crate) fn guess(site: &Site, pin: &str) -> io::Result<()> {
    let nobody =
        (0..STRANGERS).map(|n| (format!("30{n:02}"), logging_in(&format!("1000{n:02}"), pin)));
    let somebody = (0..2).map(|n| (format!("40{n:02}"), logging_in(ACCOUNT, pin)));
    calls(site, nobody.chain(somebody))
}

/// One more stranger guesses `pin` at the one account.
pub(crate) fn guess_once_more(site: &Site, pin: &str) -> io::Result<()> {
    calls(site, [("5000".to_owned(), logging_in(ACCOUNT, pin))])
}

/// A traveller is let in.
pub(crate) fn ask_for_access(site: &Site, account: &str, pin: &str) -> io::Result<()> {
    let script = logging_in(account, pin)
        .on("dialgate/enter-address", "12*34*56*78#")
        .on("dialgate/confirm-address", "1")
        .on("dialgate/choose-lifetime-1-3-7", "1");
    calls(site, [("2001".to_owned(), script)])
}

fn logging_in(account: &str, pin: &str) -> Script {
    Script::new()
        .on("dialgate/enter-account", &format!("{account}#"))
        .on("dialgate/enter-pin", &format!("{pin}#"))
}

/// Calls from these numbers at the same time.
fn calls(site: &Site, calls: impl IntoIterator<Item = (String, Script)> + Send) -> io::Result<()> {
    let server = SocketAddr::from(([127, 0, 0, 1], AGI_PORT));
    site.namespace().enter(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut placed = JoinSet::new();
        for (number, script) in calls {
            placed.spawn_on(Call::dial(server, CallerId::number(number), script), runtime.handle());
        }
        let ended = runtime.block_on(placed.join_all());
        ended.into_iter().collect::<Result<Vec<_>, _>>().map_err(io::Error::other).map(|_| ())
    })?
}
