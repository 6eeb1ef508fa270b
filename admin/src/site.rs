use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use dialgate_contract::SystemUser;
use dialgate_contract::config::Config;
use dialgate_contract::ledger::audit::Actor;
use dialgate_contract::ledger::{Ledger, LedgerReader};
use jiff::Timestamp;
use nix::unistd::{Uid, User};

use crate::error::Error;

/// What every command works on.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) config: Config,
    /// In whole seconds.
    pub(crate) now: Timestamp,
    /// Who is at the keyboard, for the audit trail.
    pub(crate) operator: Actor,
}

/// How often a reader that is refused tries again, for its writer may just be opening the file.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

impl Site {
    pub(crate) fn load(config: &Path, now: Timestamp) -> Result<Self, Error> {
        Ok(Self::new(Config::load(config)?, now))
    }

    pub(crate) fn new(config: Config, now: Timestamp) -> Self {
        Self { config, now, operator: operator() }
    }

    /// The ledger, for commands that show.
    pub(crate) fn reader(&self) -> Result<LedgerReader, Error> {
        self.require_ledger()?;
        let path = self.config.ledger_file();
        for _ in 1..TRIES {
            match LedgerReader::open(&path) {
                Err(error) if error.can_retry() => std::thread::sleep(PAUSE),
                done => return done.map_err(Error::from),
            }
        }
        Ok(LedgerReader::open(&path)?)
    }

    /// The ledger, for commands that change it.
    pub(crate) fn ledger(&self) -> Result<Ledger, Error> {
        if self.config.user.is_empty() {
            self.require_ledger()?;
        } else if SystemUser::is_root() {
            self.require_ledger()?;
            self.require_own_folder()?;
        } else {
            return Err(Error::NotRoot);
        }
        Ok(Ledger::open(&self.config.ledger_file())?)
    }

    /// Whoever may put files beside a database commands the process that opens it.
    pub(crate) fn require_own_folder(&self) -> Result<(), Error> {
        let path = &self.config.data_dir;
        let found = std::fs::metadata(path).map_err(Error::io("looking at", path))?;
        let roots = found.uid() == 0 && found.mode() & 0o022 == 0;
        if roots { Ok(()) } else { Err(Error::OpenFolder(path.clone())) }
    }

    /// Opening a ledger to write makes it, with whatever owner and mode come about; that is for `init` to do.
    fn require_ledger(&self) -> Result<(), Error> {
        let path = self.config.ledger_file();
        match path.try_exists() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::NoLedger(path)),
            Err(source) if source.kind() == ErrorKind::PermissionDenied => {
                Err(Error::NotTheirs(path))
            }
            Err(source) => Err(Error::Io { doing: "looking for", path, source }),
        }
    }
}

fn operator() -> Actor {
    let name = std::env::var("SUDO_USER").ok().filter(|name| SystemUser::is_root() && plain(name));
    let name = name.or_else(|| User::from_uid(Uid::current()).ok().flatten().map(|user| user.name));
    Actor::Operator(name.unwrap_or_else(|| format!("uid {}", Uid::current())))
}

fn plain(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}
