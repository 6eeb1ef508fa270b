//! What Asterisk's log says about a call.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Something that happened to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A sound began: its name without the format, such as `dialgate/welcome` or `digits/7`.
    Playing(String),
    /// The dialplan's side received a key.
    Key(char),
    /// `[dialgate]` is done; the value of `DIALGATE_RESULT`.
    Ended(String),
    /// The traveller's leg is gone.
    TravellerGone,
    /// Nobody answered the traveller.
    NotAnswered,
}

/// Reads the log as it grows.
#[derive(Debug)]
pub(super) struct Log {
    file: BufReader<File>,
    partial: String,
}

impl Log {
    /// Opens the log of a running Asterisk.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: BufReader::new(File::open(path)?), partial: String::new() })
    }

    /// The next event that is already in the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) fn next_event(&mut self) -> io::Result<Option<Event>> {
        while self.file.read_line(&mut self.partial)? > 0 {
            if !self.partial.ends_with('\n') {
                break;
            }
            let event = parse(&self.partial);
            self.partial.clear();
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }
}

fn parse(line: &str) -> Option<Event> {
    if let Some((_, rest)) = line.split_once("> Playing '") {
        let (file, _) = rest.split_once('\'')?;
        let (name, _format) = file.rsplit_once('.')?;
        return Some(Event::Playing(name.to_owned()));
    }
    if let Some((_, rest)) = line.split_once("DTMF end passthrough '") {
        let key = rest.chars().next()?;
        return rest.contains("' on PJSIP/carrier-").then_some(Event::Key(key));
    }
    let (_, said) = line.split_once("app_verbose.c: ")?;
    if let Some(result) = said.strip_prefix("dialgate: call ended:") {
        return Some(Event::Ended(result.trim().to_owned()));
    }
    match said.trim_end() {
        "traveller: hung up" => Some(Event::TravellerGone),
        "traveller: not answered" => Some(Event::NotAnswered),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_known_by_its_name() {
        let line = "[2026-11-20 10:30:15.095] VERBOSE[24399][C-00000001] file.c: \
                    <PJSIP/carrier-00000001> Playing 'dialgate/welcome.slin' (language 'en')\n";
        assert_eq!(parse(line), Some(Event::Playing("dialgate/welcome".to_owned())));
    }

    #[test]
    fn a_key_counts_on_the_carriers_leg_only() {
        let line =
            "[t] DTMF[1][C-1] channel.c: DTMF end passthrough '*' on PJSIP/carrier-00000001\n";
        assert_eq!(parse(line), Some(Event::Key('*')));
        assert_eq!(parse(&line.replace("carrier", "traveller")), None);
    }

    #[test]
    fn an_empty_result_is_still_an_ending() {
        let line = "[t] VERBOSE[1][C-1] app_verbose.c: dialgate: call ended: \n";
        assert_eq!(parse(line), Some(Event::Ended(String::new())));
    }

    #[test]
    fn the_line_that_announces_an_application_is_no_event() {
        let line = "[t] VERBOSE[1][C-1] pbx.c: Executing [h@dialgate:1] \
                    Verbose(\"PJSIP/carrier-1\", \"1,dialgate: call ended: open\") in new stack\n";
        assert_eq!(parse(line), None);
    }
}
