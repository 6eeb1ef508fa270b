use std::path::Path;

use dialgate_contract::config::{Config, DEFAULT_FILE};

use super::check::{Fix, command};

/// Where the site is that is looked at.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) config_file: &'a Path,
    pub(super) config: &'a Config,
    /// Whether systemd runs this machine.
    pub(super) has_systemd: bool,
    has_accounts: bool,
}

impl<'a> Place<'a> {
    pub(super) const fn new(config_file: &'a Path, config: &'a Config) -> Self {
        Self { config_file, config, has_systemd: false, has_accounts: false }
    }

    /// As `sd_booted(3)` tells.
    pub(super) fn look_for_systemd(mut self) -> Self {
        self.has_systemd = Path::new("/run/systemd/system").is_dir();
        self
    }

    pub(super) const fn with_accounts(mut self, has_accounts: bool) -> Self {
        self.has_accounts = has_accounts;
        self
    }

    pub(super) const fn has_accounts(&self) -> bool {
        self.has_accounts
    }

    /// A command of ours, for this site.
    pub(super) fn dialgate(&self, words: &[&str]) -> Fix {
        Fix::Run(vec![self.program("dialgate", words)])
    }

    /// A program of ours, for this site.
    pub(super) fn program(&self, program: &str, words: &[&str]) -> String {
        let file = self.config_file.to_string_lossy();
        let config: &[&str] =
            if self.config_file == Path::new(DEFAULT_FILE) { &[] } else { &["--config", &file] };
        command(&[&[program], config, words].concat())
    }

    /// Starts what has to run all the time.
    pub(super) fn start(&self, service: &str, otherwise: &str) -> Fix {
        if self.has_systemd {
            return Fix::run(&["systemctl", "restart", service]);
        }
        Fix::advice(otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_configuration_unless_it_is_the_usual_one() {
        let config = Config::default();
        for (file, expected) in [
            (DEFAULT_FILE, "dialgate init"),
            ("/srv/my pbx/dialgate.toml", "dialgate --config '/srv/my pbx/dialgate.toml' init"),
        ] {
            let place = Place::new(Path::new(file), &config);
            assert_eq!(place.program("dialgate", &["init"]), expected);
        }
    }
}
