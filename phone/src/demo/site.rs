use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use dialgate_contract::config::{Backend, Config, Transport};
use dialgate_contract::{Exit, Language};
use serde::Deserialize;
use tempfile::TempDir;

use super::process::{self, Condition, Running};
use super::user;
use crate::failure::Failure;

/// How long a lease may take to be opened.
const OPENING: Duration = Duration::from_secs(1);
/// How long the programs may take until they answer, and letters until they are written.
const PATIENCE: Duration = Duration::from_secs(10);
const RECONCILER: &str = "dialgate-reconciler";
const LOOK: Duration = Duration::from_millis(20);

/// A whole dialgate in a temporary folder, which goes with it.
pub(super) struct Site {
    programs: Vec<Running>,
    folder: TempDir,
    config: Config,
}

/// The traveller's account, as `dialgate account add --json` prints it.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) account: String,
    pub(super) pin: String,
}

/// One of what `dialgate lease list --json` prints.
#[derive(Clone, Deserialize)]
pub(super) struct Lease {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) address: String,
    pub(super) services: Vec<String>,
    pub(super) expires_at: jiff::Timestamp,
}

impl Site {
    /// Writes the configuration and has `dialgate init` make the rest.
    pub(super) fn build(backend: Backend) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("dialgate-")
            .map_err(|error| io_failure("a temporary folder (see TMPDIR)", &error))?;
        let user =
            user::unprivileged(folder.path()).map_err(|error| io_failure("its folder", &error))?;
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let mut config = Config {
            data_dir: folder.path().join("data"),
            pepper_file: folder.path().join("pepper"),
            user: user.as_ref().map(|user| user.name.clone()).unwrap_or_default(),
            ..Config::default()
        };
        config.agi.listen =
            listener.map_err(|error| io_failure("a free port on 127.0.0.1", &error))?;
        config.firewall.backend = backend;
        config.mail.transport = Transport::File;
        config.mail.directory = folder.path().join("letters");
        let site = Site { programs: Vec::new(), folder, config };
        let text = toml::to_string(&site.config).map_err(|error| {
            Failure::new(Exit::Software, format!("the demo's configuration: {error}"))
        })?;
        std::fs::write(site.config_file(), text)
            .and_then(|()| std::fs::create_dir_all(&site.config.mail.directory))
            .and_then(|()| user::give(&site.config.mail.directory, user.as_ref()))
            .map_err(|error| io_failure("its folder", &error))?;
        site.ask(&["init"])?;
        Ok(site)
    }

    /// Opens an account with a PIN that nobody chose, for a traveller who speaks this language.
    pub(super) fn open_account(&self, language: Language) -> Result<Account, Failure> {
        self.ask_json(&[
            "account",
            "add",
            "auto",
            "--name",
            "Ada Traveller",
            "--email",
            "ada@hotel.example",
            "--services",
            "sip,rtp",
            "--language",
            language.as_str(),
            "--json",
        ])
    }

    /// Starts the telephone side, then the root side, and waits until both are ready.
    pub(super) async fn start(&mut self) -> Result<(), Failure> {
        for (name, arguments) in [("dialgate-agi", &[][..]), (RECONCILER, &["--watch"])] {
            let started = Running::start(name, arguments, &self.config_file(), self.folder.path());
            let mut program = started.map_err(|error| io_failure(name, &error))?;
            ready(&mut program).await?;
            self.programs.push(program);
        }
        Ok(())
    }

    /// Where calls go.
    pub(super) fn server(&self) -> SocketAddr {
        self.config.agi.listen
    }

    /// The one lease that one call can open.
    pub(super) fn lease(&self) -> Result<Option<Lease>, Failure> {
        let leases: Vec<Lease> = self.ask_json(&["lease", "list", "--json"])?;
        Ok(leases.into_iter().next())
    }

    /// The same for a caller who confirmed and hung up, and is ahead of the reconciler by an instant.
    pub(super) async fn lease_in_time(&self) -> Result<Option<Lease>, Failure> {
        let looks = OPENING.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            if let Some(lease) = self.lease()? {
                return Ok(Some(lease));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(None)
    }

    /// The first letter, as it would leave; `None` when none is written in good time.
    pub(super) async fn letter(&self) -> Option<Vec<u8>> {
        let looks = PATIENCE.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            let files = std::fs::read_dir(&self.config.mail.directory).ok()?;
            let mut paths = files.filter_map(|file| Some(file.ok()?.path()));
            if let Some(path) =
                paths.find(|path| path.extension().is_some_and(|ending| ending == "eml"))
            {
                return std::fs::read(path).ok();
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }

    /// What the reconciler has printed: in a dry run, what it would have done.
    pub(super) fn plan(&self) -> String {
        self.reconciler().map(Running::printed).unwrap_or_default()
    }

    /// What the reconciler has logged.
    pub(super) fn log(&self) -> String {
        self.reconciler().map(Running::logged).unwrap_or_default()
    }

    /// Ends the programs and takes the folder away.
    pub(super) fn close(self) -> Result<(), Failure> {
        let Site { programs, folder, .. } = self;
        drop(programs);
        let path = folder.path().to_owned();
        folder.close().map_err(|error| {
            let wrong = format!("the demo's folder {} stays behind: {error}", path.display());
            Failure::new(Exit::IoErr, wrong)
        })
    }

    fn reconciler(&self) -> Option<&Running> {
        self.programs.iter().find(|program| program.name() == RECONCILER)
    }

    fn ask_json<T: serde::de::DeserializeOwned>(&self, arguments: &[&str]) -> Result<T, Failure> {
        let text = self.ask(arguments)?;
        serde_json::from_str(&text).map_err(|error| {
            let asked = arguments.join(" ");
            Failure::new(Exit::Software, format!("dialgate {asked}: {error} in its answer"))
        })
    }

    fn ask(&self, arguments: &[&str]) -> Result<String, Failure> {
        process::ask("dialgate", arguments, &self.config_file())
            .map_err(|error| Failure::new(Exit::Software, error.to_string()))
    }

    fn config_file(&self) -> PathBuf {
        self.folder.path().join("dialgate.toml")
    }
}

async fn ready(program: &mut Running) -> Result<(), Failure> {
    let name = program.name();
    let looks = PATIENCE.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        match program.condition().map_err(|error| io_failure(name, &error))? {
            Condition::Ready => return Ok(()),
            Condition::Starting => tokio::time::sleep(LOOK).await,
            Condition::Ended => break,
        }
    }
    let log = program.logged();
    Err(Failure::new(Exit::Software, format!("{name} does not get ready:\n{log}")))
}

fn io_failure(what: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::IoErr, format!("the demo needs {what}: {error}"))
}
