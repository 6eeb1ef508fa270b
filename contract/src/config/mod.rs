//! The configuration file, the same for all programs. Every key is optional; an unknown one is an error.

mod chain;
mod default;
mod error;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{Lifetime, Network, ServiceName, SystemUser, SystemUserError};

pub use chain::{Anchor, ChainName, ChainNameError};
pub use error::ConfigError;

/// Where the configuration is looked for when no `--config` says otherwise.
pub const DEFAULT_FILE: &str = "/etc/dialgate/dialgate.toml";

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where `ledger.db` and `queue/queue.db` are.
    pub data_dir: PathBuf,
    /// The secret that hashed PINs are useless without.
    pub pepper_file: PathBuf,
    /// Whom the telephone side and root's children run as; empty to change nothing (tests).
    pub user: String,
    /// The telephone side.
    pub agi: Agi,
    /// How long access lasts, and for how many.
    pub lease: Lease,
    /// The kernel's side.
    pub firewall: Firewall,
    /// What else is let in while our chain keeps everybody else out.
    pub base_policy: BasePolicy,
    /// Letters.
    pub mail: Mail,
    /// What the programs count.
    pub metrics: Metrics,
}

/// `[agi]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Agi {
    /// Where Asterisk finds the FastAGI server.
    pub listen: SocketAddr,
    /// Let `listen` be an address that other machines reach.
    pub allow_other_hosts: bool,
    /// Calls at a time; further ones hear that all lines are busy.
    pub max_calls: u16,
    /// How long the caller is kept to hear the outcome.
    pub wait_for_open: Lifetime,
}

/// `[lease]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lease {
    /// For accounts that have no time of their own.
    pub default: Lifetime,
    /// Never longer than this. Accounts and services may have shorter limits of their own.
    pub max: Lifetime,
    /// Addresses open at a time for one account that has no number of its own; a new one takes the place of the one that
    /// was not used for longest.
    pub addresses_per_account: u8,
    /// A lease that carried no packet for so long ends; not at all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_end: Option<Lifetime>,
    /// So long before its end the traveller is reminded of a lease that lasts for more than twice as long; not at all
    /// when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminder: Option<Lifetime>,
    /// Requests granted to one account in an hour.
    pub account_requests_per_hour: u32,
    /// Requests granted to all accounts together in an hour.
    pub site_requests_per_hour: u32,
}

/// `[firewall]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Firewall {
    /// What carries out the plan.
    pub backend: Backend,
    /// The name of our chain.
    pub chain: ChainName,
    /// The chain that jumps to ours, or `auto`.
    pub anchor: Anchor,
    /// Accept RFC 1918 addresses from callers (laboratories).
    pub allow_private: bool,
    /// A lease lifts fail2ban's ban of its address; otherwise the caller hears of the ban.
    pub unban: bool,
}

/// `[base-policy]`: who is to be exempt from it. What holds is in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BasePolicy {
    /// Networks that everything is open to, such as 192.168.1.0/24.
    pub lan: Vec<Network>,
    /// Services that are open to everybody, such as rtp where a provider sends voice from anywhere.
    pub open: Vec<ServiceName>,
}

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mail {
    /// How letters leave.
    pub transport: Transport,
    /// The mail server's name or address.
    pub host: String,
    /// The mail server's port.
    pub port: u16,
    /// How the connection to it is protected.
    pub tls: Tls,
    /// The name to log in with; empty to not log in.
    pub username: String,
    /// The file that holds the password to log in with.
    pub password_file: PathBuf,
    /// Whom letters are from.
    pub from: String,
    /// Where `transport = "file"` puts letters.
    pub directory: PathBuf,
    /// Who is told of refusals, lock-outs and failures.
    pub operator: Vec<String>,
    /// The folder with letters in words of the operator's own; empty: none.
    pub templates: PathBuf,
}

/// `[metrics]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Metrics {
    /// The folder of node_exporter's textfile collector; empty: no metrics are written.
    pub directory: PathBuf,
}

text_enum! {
    /// What carries out the plan.
    pub enum Backend ("firewall backend") {
        /// The kernel, by ipset and iptables.
        Ipset = "ipset",
        /// Nothing: the plan is printed.
        DryRun = "dry-run",
    }
}

text_enum! {
    /// How letters leave.
    pub enum Transport ("mail transport") {
        /// To a mail server.
        Smtp = "smtp",
        /// By this machine's sendmail program.
        Sendmail = "sendmail",
        /// Into a folder, as `.eml` files.
        File = "file",
        /// Not at all.
        Off = "off",
    }
}

text_enum! {
    /// How the connection to a mail server is protected.
    pub enum Tls ("TLS mode") {
        /// Not at all.
        None = "none",
        /// Plain at first, then upgraded (RFC 3207); refused when the server does not offer it.
        Starttls = "starttls",
        /// From the first byte (RFC 8314).
        Tls = "tls",
    }
}

impl Agi {
    /// Whether more than this machine may reach the FastAGI server.
    #[must_use]
    pub fn is_open_to_other_hosts(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or does not say what it should.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config: Self = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.check(path)?;
        Ok(config)
    }

