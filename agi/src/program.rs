use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use dialgate_contract::config::{Config, ConfigError, DEFAULT_FILE};
use dialgate_contract::{Exit, SystemUserError};
use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use sd_notify::NotifyState;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::server::{Server, Services, ServicesError};

/// Connections that the kernel keeps for us until they are accepted; net.core.somaxconn may be less.
const QUEUE: u32 = 4096;

/// Serves telephone calls for Asterisk: account, PIN and address in, the outcome spoken.
#[derive(Debug, Parser)]
#[command(name = "dialgate-agi", version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_FILE)]
    config: PathBuf,
}

/// The program `dialgate-agi`, from its arguments to its exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse_from(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return told(&error),
    };
    log_to_stderr();
    match serve(&arguments) {
        Ok(()) => Exit::Ok.into(),
        Err(error) => {
            // Not through the log, which may be off.
            let _ = writeln!(std::io::stderr(), "dialgate-agi: {error}");
            error.exit().into()
        }
    }
}

/// Why the program cannot serve.
#[derive(Debug, thiserror::Error)]
enum ProgramError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    User(#[from] SystemUserError),
    #[error("giving up privileges: {0}")]
    Privileges(rustix::io::Errno),
    #[error(transparent)]
    Services(#[from] ServicesError),
    #[error(
        "listening on {address}: {source}; is dialgate-agi running already? Stop it, or change agi.listen and the dialplan"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("starting: {0}")]
    Start(std::io::Error),
}

impl ProgramError {
    fn exit(&self) -> Exit {
        match self {
            Self::Config(error) => error.exit(),
            Self::User(SystemUserError::Unknown(_)) => Exit::Config,
            Self::User(SystemUserError::Lookup(..)) => Exit::TempFail,
            Self::User(SystemUserError::Become(..)) => Exit::NoPerm,
            Self::Services(error) => error.exit(),
            Self::Listen { source, .. }
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                Exit::NoPerm
            }
            Self::Listen { .. } => Exit::Unavailable,
            Self::Privileges(_) | Self::Start(_) => Exit::Software,
        }
    }
}

fn told(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        // It would complain to stderr too, and panic when that fails: a full disk must cost no call.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Already set when another program of the family calls this one.
    let _ = subscriber.try_init();
}

fn serve(arguments: &Arguments) -> Result<(), ProgramError> {
    let config = Config::load(&arguments.config)?;
    give_up_privileges(&config)?;
    raise_descriptor_limit();
    let services = Services::open(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ProgramError::Start)?;
    if config.agi.is_open_to_other_hosts() {
        let address = config.agi.listen;
        tracing::warn!(
            %address,
            "agi.allow-other-hosts: whoever reaches this port can call and guess PINs; let only Asterisk through"
        );
    }
    runtime.block_on(listen(config.agi.listen, services))
}

/// Before the first thread, and before the first file is made.
fn give_up_privileges(config: &Config) -> Result<(), ProgramError> {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    if let Some(user) = config.run_as()? {
        user.assume()?;
    }
    rustix::thread::set_no_new_privs(true).map_err(ProgramError::Privileges)?;
    // No core file, and no debugger of the same user: PINs pass through this memory.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(ProgramError::Privileges)
}

async fn listen(address: SocketAddr, services: Services) -> Result<(), ProgramError> {
    let failed = |source| ProgramError::Listen { address, source };
    let listener = bind(address).map_err(failed)?;
    let shutdown = shutdown_signal().map_err(ProgramError::Start)?;
    tracing::info!(address = %listener.local_addr().map_err(failed)?, "serving calls");
    notify(NotifyState::Ready);
    Server::run(listener, services, async {
        shutdown.await;
        notify(NotifyState::Stopping);
    })
    .await;
    Ok(())
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for the connections of before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Whoever started us may have left it low for programs that use select(2).
fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}

fn shutdown_signal() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}
