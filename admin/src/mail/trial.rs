//! A letter's way, tried: into the outbox, and until somebody has taken it.

use std::time::{Duration, Instant};

use dialgate_contract::config::{Mail, Transport};
use dialgate_contract::ledger::pass;
use jiff::SignedDuration;

use super::MailError;
use crate::contact::Email;
use crate::error::Error;
use crate::print;
use crate::report::{MailTest, Report};
use crate::site::Site;
use crate::test_letter;

/// By cron it is sent within a minute, and a mail server may take a while.
const PATIENCE: Duration = Duration::from_secs(90);
/// Where nobody passes.
const LITTLE: Duration = Duration::from_secs(5);
/// Since when a reconciler that runs has passed at the latest.
const AWAKE: SignedDuration = SignedDuration::from_secs(90);

pub(super) fn run(to: &Email, site: &Site) -> Result<Report, Error> {
    let mail = &site.config.mail;
    if mail.transport == Transport::Off {
        return Err(MailError::Off.into());
    }
    let id = test_letter::post(site, to)?;
    let last = pass::last(site.reader()?.connection())?.map(|pass| pass.finished_at);
    let is_passing = last.is_some_and(|last| site.now.duration_since(last) <= AWAKE);
    print::meanwhile(&format!("letter {} is in the outbox; waiting until it has left", id.row()));
    let begun = now();
    let fate = test_letter::wait(site, id, if is_passing { PATIENCE } else { LITTLE })?;
    let took = begun.elapsed();
    let (to, through) = (to.as_str().to_owned(), through(mail));
    Ok(Report::MailTest(MailTest::new(id, to, through, fate, took)))
}

/// Who takes letters.
fn through(mail: &Mail) -> String {
    match mail.transport {
        Transport::Smtp => format!("the mail server {}:{}", mail.host, mail.port),
        Transport::Sendmail => "this machine's sendmail".to_owned(),
        Transport::File | Transport::Off => format!("the folder {}", mail.directory.display()),
    }
}

#[expect(clippy::disallowed_methods, reason = "an adapter: patience is counted by the clock")]
fn now() -> Instant {
    Instant::now()
}
