//! A test letter, through the same outbox as all others.

use std::time::Duration;

use dialgate_contract::config::Transport;
use dialgate_contract::ledger::letter::{self, Fate};
use dialgate_contract::ledger::{Letter, audit, pass};
use jiff::SignedDuration;

use crate::error::Error;
use crate::site::Site;

/// Since when a reconciler that watches has passed at the latest.
const AWAKE: SignedDuration = SignedDuration::from_secs(90);
const LOOKS: u32 = 75;
const PAUSE: Duration = Duration::from_millis(200);

/// Posts it, and tells what has become of it within some seconds.
pub(super) fn send(to: &str, site: &Site) -> Result<String, Error> {
    if site.config.mail.transport == Transport::Off {
        return Ok("No test letter was sent: mail.transport is off.".to_owned());
    }
    let mut ledger = site.ledger()?;
    let id = ledger.write(|tx| {
        audit::record(tx, site.now, &site.operator, "test-letter", None, to)?;
        letter::post(tx, to, &Letter::Test { at: site.now }, site.now)
    })?;
    let last = pass::last(ledger.connection())?;
    if last.is_none_or(|pass| site.now.duration_since(pass.finished_at) > AWAKE) {
        return Ok(format!(
            "The test letter to {to} leaves when dialgate-reconciler runs; `dialgate status` tells whether it left."
        ));
    }
    for _ in 0..LOOKS {
        match letter::fate(ledger.connection(), id)? {
            Some(Fate::Sent) | None => {
                return Ok(format!("The mail server has taken the test letter to {to}."));
            }
            Some(Fate::GivenUp(problem) | Fate::Waiting(Some(problem))) => {
                return Ok(format!("The test letter to {to} did not leave: {problem}"));
            }
            Some(Fate::Waiting(None)) => std::thread::sleep(PAUSE),
        }
    }
    Ok(format!("The test letter to {to} still waits: see `dialgate status`."))
}
