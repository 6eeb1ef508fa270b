//! What a caller waits for on a real call: from the confirming key, sent through a real Asterisk, to the words that
//! follow it. "One moment, please" is played to its end before the outcome.

use std::io;
use std::net::Ipv4Addr;
use std::time::Instant;

use dialgate_tests::asterisk::{Asterisk, Recordings};
use dialgate_tests::site::{ACCOUNT, PIN, Site};

use crate::sample::Sample;

/// Makes `calls` calls one after the other, and prints what they took.
pub(crate) fn measure(calls: u8) -> io::Result<String> {
    // No longer than the default: nobody is asked for how long.
    let site = Site::start("[lease]\nmax = \"24h\"\naccount-requests-per-hour = 1000000\n")?;
    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed)?;
    let (mut moment, mut outcome) = (Sample::default(), Sample::default());
    for last in 1..=calls {
        let address = Ipv4Addr::new(12, 34, 56, last).to_string().replace('.', "*");
        let mut call = asterisk.dial()?;
        for (prompt, keys) in [
            ("dialgate/enter-account", format!("{ACCOUNT}#")),
            ("dialgate/enter-pin", format!("{PIN}#")),
            ("dialgate/enter-address", format!("{address}#")),
        ] {
            call.hear(prompt)?;
            call.press(&keys)?;
        }
        call.hear("dialgate/confirm-address")?;
        let confirmed = confirm(&mut call)?;
        call.hear("dialgate/one-moment")?;
        moment.push(confirmed.elapsed());
        call.hear("dialgate/open-until")?;
        outcome.push(confirmed.elapsed());
        call.end()?;
        // Whoever is let in already hears the menu first.
        site.dialgate(&["lease", "revoke", ACCOUNT])?;
    }
    let mut report = Sample::heading(&format!("milliseconds, {calls} calls through Asterisk"));
    report += &moment.line("confirming key sent to \"one moment, please\"");
    report += &outcome.line("confirming key sent to \"your access is open\"");
    report += "the key itself takes 80 ms to send, and the log is read every 5 ms\n";
    Ok(report)
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn confirm(call: &mut dialgate_tests::asterisk::Call<'_>) -> io::Result<Instant> {
    let confirmed = Instant::now();
    call.press("1")?;
    Ok(confirmed)
}
