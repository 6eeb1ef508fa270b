//! The block of `agi_*` lines with which Asterisk opens a session.

use std::collections::BTreeMap;

/// The keys in the order in which `res_agi.c` writes them, the same from Asterisk 18 to 23.
const KEYS: [&str; 22] = [
    "agi_network",
    SCRIPT,
    "agi_request",
    "agi_channel",
    "agi_language",
    "agi_type",
    "agi_uniqueid",
    "agi_version",
    "agi_callerid",
    "agi_calleridname",
    "agi_callingpres",
    "agi_callingani2",
    "agi_callington",
    "agi_callingtns",
    "agi_dnid",
    "agi_rdnis",
    "agi_context",
    "agi_extension",
    "agi_priority",
    "agi_enhanced",
    "agi_accountcode",
    "agi_threadid",
];

/// Those of them that an accessor gives out.
const KEPT: [&str; 7] = [
    SCRIPT,
    "agi_channel",
    "agi_language",
    "agi_uniqueid",
    "agi_callerid",
    "agi_context",
    "agi_extension",
];

/// Left out by Asterisk when the URL has no path.
const SCRIPT: &str = "agi_network_script";

const MAX_LINES: usize = 64;
const MAX_BYTES: usize = 4096;

/// What Asterisk says about a call before the first command. Nothing in it is proof of anything:
/// caller and dialplan choose most values.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Environment {
    values: BTreeMap<&'static str, String>,
    args: Vec<String>,
}

impl Environment {
    /// The path of the FastAGI URL without its leading slash, query and fragment; may be empty.
    #[must_use]
    pub fn script(&self) -> &str {
        self.value(SCRIPT).split(['?', '#']).next().unwrap_or_default()
    }

    /// The query of the FastAGI URL, as written: nothing is percent-decoded.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        let url = self.value(SCRIPT).split('#').next().unwrap_or_default();
        url.split_once('?').map(|(_, query)| query)
    }

    /// The channel's name, such as `PJSIP/trunk-00000005`.
    #[must_use]
    pub fn channel(&self) -> &str {
        self.value("agi_channel")
    }

    /// The channel's language, such as `en`.
    #[must_use]
    pub fn language(&self) -> &str {
        self.value("agi_language")
    }

    /// The channel's unique id.
    #[must_use]
    pub fn uniqueid(&self) -> &str {
        self.value("agi_uniqueid")
    }

    /// The caller's number as claimed, or `None` when Asterisk knows none.
    #[must_use]
    pub fn caller_id(&self) -> Option<&str> {
        Some(self.value("agi_callerid")).filter(|number| !number.is_empty() && *number != "unknown")
    }

    /// The dialplan context that called us.
    #[must_use]
    pub fn context(&self) -> &str {
        self.value("agi_context")
    }

    /// The dialplan extension that called us; `h` means that the caller has already hung up.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.value("agi_extension")
    }

    /// The arguments after the URL, in order; empty ones are kept.
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.args
    }

    fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }
}

/// Reads the block line by line and accepts nothing but the next line that Asterisk would write.
///
/// A SIP caller can put line feeds into `agi_callerid` and others, so a lenient reader takes forged
/// lines, forged arguments and a forged end of the block.
pub(super) struct EnvironmentReader {
    environment: Environment,
    lines: usize,
    bytes: usize,
    next_key: usize,
}

impl EnvironmentReader {
    pub(super) fn new() -> Self {
        let environment = Environment { values: BTreeMap::new(), args: Vec::new() };
        Self { environment, lines: 0, bytes: 0, next_key: 0 }
    }

    /// Takes one line without its line feed; the blank line yields the environment.
    pub(super) fn accept(&mut self, line: &[u8]) -> Result<Option<Environment>, EnvironmentError> {
        self.lines += 1;
        self.bytes += line.len() + 1;
        if self.lines > MAX_LINES || self.bytes > MAX_BYTES {
            return Err(EnvironmentError::TooLong);
        }
        if line.is_empty() {
            return self.end().map(Some);
        }
        let line = String::from_utf8_lossy(line);
        if line.chars().any(char::is_control) {
            return Err(EnvironmentError::ControlCharacter { line: self.lines });
        }
        let Some((key, value)) = line.split_once(": ") else { return Err(self.unexpected()) };
        self.accept_pair(key, value)?;
        Ok(None)
    }

    fn accept_pair(&mut self, key: &str, value: &str) -> Result<(), EnvironmentError> {
        let Some(mut expected) = KEYS.get(self.next_key) else {
            return self.accept_arg(key, value);
        };
        if *expected == SCRIPT && key != SCRIPT {
            self.next_key += 1;
            expected = KEYS.get(self.next_key).unwrap_or(expected);
        }
        if key != *expected || (key == "agi_network" && value != "yes") {
            return Err(self.unexpected());
        }
        self.next_key += 1;
        if KEPT.contains(expected) {
            self.environment.values.insert(expected, value.to_owned());
        }
        Ok(())
    }

    fn accept_arg(&mut self, key: &str, value: &str) -> Result<(), EnvironmentError> {
        let args = &mut self.environment.args;
        if key != format!("agi_arg_{}", args.len() + 1) {
            return Err(self.unexpected());
        }
        args.push(value.to_owned());
        Ok(())
    }

