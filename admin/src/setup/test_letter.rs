//! What becomes of a test letter, in words.

use std::time::Duration;

use dialgate_contract::config::Transport;
use dialgate_contract::ledger::letter::Fate;
use dialgate_contract::ledger::pass;
use jiff::SignedDuration;

use crate::contact::Email;
use crate::error::Error;
use crate::site::Site;
use crate::test_letter;

/// Since when a reconciler that runs has passed at the latest.
const AWAKE: SignedDuration = SignedDuration::from_secs(90);
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends one, and tells what has become of it within some seconds.
pub(super) fn send(to: &Email, site: &Site) -> Result<String, Error> {
    if site.config.mail.transport == Transport::Off {
        return Ok("No test letter was sent: mail.transport is off.".to_owned());
    }
    let id = test_letter::post(site, to)?;
    let to = to.as_str();
    let last = pass::last(site.reader()?.connection())?;
    if last.is_none_or(|pass| site.now.duration_since(pass.finished_at) > AWAKE) {
        return Ok(format!(
            "The test letter to {to} leaves when dialgate-reconciler runs; `dialgate status` tells whether it left."
        ));
    }
    Ok(match test_letter::wait(site, id, PATIENCE)? {
        Some(Fate::Sent) | None => format!("The mail server has taken the test letter to {to}."),
        Some(Fate::GivenUp(problem) | Fate::Waiting(Some(problem))) => {
            format!("The test letter to {to} did not leave: {problem}")
        }
        Some(Fate::Waiting(None)) => {
            format!("The test letter to {to} still waits: see `dialgate status`.")
        }
    })
}
