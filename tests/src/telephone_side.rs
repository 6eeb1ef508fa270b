//! The telephone side alone, as it ships: dialgate-agi in a process of its own, accounts, and a stand-in for the
//! reconciler. Needs no root.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, LeaseId, Ledger, Verdict, account, verdict};
use dialgate_contract::queue::QueueReader;
use dialgate_contract::{AccountNumber, RequestId};
use dialgate_phone::{Call, CallerId, Script, Transcript};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{programs, wait};

/// The PIN of all accounts.
pub const PIN: &str = "83920174";

/// In hexadecimal, 32 times 7.
const PEPPER: &str = "0707070707070707070707070707070707070707070707070707070707070707\n";
/// Of [`PIN`] with [`PEPPER`], at the cost that every account has.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$LQXaCI22ZuR8W7R5jz3WLg$WGho89KbE5RdJ0gXqSe8aBm1WJANF5a4OzFkkSSfYak";

const FIRST_ACCOUNT: usize = 100_000;
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the stand-in for the reconciler looks for requests.
const INTERVAL: Duration = Duration::from_millis(5);

/// It, running.
#[derive(Debug)]
pub struct TelephoneSide {
    child: Child,
    address: SocketAddr,
    decider: Option<JoinHandle<Result<(), DatabaseError>>>,
    is_over: Arc<AtomicBool>,
    folder: TempDir,
}

impl TelephoneSide {
    /// Starts it with so many accounts and `agi` added to `[agi]`, and waits until calls are taken.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start(accounts: usize, agi: &str) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (data, pepper) = (folder.path(), folder.path().join("pepper"));
        let (ledger, queue) = (data.join("ledger.db"), data.join("queue/queue.db"));
        fs::write(&pepper, PEPPER)?;
        add_accounts(&ledger, accounts).map_err(io::Error::other)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = data.join("dialgate.toml");
        let text = format!(
            "data-dir = {data:?}\npepper-file = {pepper:?}\nuser = \"\"\n[agi]\nlisten = \"{address}\"\n{agi}\n"
        );
        fs::write(&config, text)?;
        let child = program(&config, &data.join("log"))?;
        let is_over = Arc::new(AtomicBool::new(false));
        let mut side = Self { child, address, decider: None, is_over, folder };
        wait::until("dialgate-agi listens", PATIENCE, || Ok(TcpStream::connect(address).ok()))?;
        let is_over = Arc::clone(&side.is_over);
        side.decider = Some(std::thread::spawn(move || decide(&queue, &ledger, &is_over)));
        Ok(side)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// So many calls at the same time, from their beginning to their end; recordings take no time. Each has an account
    /// and a telephone of its own. They are placed by a thread that has nothing else to do.
    ///
    /// # Errors
    /// When one cannot be placed or does not end.
    pub fn calls(&self, count: usize) -> io::Result<Vec<Transcript>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut calls = JoinSet::new();
        for number in 0..count {
            let caller = CallerId::number(format!("2{number:05}"));
            let call = Call::dial(self.address, caller, asking(number));
            calls.spawn_on(call, runtime.handle());
        }
        let ended = runtime.block_on(calls.join_all());
        ended.into_iter().collect::<Result<_, _>>().map_err(io::Error::other)
    }

    /// The most memory that it has had at a time, in KiB.
    ///
    /// # Errors
    /// When it is gone.
    pub fn peak_memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.and_then(|it| it.parse().ok()).ok_or_else(|| io::Error::other(status.clone()))
    }

    /// How many files it has open; root alone may look.
    ///
    /// # Errors
    /// When it is gone, or this is not root.
    pub fn descriptors(&self) -> io::Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// What it has written to its log.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.folder.path().join("log"))
    }
}

impl Drop for TelephoneSide {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // What the decider failed with shows in the calls, which ended otherwise; the process may be gone already.
        let _ = self.decider.take().map(JoinHandle::join);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number of the account of caller `number`.
#[must_use]
pub fn account_number(number: usize) -> String {
    (FIRST_ACCOUNT + number).to_string()
}

/// What is typed where, in a call to the end.
#[must_use]
pub fn answers(number: usize) -> [(&'static str, String); 5] {
    [
        ("dialgate/enter-account", format!("{}#", account_number(number))),
        ("dialgate/enter-pin", format!("{PIN}#")),
        ("dialgate/enter-address", "12*34*56*78#".to_owned()),
        ("dialgate/confirm-address", "1".to_owned()),
        ("dialgate/choose-lifetime-1-3-7", "1".to_owned()),
    ]
}

fn asking(number: usize) -> Script {
    let type_in = |script: Script, (prompt, keys): (&str, String)| script.on(prompt, &keys);
    answers(number).into_iter().fold(Script::new(), type_in)
}

#[expect(clippy::disallowed_methods, reason = "the program itself is tested")]
fn program(config: &Path, log: &Path) -> io::Result<Child> {
    let mut command = Command::new(programs::path("dialgate-agi")?);
    command.arg("--config").arg(config).env_remove("RUST_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log)?).spawn()
}

fn add_accounts(ledger: &Path, accounts: usize) -> Result<(), DatabaseError> {
    let numbers: Vec<AccountNumber> =
        (0..accounts).filter_map(|number| account_number(number).parse().ok()).collect();
    let mut ledger = Ledger::open(ledger)?;
    ledger.write(|transaction| {
        numbers.iter().try_for_each(|it| account::insert(transaction, &traveller(it), HASH))
    })
}

fn traveller(number: &AccountNumber) -> Account {
    Account {
        time_zone: Some("Europe/Paris".to_owned()),
        ..Account::new(
            number.clone(),
            "Ann".to_owned(),
            "ann@example.net".to_owned(),
            [].into(),
            Timestamp::UNIX_EPOCH,
        )
    }
}

/// Says of every request at once that it is open.
fn decide(queue: &Path, ledger: &Path, is_over: &AtomicBool) -> Result<(), DatabaseError> {
    let (mut ledger, reader) = (Ledger::open(ledger)?, QueueReader::open(queue)?);
    let mut last = 0;
    while !is_over.load(Ordering::Relaxed) {
        sleep(INTERVAL);
        let requests = reader.after(last, 1000)?;
        let Some(newest) = requests.last() else { continue };
        last = newest.number;
        let open = Verdict::Open(LeaseId::from_row(1), Timestamp::UNIX_EPOCH);
        let ids: Vec<RequestId> = requests.iter().filter_map(|it| it.id.parse().ok()).collect();
        ledger.write(|transaction| {
            ids.iter().try_for_each(|id| {
                verdict::insert(transaction, *id, None, open, Timestamp::UNIX_EPOCH)
            })
        })?;
    }
    Ok(())
}
