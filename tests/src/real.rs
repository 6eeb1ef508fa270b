//! Tests that need more than cargo: the visible skip.

use std::env;
use std::io::{self, Write};
use std::path::Path;

use crate::asterisk;

/// Something a test needs from the machine.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// User id 0: namespaces, chroot, the firewall.
    Root,
    /// A program in `PATH`.
    Tool(&'static str),
    /// A Debian package, known by a file of its own.
    Package(&'static str, &'static str),
    /// All that a [`Site`](crate::site::Site) or a [`RootSide`](crate::root_side::RootSide) is made with.
    Site,
    /// The Asterisk root that `tests/asterisk/build-root` makes.
    Asterisk,
}

const SITE: [Need; 5] = [
    Need::Root,
    Need::Tool("ip"),
    Need::Tool("iptables"),
    Need::Tool("ipset"),
    Need::Package("/usr/lib/python3/dist-packages/aiosmtpd", "python3-aiosmtpd"),
];

/// Whether `test` cannot run on this machine; prints `SKIPPED test: why` past the harness's capture.
///
/// # Panics
/// When something is missing although `DIALGATE_REQUIRE_REAL=1`, so that a complete run skips nothing.
#[must_use]
pub fn skipped(test: &str, needs: &[Need]) -> bool {
    let Some(why) = missing(needs) else { return false };
    let required = env::var_os("DIALGATE_REQUIRE_REAL").is_some_and(|value| value == "1");
    assert!(!required, "{test} must not be skipped here: {why}");
    // Not eprintln!, which the harness keeps to itself. A closed stderr changes nothing.
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {why}");
    true
}

fn missing(needs: &[Need]) -> Option<String> {
    let missing: Vec<String> = needs.iter().filter_map(|need| need.missing()).collect();
    (!missing.is_empty()).then(|| missing.join("; "))
}

impl Need {
    fn missing(self) -> Option<String> {
        match self {
            Self::Root if rustix::process::geteuid().is_root() => None,
            Self::Root => Some("needs root".to_owned()),
            Self::Tool(name) if in_path(name) => None,
            Self::Tool(name) => Some(format!("needs the program {name}")),
            Self::Package(file, _) if Path::new(file).exists() => None,
            Self::Package(_, name) => Some(format!("needs the Debian package {name}")),
            Self::Site => missing(&SITE),
            Self::Asterisk if asterisk::is_built() => None,
            Self::Asterisk => Some("needs Asterisk; run tests/asterisk/build-root".to_owned()),
        }
    }
}

fn in_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
        || Path::new("/usr/sbin").join(name).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_exists_is_not_missing() {
        assert_eq!(Need::Tool("sh").missing(), None);
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let missing = Need::Tool("no-such-program").missing().unwrap();
        assert!(missing.contains("no-such-program"));
    }
}