    fn end(&mut self) -> Result<Environment, EnvironmentError> {
        if KEYS.get(self.next_key).is_some() {
            return Err(self.unexpected());
        }
        Ok(std::mem::take(&mut self.environment))
    }

    fn unexpected(&self) -> EnvironmentError {
        let expected = KEYS.get(self.next_key).copied().unwrap_or("agi_arg_N or the blank line");
        EnvironmentError::Unexpected { line: self.lines, expected }
    }
}

/// Why a block is not the environment of a FastAGI session. The line itself is not repeated: it may
/// be a caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A line out of order, doubled, forged, or not `key: value`.
    #[error(
        "line {line} of the AGI environment is not {expected}; if Asterisk is calling, filter the caller's identity in the dialplan"
    )]
    Unexpected {
        /// Its number, from 1.
        line: usize,
        /// The key that Asterisk writes at this place.
        expected: &'static str,
    },
    /// A control character in a line.
    #[error(
        "line {line} of the AGI environment holds a control character; filter the caller's identity in the dialplan"
    )]
    ControlCharacter {
        /// Its number, from 1.
        line: usize,
    },
    /// More than 64 lines or 4096 bytes.
    #[error(
        "the AGI environment is longer than 64 lines or 4096 bytes; shorten the AGI() arguments"
    )]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::super::EXAMPLE_ENVIRONMENT;
    use super::*;

    fn read(block: &str) -> Result<Option<Environment>, EnvironmentError> {
        let mut reader = EnvironmentReader::new();
        let mut environment = None;
        for line in block.strip_suffix('\n').unwrap_or(block).split('\n') {
            assert_eq!(environment, None, "the block ends at its blank line");
            environment = reader.accept(line.as_bytes())?;
        }
        Ok(environment)
    }

    fn example() -> String {
        String::from_utf8(EXAMPLE_ENVIRONMENT.to_vec()).unwrap()
    }

    #[test]
    fn the_environment_says_what_was_called() {
        let environment = read(&example()).unwrap().unwrap();
        assert_eq!((environment.script(), environment.query()), ("whitelist", Some("trunk=a")));
        assert_eq!(environment.channel(), "PJSIP/trunk-00000005");
        assert_eq!(environment.uniqueid(), "1795160061.115");
        assert_eq!(environment.caller_id(), Some("2001"));
        assert_eq!((environment.context(), environment.extension()), ("dialgate", "s"));
        assert_eq!(environment.args(), ["first"]);
    }

    #[test]
    fn a_url_without_a_path_has_no_script_line() {
        let block = example().replace("agi_network_script: whitelist?trunk=a\n", "");
        let environment = read(&block).unwrap().unwrap();
        assert_eq!((environment.script(), environment.query()), ("", None));
    }

    #[test]
    fn every_line_left_out_or_doubled_is_refused() {
        let lines: Vec<String> = example().split_inclusive('\n').map(str::to_owned).collect();
        for at in 0..lines.len() - 1 {
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at].clone());
            assert!(read(&doubled.concat()).is_err(), "{} doubled", lines[at]);
            let mut without = lines.clone();
            let left_out = without.remove(at);
            let optional = left_out.starts_with(SCRIPT) || left_out.starts_with("agi_arg_");
            assert_eq!(read(&without.concat()).is_err(), !optional, "{left_out} left out");
        }
    }

    #[test]
    fn arguments_are_numbered_from_one_without_gaps() {
        for bad in ["agi_arg_2: x", "agi_arg_01: x", "agi_arg_: x", "agi_arg_1 : x"] {
            assert!(read(&example().replace("agi_arg_1: first", bad)).is_err(), "{bad}");
        }
        let many = example().replace("agi_arg_1: first", "agi_arg_1: \nagi_arg_2: a: b");
        assert_eq!(read(&many).unwrap().unwrap().args(), ["", "a: b"]);
    }

    #[test]
    fn control_characters_are_refused_and_other_bytes_are_kept_lossily() {
        for bad in ["\r", "\0", "\u{1b}[2J", "\u{7f}", "\u{85}", "\t"] {
            let block = example().replace("Alice", bad);
            assert_eq!(
                read(&block),
                Err(EnvironmentError::ControlCharacter { line: 10 }),
                "{bad:?}"
            );
        }
        let mut reader = EnvironmentReader::new();
        assert_eq!(reader.accept(b"agi_network: yes"), Ok(None));
        assert_eq!(reader.accept(b"agi_network_script: caf\xc3\xa9 \xff"), Ok(None));
        assert_eq!(reader.environment.script(), "café \u{fffd}");
    }

    #[test]
    fn a_block_that_does_not_end_is_refused() {
        let args: String = (1..=60).map(|number| format!("agi_arg_{number}: x\n")).collect();
        let block = example().replace("agi_arg_1: first\n", &args);
        assert_eq!(read(&block), Err(EnvironmentError::TooLong));
        let long = example().replace("Alice", &"a".repeat(MAX_BYTES));
        assert_eq!(read(&long), Err(EnvironmentError::TooLong));
    }
}
