//! A letter's round trip: into the outbox, and until the mail server has taken it.

use std::time::{Duration, Instant};

use dialgate_contract::config::Transport;
use dialgate_contract::ledger::letter::Fate;

use super::check::{Check, Fix};
use super::place::Place;
use crate::contact::Email;
use crate::site::Site;
use crate::test_letter;

const NAME: &str = "letter";
/// By cron it is sent within a minute, and a mail server may take a while.
const PATIENCE: Duration = Duration::from_secs(90);
/// Where nobody passes.
const LITTLE: Duration = Duration::from_secs(5);

/// `is_passing`: whether the reconciler passed lately.
pub(super) fn check(site: &Site, place: &Place<'_>, to: &Email, is_passing: bool) -> Check {
    if place.config.mail.transport == Transport::Off {
        let fix = Fix::advice("say under [mail] in the configuration how letters leave");
        return Check::skip(NAME, "none was sent: mail.transport is off", fix);
    }
    let begun = now();
    let patience = if is_passing { PATIENCE } else { LITTLE };
    let sent = test_letter::post(site, to).and_then(|id| test_letter::wait(site, id, patience));
    match sent {
        Ok(fate) => judge(fate.as_ref(), to, begun.elapsed(), place),
        Err(error) => {
            let fix = Fix::advice("do what it says, then try again");
            Check::fail(NAME, format!("it could not be queued: {error}"), fix)
        }
    }
}

fn judge(fate: Option<&Fate>, to: &Email, took: Duration, place: &Place<'_>) -> Check {
    let to = to.as_str();
    let mail = || {
        Fix::advice(
            "see [mail] in the configuration; `dialgate doctor --letter ADDRESS` tries again",
        )
    };
    match fate {
        Some(Fate::Sent) => {
            let what =
                format!("the mail server took one to {to} within {:.1} s", took.as_secs_f32());
            Check::ok(NAME, what)
        }
        Some(Fate::Waiting(Some(error))) => Check::fail(
            NAME,
            format!("one to {to} was not taken, and is tried again: {error}"),
            mail(),
        ),
        Some(Fate::GivenUp(error)) => {
            Check::fail(NAME, format!("one to {to} was refused for good: {error}"), mail())
        }
        Some(Fate::Waiting(None)) => {
            let what = format!("nobody sent one to {to} within {} s", took.as_secs());
            let fix =
                place.start("dialgate-reconciler", "see what is said of the reconciler above");
            Check::fail(NAME, what, fix)
        }
        None => Check::fail(NAME, format!("one to {to} is gone from the outbox"), mail()),
    }
}

#[expect(clippy::disallowed_methods, reason = "an adapter: patience is counted by the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;
    use dialgate_contract::config::Config;
    use std::path::Path;

    #[test]
    fn only_a_letter_that_the_server_took_is_well() {
        let config = Config::default();
        let place = Place::new(Path::new("/etc/dialgate/dialgate.toml"), &config);
        let to: Email = "ann@example.net".parse().unwrap();
        let said = || "550 no such user".to_owned();
        for (fate, outcome, words) in [
            (Some(Fate::Sent), Health::Ok, "ann@example.net within 1.5 s"),
            (Some(Fate::Waiting(Some(said()))), Health::Fail, "550"),
            (Some(Fate::GivenUp(said())), Health::Fail, "550"),
            (Some(Fate::Waiting(None)), Health::Fail, "nobody sent"),
            (None, Health::Fail, "gone"),
        ] {
            let check = judge(fate.as_ref(), &to, Duration::from_millis(1_500), &place);
            assert!(check.outcome == outcome && check.what.contains(words), "{check:?}");
        }
    }
}
