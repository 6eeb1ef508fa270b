use std::path::PathBuf;

use super::super::check::{Check, Fix};

/// Major versions that dialgate was tried with.
const KNOWN: std::ops::RangeInclusive<u32> = 18..=23;

/// What `core show settings` tells (`handle_show_settings` of `main/asterisk.c`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Settings {
    pub(super) version: String,
    /// How much is written to logs of the level `debug`.
    pub(super) debug: u32,
    pub(super) configuration: PathBuf,
    /// Where `sounds` is.
    pub(super) data: PathBuf,
}

impl Settings {
    pub(super) fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name));
            line.map(str::trim).unwrap_or_default()
        };
        Self {
            version: value("Version:").to_owned(),
            debug: value("Debug level:").parse().unwrap_or(0),
            configuration: value("Configuration directory:").into(),
            data: value("Data directory:").into(),
        }
    }
}

pub(super) fn check(settings: &Settings) -> Check {
    let major = settings.version.split(|c: char| !c.is_ascii_digit()).next();
    let version = &settings.version;
    match major.and_then(|major| major.parse().ok()) {
        Some(major) if KNOWN.contains(&major) => {
            // What packagers add to it is of no use here.
            let plain = version.split(['+', '~', '-']).next().unwrap_or(version);
            Check::ok("asterisk", format!("version {plain} answers"))
        }
        Some(_) | None => Check::warn(
            "asterisk",
            format!("version {version:?} answers; dialgate was tried with 18 to 23"),
            Fix::advice("place a whole call before you rely on it"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn what_asterisk_tells_of_itself_is_read() {
        let text = "\nPBX Core settings\n-----------------\n  Version:                     22.10.1+dfsg\n  \
            Debug level:                 3\n\n* Directories\n  -------------\n  \
            Configuration file:          /etc/asterisk/asterisk.conf\n  \
            Configuration directory:     /etc/asterisk\n  Data directory:              /usr/share/asterisk\n";
        let expected = Settings {
            version: "22.10.1+dfsg".to_owned(),
            debug: 3,
            configuration: "/etc/asterisk".into(),
            data: "/usr/share/asterisk".into(),
        };
        assert_eq!(Settings::parse(text), expected);
        assert_eq!(Settings::parse("No such command"), Settings::default());
    }

    #[test]
    fn a_version_that_nobody_tried_is_told() {
        for (version, outcome) in [
            ("18.26.4", Health::Ok),
            ("23.0.0-rc1", Health::Ok),
            ("16.2.1", Health::Warn),
            ("GIT-master-1a2b", Health::Warn),
            ("", Health::Warn),
        ] {
            let settings = Settings { version: version.to_owned(), ..Settings::default() };
            assert_eq!(check(&settings).outcome, outcome, "{version}");
        }
    }
}
