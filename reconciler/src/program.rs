//! What the program does from its start to its end.

use std::fs::{File, Permissions};
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use dialgate_contract::config::{Backend, Config, ConfigError};
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::Ledger;
use dialgate_contract::{Exit, SystemUser, SystemUserError};
use rustix::fs::FlockOperation;
use sd_notify::NotifyState;

use crate::arguments::{self, HELP, Mode, Order};
use crate::firewall::{DryRun, Fail2ban, Firewall, FirewallError, Kernel};
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::pass::{PassError, Reconciler};
use crate::reader::Reader;
use crate::reload::Reload;
use crate::resolver::Resolver;
use crate::self_check::{self, SelfCheckError};
use crate::watch::{Watch, WatchError};
use crate::{clock, mail, once, reader, resolver};

/// Why the program ends without having done its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    User(#[from] SystemUserError),
    #[error("{0}")]
    SelfCheck(#[from] SelfCheckError),
    #[error("{0}")]
    Ledger(#[from] DatabaseError),
    #[error("{0}")]
    Firewall(#[from] FirewallError),
    #[error("{0}")]
    Pass(#[from] PassError),
    #[error("{0}")]
    Watch(#[from] WatchError),
    #[error(
        "changing the firewall takes root: run this with sudo, or set firewall.backend = \"dry-run\""
    )]
    NotRoot,
    #[error("another dialgate-reconciler is at work on {0}: use cron or systemd, not both")]
    Locked(String),
    #[error("{0}: {1}")]
    Lock(String, std::io::Error),
    #[error("listening for signals: {0}")]
    Signal(std::io::Error),
    #[error("printing: {0}")]
    Print(std::io::Error),
}

impl Failure {
    fn exit(&self) -> Exit {
        match self {
            Self::Config(error) => error.exit(),
            Self::User(_) | Self::SelfCheck(_) => Exit::Config,
            Self::Ledger(error) => error.exit(),
            Self::Pass(error) => error.exit(),
            Self::Firewall(_) => Exit::Unavailable,
            Self::NotRoot => Exit::NoPerm,
            Self::Locked(_) | Self::Watch(WatchError::Replaced(_)) => Exit::TempFail,
            Self::Lock(..) | Self::Watch(_) | Self::Signal(_) | Self::Print(_) => Exit::IoErr,
        }
    }
}

/// The program, with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    match arguments::parse(std::env::args_os().skip(1)) {
        Ok(order) => carry_out(order).into(),
        Err(error) => say(&format!("dialgate-reconciler: {error}\n"), Exit::Usage).into(),
    }
}

fn carry_out(order: Order) -> Exit {
    match order {
        Order::Help => print(HELP),
        Order::Version => print(concat!("dialgate-reconciler ", env!("CARGO_PKG_VERSION"), "\n")),
        Order::SendLetters => mail::child(),
        Order::Resolve(name) => resolver::child::run(&name),
        Order::ReadQueue { queue, watch } => reader::child::run(&queue, watch),
        Order::Reconcile { config, mode } => {
            log();
            match reconcile(&config, mode) {
                Ok(()) => Exit::Ok,
                Err(failure) => say(&format!("dialgate-reconciler: {failure}\n"), failure.exit()),
            }
        }
    }
}

fn reconcile(file: &Path, mode: Mode) -> Result<(), Failure> {
    let config = Config::load(file)?;
    for path in [file, &config.data_dir, &config.ledger_file()] {
        self_check::trusted(path)?;
    }
    let user = if SystemUser::is_root() { config.run_as()? } else { None };
    let kernel = config.firewall.backend == Backend::Ipset;
    let firewall: Box<dyn Firewall> = match config.firewall.backend {
        Backend::DryRun => Box::new(DryRun::new(std::io::stdout())),
        Backend::Ipset if SystemUser::is_root() => Box::new(Kernel::new()?),
        Backend::Ipset => return Err(Failure::NotRoot),
    };
    // Looking changes nothing, so it goes beside the one that works.
    let _lock = if mode == Mode::DryRun { None } else { Some(lock(&config)?) };
    let ledger = Ledger::open(&config.ledger_file())?;
    let outbox = Outbox::new(&config.mail, user.as_ref());
    let mut metrics = Metrics::new(&config.metrics);
    let mut resolver = Resolver::new(user.clone(), config.firewall.allow_private);
    let reader = Reader::new(config.queue_file(), user, mode == Mode::Watch, clock::steady());
    let mut reconciler = Reconciler::new(config.clone(), ledger, firewall);
    if kernel {
        reconciler = reconciler.beside(Box::new(Fail2ban::of_this_machine()));
    }
    match mode {
        Mode::Watch => {
            let ledger_file = config.ledger_file();
            let reload = Reload::new(file.to_owned(), config).map_err(Failure::Signal)?;
            let watch =
                Watch::new(reconciler, reader, outbox, resolver, reload, metrics, ledger_file)?;
            let ended = watch.run();
            let _ = sd_notify::notify(&[NotifyState::Stopping]);
            match ended? {}
        }
        Mode::Once => {
            let requests = once::requests(reader, &reconciler);
            let mut outbox = outbox;
            Ok(once::run(&mut reconciler, &requests, &mut outbox, &mut resolver, &mut metrics)?)
        }
        Mode::Remove => Ok(reconciler.remove(clock::calendar())?),
        Mode::DryRun => {
            let requests = once::requests(reader, &reconciler);
            let plan = reconciler.preview(&requests, clock::calendar())?;
            let text =
                if plan.is_empty() { "nothing to do\n".to_owned() } else { plan.to_string() };
            std::io::stdout().write_all(text.as_bytes()).map_err(Failure::Print)
        }
    }
}

/// How long another one may be at work: one that was ended has the lock until the child that it was just starting has
/// become another program.
const LOCKED: Duration = Duration::from_secs(1);

/// Two at work would undo each other's changes. Nobody else may open the file: to be able to read it is enough to keep
/// the lock for ever.
fn lock(config: &Config) -> Result<File, Failure> {
    let path = config.data_dir.join("reconciler.lock");
    let name = || path.display().to_string();
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .and_then(|file| file.set_permissions(Permissions::from_mode(0o600)).map(|()| file))
        .map_err(|error| Failure::Lock(name(), error))?;
    let end = clock::steady() + LOCKED;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) if clock::steady() < end => {
                std::thread::sleep(LOCKED / 50);
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(Failure::Locked(config.data_dir.display().to_string()));
            }
            Err(error) => return Err(Failure::Lock(name(), error.into())),
        }
    }
}

fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // It would be told on the same closed or full stderr, by a macro that panics.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}

fn say(text: &str, exit: Exit) -> Exit {
    // There is nowhere left to complain to.
    let _ = std::io::stderr().write_all(text.as_bytes());
    exit
}

fn print(text: &str) -> Exit {
    if std::io::stdout().write_all(text.as_bytes()).is_ok() { Exit::Ok } else { Exit::IoErr }
}