    fn check(&self, path: &Path) -> Result<(), ConfigError> {
        let wrong = |key, wrong: &str| {
            Err(ConfigError::Value { path: path.to_owned(), key, wrong: wrong.to_owned() })
        };
        if !self.data_dir.is_absolute() {
            return wrong("data-dir", "must begin with /");
        }
        if self.lease.default > self.lease.max {
            return wrong(
                "lease.default",
                "is longer than lease.max; shorten it or raise lease.max",
            );
        }
        if self.lease.addresses_per_account == 0 {
            return wrong("lease.addresses-per-account", "must be at least 1");
        }
        if self.agi.max_calls == 0 {
            return wrong("agi.max-calls", "must be at least 1");
        }
        if self.agi.is_open_to_other_hosts() && !self.agi.allow_other_hosts {
            return wrong(
                "agi.listen",
                "other machines reach this address, and FastAGI has no password: whoever connects is a caller \
                 with any number, and PINs cross the network readable; listen on 127.0.0.1 or [::1], or, where \
                 nobody but Asterisk reaches the port, add agi.allow-other-hosts = true",
            );
        }
        if self.mail.transport == Transport::File && !self.mail.directory.is_absolute() {
            return wrong("mail.directory", "must begin with / when mail.transport is \"file\"");
        }
        if !self.mail.templates.as_os_str().is_empty() && !self.mail.templates.is_absolute() {
            return wrong("mail.templates", "must begin with /");
        }
        if !self.metrics.directory.as_os_str().is_empty() && !self.metrics.directory.is_absolute() {
            return wrong("metrics.directory", "must begin with /");
        }
        Ok(())
    }

    /// The ledger's file.
    #[must_use]
    pub fn ledger_file(&self) -> PathBuf {
        self.data_dir.join("ledger.db")
    }

    /// The folder that only the telephone side may enter.
    #[must_use]
    pub fn queue_dir(&self) -> PathBuf {
        self.data_dir.join("queue")
    }

    /// The queue's file.
    #[must_use]
    pub fn queue_file(&self) -> PathBuf {
        self.queue_dir().join("queue.db")
    }

    /// Whom to run as; `None` to change nothing.
    ///
    /// # Errors
    /// When the user does not exist.
    pub fn run_as(&self) -> Result<Option<SystemUser>, SystemUserError> {
        if self.user.is_empty() { Ok(None) } else { SystemUser::lookup(&self.user).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dialgate.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(load("").unwrap(), Config::default());
    }

    #[test]
    fn nobody_is_reminded_unless_the_file_says_when() {
        assert_eq!(Config::default().lease.reminder, None);
        let lease = load("[lease]\nreminder = \"90m\"").unwrap().lease;
        assert_eq!(lease.reminder.map(Lifetime::seconds), Some(5400));
        let message = load("[lease]\nreminder = \"0s\"").unwrap_err().to_string();
        assert!(message.contains("reminder"), "{message}");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let config = Config::default();
        assert_eq!(load(&toml::to_string(&config).unwrap()).unwrap(), config);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_file_and_line() {
        let message = load("[mail]\nport = 25\nhots = \"x\"\n").unwrap_err().to_string();
        assert!(
            message.contains("dialgate.toml")
                && message.contains("line 3")
                && message.contains("hots"),
            "{message}"
        );
    }

    #[test]
    fn values_that_make_no_sense_are_refused_by_name() {
        for (text, key) in [
            ("data-dir = \"x\"", "data-dir"),
            ("[lease]\ndefault = \"8d\"", "lease.default"),
            ("[lease]\naddresses-per-account = 0", "lease.addresses-per-account"),
            ("[agi]\nlisten = \"0.0.0.0:4573\"", "agi.listen"),
            ("[agi]\nlisten = \"[::]:4573\"", "agi.listen"),
            ("[agi]\nlisten = \"192.0.2.1:4573\"\nallow-other-hosts = false", "allow-other-hosts"),
            ("[agi]\nmax-calls = 0", "agi.max-calls"),
            ("[mail]\ntransport = \"file\"", "mail.directory"),
            ("[mail]\ntemplates = \"letters\"", "mail.templates"),
            ("[metrics]\ndirectory = \"metrics\"", "metrics.directory"),
            ("[firewall]\nchain = \"-F\"", "chain"),
            ("[firewall]\nbackend = \"pf\"", "pf"),
        ] {
            let message = load(text).unwrap_err().to_string();
            assert!(message.contains(key), "{text}: {message}");
        }
    }

    #[test]
    fn other_machines_reach_the_port_only_where_the_file_says_so() {
        for listen in ["0.0.0.0:4573", "[::]:4573", "192.0.2.1:4573"] {
            let open = format!("[agi]\nlisten = \"{listen}\"\nallow-other-hosts = true");
            assert!(load(&open).unwrap().agi.is_open_to_other_hosts(), "{listen}");
        }
        for listen in ["127.0.0.9:4573", "[::1]:4573", "[::ffff:127.0.0.1]:4573"] {
            let agi = load(&format!("[agi]\nlisten = \"{listen}\"")).unwrap().agi;
            assert!(!agi.is_open_to_other_hosts(), "{listen}");
        }
    }

    #[test]
    fn a_missing_file_says_how_to_make_one() {
        let message = Config::load(Path::new("/nonexistent/x.toml")).unwrap_err().to_string();
        assert!(
            message.contains("/nonexistent/x.toml") && message.contains("dialgate init"),
            "{message}"
        );
    }
}
