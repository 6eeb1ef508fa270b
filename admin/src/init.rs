//! `dialgate init`: the files that the programs need, with the owners and modes that keep them apart.

use std::path::Path;

use dialgate_contract::config::Config;
use dialgate_contract::ledger::{Ledger, account};
use dialgate_contract::{SystemUser, SystemUserError};
use dialgate_pin::Pepper;

use crate::error::Error;
use crate::files::{self, Rights, State, Step};
use crate::random;
use crate::report::{Report, SetUp};

/// The configuration as it is shipped: every key with its default, as a comment.
pub(crate) const TEMPLATE: &str = include_str!("dialgate.toml");

/// Who files belong to.
pub(crate) struct Owners(Option<SystemUser>);

pub(crate) fn run(config_file: &Path) -> Result<Report, Error> {
    let there = config_file.try_exists().map_err(Error::io("looking for", config_file))?;
    let config = if there { Config::load(config_file)? } else { Config::default() };
    let owners = Owners::of(&config)?;
    let mut steps = Vec::new();
    configuration(config_file, there, &owners, &mut steps)?;
    folders(&config, &owners, &mut steps)?;
    let accounts = ledger(&config, &owners, &mut steps)?;
    pepper(&config, &owners, accounts, &mut steps)?;
    Ok(Report::SetUp(SetUp { steps, accounts }))
}

impl Owners {
    pub(crate) fn of(config: &Config) -> Result<Self, Error> {
        if !config.user.is_empty() && !SystemUser::is_root() {
            return Err(Error::NotRoot);
        }
        config.run_as().map(Self).map_err(|error: SystemUserError| error.into())
    }

    /// Root writes, the programs' user reads.
    pub(crate) fn shared(&self, mode: u32) -> Rights {
        Rights { owner: self.0.as_ref().map(|user| (0, user.gid)), mode }
    }

    /// The programs' user alone.
    fn theirs(&self, mode: u32) -> Rights {
        Rights { owner: self.0.as_ref().map(|user| (user.uid, user.gid)), mode }
    }
}

fn configuration(
    path: &Path,
    there: bool,
    owners: &Owners,
    steps: &mut Vec<Step>,
) -> Result<(), Error> {
    if there && owners.0.is_none() {
        steps.push(Step { path: path.to_owned(), state: State::WasThere, detail: None });
        return Ok(());
    }
    steps.extend(files::parent(path)?);
    steps.push(files::file(path, owners.shared(0o640), TEMPLATE.as_bytes())?);
    Ok(())
}

fn folders(config: &Config, owners: &Owners, steps: &mut Vec<Step>) -> Result<(), Error> {
    steps.extend(files::parent(&config.data_dir)?);
    steps.push(files::folder(&config.data_dir, owners.shared(0o750))?);
    steps.push(files::folder(&config.queue_dir(), owners.theirs(0o700))?);
    Ok(())
}

/// How many accounts there are.
fn ledger(config: &Config, owners: &Owners, steps: &mut Vec<Step>) -> Result<usize, Error> {
    let (path, rights) = (config.ledger_file(), owners.shared(0o640));
    steps.push(files::file(&path, rights, b"")?);
    // SQLite gives both the owner and mode of the ledger when it makes them, but mends neither.
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.clone().into_os_string();
        beside.push(suffix);
        let step = files::existing_file(Path::new(&beside), rights)?;
        steps.extend(step.filter(|step| step.state == State::Mended));
    }
    let ledger = Ledger::open(&path)?;
    Ok(account::all(ledger.connection())?.len())
}

fn pepper(
    config: &Config,
    owners: &Owners,
    accounts: usize,
    steps: &mut Vec<Step>,
) -> Result<(), Error> {
    let path = &config.pepper_file;
    steps.extend(files::parent(path)?);
    let mut step = files::file(path, owners.shared(0o640), random::pepper()?.to_file().as_bytes())?;
    if step.state == State::Made && accounts > 0 {
        step.detail = Some(
            "the PINs of all accounts are void now: give each a new one with `dialgate account \
             pin NUMBER`, or put the old file back"
                .to_owned(),
        );
    }
    steps.push(step);
    Pepper::load(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dialgate.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path).unwrap()
    }

    #[test]
    fn what_is_shipped_changes_nothing_and_shows_every_default() {
        assert_eq!(load(TEMPLATE), Config::default());
        let settings: Vec<&str> =
            TEMPLATE.lines().map(|line| line.strip_prefix('#').unwrap_or(line)).collect();
        let settings: Vec<&str> =
            settings.into_iter().filter(|line| !line.starts_with(' ')).collect();
        let shown: Vec<&str> = settings.iter().filter_map(|line| line.split(" =").next()).collect();
        assert_eq!(load(&settings.join("\n")), Config::default());
        for key in [
            "data-dir",
            "pepper-file",
            "user",
            "listen",
            "allow-other-hosts",
            "max-calls",
            "wait-for-open",
            "default",
            "max",
            "addresses-per-account",
            "account-requests-per-hour",
            "site-requests-per-hour",
            "backend",
            "chain",
            "anchor",
            "allow-private",
            "unban",
            "lan",
            "open",
            "transport",
            "host",
            "port",
            "tls",
            "username",
            "password-file",
            "from",
            "directory",
            "operator",
        ] {
            assert!(shown.contains(&key), "{key}");
        }
    }
}
