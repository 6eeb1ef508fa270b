//! A letter that is to show whether letters arrive, through the same outbox as all others.

use std::time::{Duration, Instant};

use dialgate_contract::ledger::letter::Fate;
use dialgate_contract::ledger::{Letter, LetterId, audit, letter};

use crate::contact::Email;
use crate::error::Error;
use crate::site::Site;

/// How often it is looked what has become of it.
const PAUSE: Duration = Duration::from_millis(200);

/// Puts one into the outbox.
pub(crate) fn post(site: &Site, to: &Email) -> Result<LetterId, Error> {
    let test = Letter::Test { at: site.now };
    let mut ledger = site.ledger()?;
    ledger.write(|tx| {
        audit::record(tx, site.now, &site.operator, "test-letter", None, to.as_str())?;
        Ok(letter::post(tx, to.as_str(), &test, site.now)?)
    })
}

/// Until it is sent or has failed once, or nobody has cared for it.
pub(crate) fn wait(site: &Site, id: LetterId, patience: Duration) -> Result<Option<Fate>, Error> {
    let (reader, end) = (site.reader()?, now() + patience);
    loop {
        let fate = letter::fate(reader.connection(), id)?;
        if fate != Some(Fate::Waiting(None)) || now() >= end {
            return Ok(fate);
        }
        std::thread::sleep(PAUSE);
    }
}

#[expect(clippy::disallowed_methods, reason = "an adapter: patience is counted by the clock")]
fn now() -> Instant {
    Instant::now()
}
