use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use dialgate_contract::config::ConfigError;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::LeaseId;
use dialgate_contract::{
    AccountNumber, Exit, ServiceName, SystemUserError, TooLong, TravellerAddress, Unfit,
};
use dialgate_pin::{HashError, PepperError, PinError, Weak};

use crate::backup::BackupError;
use crate::bulk::BulkError;
use crate::firewall::FirewallError;
use crate::import::ImportError;
use crate::listing::ListError;
use crate::mail::MailError;
use crate::setup::SetupError;

/// Why a command was not carried out. Nothing has changed then, but for what `init` said it made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Config(ConfigError),
    #[error(transparent)]
    User(#[from] SystemUserError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Pepper(#[from] PepperError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error("{0}: nothing was changed; give another one on the first line of standard input")]
    Pin(#[from] PinError),
    #[error(
        "this PIN is too easy to guess: it {0}; choose another one, or leave --pin-stdin out to have one generated"
    )]
    Weak(#[from] Weak),
    #[error("the system gave no random bytes ({0}): try again")]
    Random(#[from] getrandom::Error),
    #[error("this changes files that belong to root: run it as root, such as with sudo")]
    NotRoot,
    #[error("there is no ledger at {}: run `dialgate init` first", .0.display())]
    NoLedger(PathBuf),
    #[error("{} is not for this user to read: run this as root", .0.display())]
    NotTheirs(PathBuf),
    #[error("{} can be written by others than root, who could make this command do harm: run `dialgate init` to mend it", .0.display())]
    OpenFolder(PathBuf),
    #[error("{doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} is {what}: it was left alone; move it away, or name the right place in the configuration", path.display())]
    Foreign { path: PathBuf, what: &'static str },
    #[error("there is no account {0}: `dialgate account list` shows all")]
    NoAccount(AccountNumber),
    #[error(
        "there is an account {0} already: see `dialgate account show {0}`, or take auto for a number that is free"
    )]
    AccountExists(AccountNumber),
    #[error("no {0} was found in many attempts: try again, or give one")]
    Unlucky(&'static str),
    #[error("account {0} is disabled: `dialgate account enable {0}` first")]
    AccountDisabled(AccountNumber),
    #[error(
        "there is no service {name}: use some of {known}, or add it with `dialgate service add {name} PORTS`"
    )]
    UnknownService { name: ServiceName, known: String },
    #[error("there is no service {0}: `dialgate service list` shows all")]
    NoService(ServiceName),
    #[error(
        "there is a service {0} already: change it with `dialgate service set {0}`, or take another name"
    )]
    ServiceExists(ServiceName),
    #[error(
        "service {name} is in use by account {accounts}: take it away with `dialgate account set NUMBER --services ...` first"
    )]
    ServiceInUse { name: ServiceName, accounts: String },
    #[error(transparent)]
    TooLong(#[from] TooLong),
    #[error("that time is too far away: write one such as 2h or 2026-11-20")]
    NoSuchTime,
    #[error("--watch shows a screen on a terminal: leave it out, or see `dialgate audit --follow`")]
    NoScreen,
    #[error("writing the answer: {0}")]
    Print(std::io::Error),
    #[error("{0}")]
    Unfit(#[from] Unfit),
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Bulk(#[from] BulkError),
    #[error(transparent)]
    Firewall(#[from] FirewallError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("{0}: nothing was revoked; `dialgate lease list` shows what is open")]
    NothingOpen(NothingOpen),
}

/// Why there was nothing to revoke.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NothingOpen {
    #[error("there is no lease {0}")]
    NoLease(LeaseId),
    #[error("lease {0} is not open any more ({1})")]
    Over(LeaseId, &'static str),
    #[error("account {0} has no open lease")]
    Account(AccountNumber),
    #[error("nothing is open for {0}")]
    Address(TravellerAddress),
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Read { path, source } if source.kind() == ErrorKind::PermissionDenied => {
                Self::NotTheirs(path)
            }
            other @ (ConfigError::Read { .. }
            | ConfigError::Parse { .. }
            | ConfigError::Value { .. }) => Self::Config(other),
        }
    }
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// How the program ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(error) => error.exit(),
            Self::Setup(error) => error.exit(),
            Self::Mail(error) => error.exit(),
            Self::Backup(error) => error.exit(),
            Self::Bulk(error) => error.exit(),
            Self::Database(error) => error.exit(),
            Self::User(SystemUserError::Become(..)) | Self::NotRoot | Self::NotTheirs(_) => {
                Exit::NoPerm
            }
            Self::Pepper(PepperError::Read { source, .. }) | Self::Io { source, .. }
                if source.kind() == ErrorKind::PermissionDenied =>
            {
                Exit::NoPerm
            }
            Self::Io { .. } | Self::Print(_) => Exit::IoErr,
            Self::NoSuchTime | Self::NoScreen => Exit::Usage,
            Self::User(SystemUserError::Unknown(_) | SystemUserError::Lookup(..))
            | Self::Pepper(PepperError::Read { .. } | PepperError::Content { .. })
            | Self::NoLedger(_)
            | Self::OpenFolder(_)
            | Self::Foreign { .. } => Exit::Config,
            Self::Random(_) => Exit::Unavailable,
            Self::Hash(_) => Exit::Software,
            Self::Unlucky(_) => Exit::TempFail,
            Self::Pin(_)
            | Self::Weak(_)
            | Self::NoAccount(_)
            | Self::AccountExists(_)
            | Self::AccountDisabled(_)
            | Self::UnknownService { .. }
            | Self::NoService(_)
            | Self::ServiceExists(_)
            | Self::ServiceInUse { .. }
            | Self::TooLong(_)
            | Self::Unfit(_)
            | Self::List(_)
            | Self::Import(_)
            | Self::Firewall(_)
            | Self::NothingOpen(_) => Exit::DataErr,
        }
    }
}
