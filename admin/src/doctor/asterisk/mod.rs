//! Asterisk: that it runs, has the dialplan, plays the prompts, reaches the server, and writes no PIN down.

mod call;
mod dialplan;
mod logging;
mod settings;
mod sounds;

use std::path::Path;

use dialgate_contract::Language;

use super::check::{Check, Fix};
use super::place::Place;
use crate::asterisk::ask;
use settings::Settings;

const NAME: &str = "asterisk";

/// `wanted`: languages that accounts have. A call is placed where `calls` says so.
pub(super) fn check(
    asterisk: &Path,
    place: &Place<'_>,
    wanted: &[Language],
    calls: bool,
) -> Vec<Check> {
    if !asterisk.exists() {
        let what =
            format!("{} is not there: nothing about Asterisk was looked at", asterisk.display());
        let fix = "install Asterisk, or say where it is with --asterisk PROGRAM";
        return vec![Check::skip(NAME, what, Fix::advice(fix))];
    }
    let said = ask(asterisk, "core show settings");
    let settings = match said.as_deref().map(Settings::parse) {
        Ok(settings) => settings,
        Err(problem) => {
            let what = format!("{} {problem}", asterisk.display());
            return vec![Check::fail(NAME, what, place.start("asterisk", "start Asterisk"))];
        }
    };
    let asked = Asked { asterisk, settings: &settings };
    let mut checks = vec![settings::check(&settings)];
    let (dialplan, is_loaded) = dialplan::check(&asked, place);
    checks.extend(dialplan);
    checks.extend(sounds::check(&asked, wanted));
    let (logging, verbose) = logging::check(&asked);
    checks.push(logging);
    checks.extend(call::check(&asked, place, verbose.as_ref(), calls && is_loaded));
    checks
}

/// The Asterisk that is asked.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    asterisk: &'a Path,
    settings: &'a Settings,
}

impl Asked<'_> {
    /// What it says; what went wrong is a check of its own.
    fn ask(&self, name: &'static str, question: &str) -> Result<String, Check> {
        ask(self.asterisk, question).map_err(|problem| {
            let what = format!("Asterisk was asked `{question}` and {problem}");
            Check::fail(name, what, Fix::advice("see in Asterisk's log what keeps it busy"))
        })
    }

    /// A command that has Asterisk do something.
    fn tell(&self, command: &str) -> Fix {
        let program = self.asterisk.to_string_lossy();
        let is_usual = self.asterisk == Path::new(crate::asterisk::ASTERISK);
        Fix::run(&[if is_usual { "asterisk" } else { &program }, "-rx", command])
    }
}
