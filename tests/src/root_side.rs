//! dialgate's root side alone: ledger, queue, kernel and mail server. Nobody calls: requests are put into the queue as
//! the telephone side does it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use dialgate_contract::ledger::Ledger;
use dialgate_contract::queue::{Matter, Queue, Request, Wish};
use dialgate_contract::{CallerId, RequestId};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::mail_server::MailServer;
use crate::namespace::{Namespace, run};
use crate::site::USER;
use crate::{programs, wait};

const PATIENCE: Duration = Duration::from_secs(20);

/// The root side, in a network of its own.
#[derive(Debug)]
pub struct RootSide {
    mail: MailServer,
    extra: String,
    queue: Queue,
    asked: u64,
    folder: TempDir,
    /// Last, so that all who live in it are gone first.
    namespace: Namespace,
}

/// What one of our sets holds: for each address how many seconds it stays; 0 for one that stays for good.
pub type Entries = BTreeMap<Entry, u64>;
/// A set and an address in it.
pub type Entry = (String, String);

impl RootSide {
    /// Sets it up with these accounts, which may use `sip` and `rtp`. `extra` is added to the configuration; its last
    /// table is `[mail]`.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start(accounts: &[&str], extra: &str) -> io::Result<Self> {
        let namespace = Namespace::create()?;
        let mail = MailServer::start(&namespace)?;
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        configure(folder.path(), mail.port(), extra)?;
        run(dialgate(&namespace, folder.path())?.arg("init"))?;
        for account in accounts {
            let words = format!(
                "account add {account} --name Ann --email {account}@example.net --services sip,rtp \
                 --time-zone Europe/Paris"
            );
            run(dialgate(&namespace, folder.path())?.args(words.split(' ')))?;
        }
        let queue = Queue::open(&folder.path().join("data/queue/queue.db"));
        let queue = queue.map_err(io::Error::other)?;
        Ok(Self { mail, extra: extra.to_owned(), queue, asked: 0, folder, namespace })
    }

    /// Where it lives.
    #[must_use]
    pub const fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Its folder, with everything that is kept.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its mail server.
    pub const fn mail(&mut self) -> &mut MailServer {
        &mut self.mail
    }

    /// Puts another mail server in the place of the one before, with arguments of `smtp_server.py`. Whoever is started
    /// from now on knows of it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn replace_mail(&mut self, arguments: &[&str]) -> io::Result<()> {
        self.mail = MailServer::start_with(&self.namespace, arguments)?;
        configure(self.folder(), self.mail.port(), &self.extra)
    }

    /// Its ledger, for reading and writing.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn ledger(&self) -> io::Result<Ledger> {
        Ledger::open(&self.folder().join("data/ledger.db")).map_err(io::Error::other)
    }

    /// Puts a request into the queue.
    ///
    /// # Errors
    /// When the queue cannot be written.
    pub fn ask(&mut self, account: &str, wish: Wish) -> io::Result<RequestId> {
        self.asked += 1;
        let id = RequestId::from_random(u128::from(self.asked).to_be_bytes());
        let account = account.parse().map_err(io::Error::other)?;
        let request = Request {
            id,
            matter: Matter::Access { account, wish },
            caller: CallerId::from_network("+4930"),
            requested_at: now(),
        };
        self.queue.enqueue(&request).map_err(io::Error::other)?;
        Ok(id)
    }

    /// Runs the operator's command.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn dialgate(&self, arguments: &[&str]) -> io::Result<String> {
        run(dialgate(&self.namespace, self.folder())?.args(arguments))
    }

    /// Runs the reconciler behind other words, such as a tracer's, and waits for its end.
    ///
    /// # Errors
    /// When it does not start.
    pub fn once_behind(&self, words: &[String]) -> io::Result<ExitStatus> {
        self.reconciler(words, "--once")?.status()
    }

    /// Starts the reconciler to stay, behind other words.
    ///
    /// # Errors
    /// When it does not start.
    pub fn watch_behind(&self, words: &[String]) -> io::Result<Child> {
        self.reconciler(words, "--watch")?.spawn()
    }

    /// Starts the reconciler to stay, and waits until it says that it has made its first pass.
    ///
    /// # Errors
    /// When it does not start, or says nothing.
    pub fn watch_ready(&self) -> io::Result<Child> {
        let path = self.folder().join("notify");
        let notified = UnixDatagram::bind(&path)?;
        notified.set_read_timeout(Some(PATIENCE))?;
        let child = self.reconciler(&[], "--watch")?.env("NOTIFY_SOCKET", &path).spawn()?;
        let mut bytes = [0; 256];
        loop {
            let length = notified.recv(&mut bytes)?;
            if bytes.get(..length).is_some_and(|said| said.starts_with(b"READY=1")) {
                // Nobody listens from now on, and nobody is to wait for that.
                fs::remove_file(&path)?;
                return Ok(child);
            }
        }
    }

    /// What the reconciler has said.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.log_file())
    }

    /// Waits until nobody of the reconciler's is left: tools outlive it when it is killed.
    ///
    /// # Errors
    /// When somebody stays.
    pub fn await_orphans(&self) -> io::Result<()> {
        wait::until("the end of all tools", PATIENCE, || {
            let pids = run(crate::namespace::command("ip").args([
                "netns",
                "pids",
                self.namespace.name(),
            ]))?;
            Ok((pids.lines().count() <= 1).then_some(()))
        })
    }

    /// Who is in the kernel's sets by a right, not for one that has ended.
    ///
    /// # Errors
    /// When `ipset` fails, with what it said.
    pub fn kernel(&self) -> io::Result<Entries> {
        let saved = run(self.namespace.command("ipset").arg("save"))?;
        let entries = saved.lines().filter_map(|line| line.strip_prefix("add "));
        let entries = entries.filter(|entry| !entry.starts_with("dg-ended-"));
        Ok(entries
            .filter_map(|entry| {
                let mut words = entry.split(' ');
                let key = (words.next()?.to_owned(), words.next()?.to_owned());
                Some((key, words.nth(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(0)))
            })
            .collect())
    }

    fn log_file(&self) -> PathBuf {
        self.folder().join("reconciler.log")
    }

    fn reconciler(&self, words: &[String], mode: &str) -> io::Result<Command> {
        let program = programs::path("dialgate-reconciler")?;
        let mut command = match words.split_first() {
            None => self.namespace.command(program),
            Some((first, rest)) => {
                let mut command = self.namespace.command(first);
                command.args(rest).arg(program);
                command
            }
        };
        let log = fs::File::options().create(true).append(true).open(self.log_file())?;
        command.arg("--config").arg(self.folder().join("dialgate.toml")).arg(mode);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }
}

fn configure(folder: &Path, mail_port: u16, extra: &str) -> io::Result<()> {
    let here = folder.display();
    let text = format!(
        "data-dir = \"{here}/data\"\npepper-file = \"{here}/pepper\"\nuser = \"{USER}\"\n\
         [lease]\naccount-requests-per-hour = 1000000\nsite-requests-per-hour = 1000000\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {mail_port}\n{extra}"
    );
    fs::write(folder.join("dialgate.toml"), text)
}

fn dialgate(namespace: &Namespace, folder: &Path) -> io::Result<Command> {
    let mut command = namespace.command(programs::path("dialgate")?);
    command.arg("--config").arg(folder.join("dialgate.toml"));
    Ok(command)
}

/// The time, as the programs see it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "requests are made now")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
