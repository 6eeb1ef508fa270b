//! What Asterisk writes into its logs: no keys, and so no PINs.

use std::path::PathBuf;

use super::super::check::{Check, Fix};
use super::Asked;

const NAME: &str = "logs";

/// A place that Asterisk writes a log to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Channel {
    name: String,
    is_file: bool,
    levels: Vec<String>,
}

/// Where what is verbose goes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verbose {
    pub(super) files: Vec<PathBuf>,
    /// Whether it also goes where it cannot be read again, such as to syslog.
    pub(super) elsewhere: bool,
}

/// Where what is verbose goes, too.
pub(super) fn check(asked: &Asked<'_>) -> (Check, Option<Verbose>) {
    match asked.ask(NAME, "logger show channels") {
        Ok(said) => {
            let channels = channels(&said);
            (judge(&channels, asked.settings.debug), Some(Verbose::of(&channels)))
        }
        Err(check) => (check, None),
    }
}

impl Verbose {
    fn of(channels: &[Channel]) -> Self {
        let (files, others): (Vec<&Channel>, Vec<&Channel>) =
            channels.iter().filter(|it| it.has("VERBOSE")).partition(|it| it.is_file);
        let files = files.into_iter().map(|it| it.name.clone().into()).collect();
        Self { files, elsewhere: !others.is_empty() }
    }
}

impl Channel {
    fn has(&self, level: &str) -> bool {
        self.levels.iter().any(|own| own == level)
    }
}

/// `logger show channels`: name, type, formatter, status and levels, in columns (`main/logger.c`).
fn channels(text: &str) -> Vec<Channel> {
    let lines = text.lines().filter_map(|line| {
        // A name may have spaces in it, but not this.
        let (left, levels) = line.split_once(" - ")?;
        let words: Vec<&str> = left.split_whitespace().collect();
        let [name @ .., kind, _formatter, status] = words.as_slice() else { return None };
        (*status == "Enabled" && !name.is_empty()).then(|| Channel {
            name: name.join(" "),
            is_file: *kind == "File",
            levels: levels.split_whitespace().map(str::to_owned).collect(),
        })
    });
    lines.collect()
}

fn judge(channels: &[Channel], debug: u32) -> Check {
    if let Some(channel) = channels.iter().find(|channel| channel.has("DTMF")) {
        let what = format!("Asterisk writes every key, and so PINs, to {}", channel.name);
        let fix = "take `dtmf` out of its line in logger.conf (FreePBX: Asterisk Logfile Settings), then `asterisk -rx \
                   'logger reload'`; and remove what was written";
        return Check::fail(NAME, what, Fix::advice(fix));
    }
    if debug > 0
        && let Some(channel) = channels.iter().find(|channel| channel.has("DEBUG"))
    {
        let what = format!(
            "Asterisk debugs at level {debug} into {}: keys can be read there",
            channel.name
        );
        return Check::fail(NAME, what, Fix::run(&["asterisk", "-rx", "core set debug off"]));
    }
    Check::ok(NAME, "no key of a caller is written to a log")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    const HEAD: &str = "Logger queue limit: 1000\n\nChannel                             Type     Formatter  Status    Configuration\n-------                             ----     ---------  ------    -------------\n";

    fn judged(lines: &str, debug: u32) -> Check {
        judge(&channels(&format!("{HEAD}{lines}")), debug)
    }

    #[test]
    fn a_log_that_takes_keys_is_told() {
        let full = "/var/log/asterisk/full              File     default    Enabled    - NOTICE WARNING ERROR VERBOSE DTMF \n";
        let messages = "/var/log/asterisk/messages          File     default    Enabled    - NOTICE WARNING ERROR \n";
        let debug = "/var/log/asterisk/debug.log         File     default    Enabled    - DEBUG \n";
        for (lines, level, outcome) in [
            (String::new(), 9, Health::Ok),
            (messages.to_owned(), 0, Health::Ok),
            (format!("{messages}{full}"), 0, Health::Fail),
            (full.replace("Enabled ", "Disabled"), 0, Health::Ok),
            (debug.to_owned(), 0, Health::Ok),
            (debug.to_owned(), 3, Health::Fail),
            (full.replace("File   ", "Console"), 0, Health::Fail),
        ] {
            let check = judged(&lines, level);
            assert_eq!(check.outcome, outcome, "{lines}: {check:?}");
        }
        assert!(judged(full, 0).what.contains("/var/log/asterisk/full"));
    }

    #[test]
    fn channels_are_read_with_their_kinds_and_levels() {
        let line = "/var/log/a b                        File     default    Enabled    - NOTICE VERBOSE \n";
        let expected = Channel {
            name: "/var/log/a b".to_owned(),
            is_file: true,
            levels: vec!["NOTICE".to_owned(), "VERBOSE".to_owned()],
        };
        let channels = channels(&format!("{HEAD}{line}"));
        assert_eq!(channels, [expected]);
        let verbose = Verbose { files: vec!["/var/log/a b".into()], elsewhere: false };
        assert_eq!(Verbose::of(&channels), verbose);
        let console = Channel { is_file: false, ..channels[0].clone() };
        assert_eq!(Verbose::of(&[console]), Verbose { files: Vec::new(), elsewhere: true });
    }
}
