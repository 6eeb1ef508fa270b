use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, LeaseId, Ledger, Verdict, account, verdict};
use dialgate_contract::queue::{QueueReader, RawRequest};
use jiff::Timestamp;
use rusqlite::Transaction;
use tempfile::TempDir;

use super::caller::Call;
use super::host::Host;
use super::script::{Script, Told};
use super::server::{Server, free_address};

/// The PIN of all accounts.
pub(super) const PIN: &str = "83920174";
/// The number of the first account; the others follow.
pub(super) const FIRST_ACCOUNT: u32 = 100_000;
const ACCOUNTS: u32 = 10_000;

/// In hexadecimal, 32 times 7.
const PEPPER: &str = "0707070707070707070707070707070707070707070707070707070707070707\n";

/// What it takes to check a PIN: a hash says by itself how it was made. Both are of [`PIN`] with [`PEPPER`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Hash {
    /// The least that argon2id can do: 8 KiB, one pass.
    Cheap,
    /// As every account has it: 19 MiB, two passes.
    Real,
}

/// How often the stand-in for the reconciler looks for requests.
const INTERVAL: Duration = Duration::from_millis(5);

/// What dialgate-agi needs besides callers: accounts, a configuration, and somebody who decides.
#[derive(Debug)]
pub(super) struct Site {
    folder: TempDir,
}

/// The stand-in for the reconciler: opens nothing, and says at once that it is open.
#[derive(Debug)]
pub(super) struct Decider {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), DatabaseError>>>,
}

impl Hash {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Cheap => {
                "$argon2id$v=19$m=8,t=1,p=1$SodSFOln5aOkz9uMCN2Pfw$j4HVTxupYQGBFFmU7Fktk5MgOhe6Vuj/sX2UMnOdT0Q"
            }
            Self::Real => {
                "$argon2id$v=19$m=19456,t=2,p=1$LQXaCI22ZuR8W7R5jz3WLg$WGho89KbE5RdJ0gXqSe8aBm1WJANF5a4OzFkkSSfYak"
            }
        }
    }
}

impl Site {
    pub(super) fn new(hash: Hash) -> io::Result<Self> {
        let site = Self { folder: tempfile::tempdir()? };
        std::fs::write(site.path("pepper"), PEPPER)?;
        let accounts = (FIRST_ACCOUNT..FIRST_ACCOUNT + ACCOUNTS)
            .map(traveller)
            .collect::<io::Result<Vec<_>>>()?;
        let mut ledger = Ledger::open(&site.path("ledger.db")).map_err(io::Error::other)?;
        let added: Result<(), DatabaseError> = ledger.write(|transaction| {
            accounts.iter().try_for_each(|it| account::insert(transaction, it, hash.as_str()))
        });
        added.map_err(io::Error::other)?;
        Ok(site)
    }

    /// Starts dialgate-agi.
    pub(super) fn serve(&self, host: &Host) -> io::Result<Server> {
        let address = free_address()?;
        let config = self.path(&format!("{}.toml", address.port()));
        let (data, pepper) = (self.folder.path(), self.path("pepper"));
        let text = format!(
            "data-dir = {data:?}\npepper-file = {pepper:?}\nuser = \"\"\n\
             [agi]\nlisten = \"{address}\"\nmax-calls = 20000\nwait-for-open = \"30s\"\n"
        );
        std::fs::write(&config, text)?;
        let mut command = Server::ourselves("dialgate-agi");
        command.arg("--config").arg(config);
        Server::start("dialgate-agi", host, &mut command, address)
    }

    /// The commands of one call of `script`, and a file of them for other servers to send.
    pub(super) fn record(&self, host: &Host, script: &Script) -> io::Result<Recording> {
        let server = self.serve(host)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let commands = runtime.block_on(commands(server.address(), script))?;
        let file = self.path(&format!("{}.commands", server.address().port()));
        std::fs::write(&file, commands.join("\n"))?;
        Ok(Recording { file, turns: commands.len() })
    }

    /// Decides what dialgate-agi asks, until this is dropped.
    pub(super) fn decide(&self) -> Decider {
        let over = Arc::new(AtomicBool::new(false));
        let (queue, ledger) = (self.path("queue/queue.db"), self.path("ledger.db"));
        let is_over = Arc::clone(&over);
        let thread = std::thread::spawn(move || decide(&queue, &ledger, &is_over));
        Decider { over, thread: Some(thread) }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Decider {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // What it failed with shows in the calls, which ended otherwise.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// What dialgate-agi asked for in a call, in order.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) file: PathBuf,
    pub(super) turns: usize,
}

async fn commands(server: SocketAddr, script: &Script) -> io::Result<Vec<String>> {
    let (mut commands, mut as_expected) = (Vec::new(), false);
    let mut call = Call::dial(server, script, 0).await?;
    while let Some(command) = call.command().await? {
        commands.push(String::from_utf8_lossy(command).into_owned());
        as_expected |= call.answer().await? == Some(Told::AsScripted);
    }
    if as_expected {
        return Ok(commands);
    }
    Err(io::Error::other(format!("a call of dialgate-agi went otherwise: {commands:#?}")))
}

fn decide(queue: &Path, ledger: &Path, is_over: &AtomicBool) -> Result<(), DatabaseError> {
    let mut ledger = Ledger::open(ledger)?;
    let (mut queue_reader, mut last) = (None, 0);
    while !is_over.load(Ordering::Relaxed) {
        sleep(INTERVAL);
        if queue_reader.is_none() {
            // dialgate-agi makes it.
            queue_reader = QueueReader::open(queue).ok();
        }
        let Some(reader) = &queue_reader else { continue };
        let requests = reader.after(last, 1000)?;
        let Some(newest) = requests.last() else { continue };
        last = newest.number;
        ledger.write(|transaction| requests.iter().try_for_each(|it| open(transaction, it)))?;
    }
    Ok(())
}

fn open(transaction: &Transaction<'_>, request: &RawRequest) -> Result<(), DatabaseError> {
    // Both were written by dialgate-agi.
    let (Ok(id), Ok(account)) =
        (request.id.parse(), request.account.as_deref().unwrap_or_default().parse())
    else {
        return Ok(());
    };
    let opened = Verdict::Open(LeaseId::from_row(1), Timestamp::UNIX_EPOCH);
    verdict::insert(transaction, id, Some(&account), opened, Timestamp::UNIX_EPOCH)
}

fn traveller(number: u32) -> io::Result<Account> {
    Ok(Account {
        time_zone: Some("Europe/Paris".to_owned()),
        ..Account::new(
            number.to_string().parse().map_err(io::Error::other)?,
            "Ann".to_owned(),
            "ann@example.net".to_owned(),
            BTreeSet::new(),
            Timestamp::UNIX_EPOCH,
        )
    })
}
