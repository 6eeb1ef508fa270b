use std::net::SocketAddr;
use std::time::Duration;

use dialgate_agi::server::{Server, Services};
use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, Ledger, Verdict, account, verdict};
use dialgate_contract::queue::{QueueReader, RawRequest};
use dialgate_contract::{Lifetime, RequestId};
use dialgate_pin::Pepper;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Of 12345678 with the pepper below, and as cheap as argon2id can be.
const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$SkpKSkpKSkpKSkpKSkpKSg$JZbGULp05APYDwZ5oEPOkHfuSc+D6ZZZFYxcJD+9VAA";

/// A machine with a ledger and a pepper: account 4711 has the PIN 12345678, and so have 4712, which is disabled, and
/// 4713, whose row is damaged; the hash of 4714 is none.
pub(super) struct Site {
    pub(super) folder: tempfile::TempDir,
    pub(super) config: Config,
}

/// A server that runs at a site.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) ended: JoinHandle<()>,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: folder.path().to_owned(),
            pepper_file: folder.path().join("pepper"),
            user: String::new(),
            ..Config::default()
        };
        config.agi.wait_for_open = Lifetime::from_seconds(5).unwrap();
        let pepper = Pepper::from_random([7; Pepper::BYTES]);
        std::fs::write(&config.pepper_file, pepper.to_file().as_bytes()).unwrap();
        let site = Self { folder, config };
        site.add_accounts();
        site
    }

    pub(super) async fn serve(&self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let services = Services::open(&self.config).unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(Server::run(listener, services, async {
            let _ = stopped.await;
        }));
        Running { address, stop, ended }
    }

    pub(super) fn queued(&self) -> Vec<RawRequest> {
        QueueReader::open(&self.config.queue_file()).unwrap().after(0, 10).unwrap()
    }

    /// What the reconciler does: waits for a request, and decides it.
    pub(super) async fn decide(&self, verdict: Verdict) -> RawRequest {
        let request = loop {
            match self.queued().pop() {
                Some(request) => break request,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        };
        let id: RequestId = request.id.parse().unwrap();
        let account = request.account.as_deref().unwrap().parse().unwrap();
        let mut ledger = Ledger::open(&self.config.ledger_file()).unwrap();
        ledger
            .write(|tx| verdict::insert(tx, id, Some(&account), verdict, Timestamp::UNIX_EPOCH))
            .unwrap();
        request
    }

    fn add_accounts(&self) {
        let mut ledger = Ledger::open(&self.config.ledger_file()).unwrap();
        ledger
            .write(|tx| {
                account::insert(tx, &traveller("4711", true), HASH)?;
                account::insert(tx, &traveller("4712", false), HASH)?;
                account::insert(tx, &traveller("4713", true), HASH)?;
                tx.execute("UPDATE account SET created_at = 1 << 60 WHERE number = '4713'", [])?;
                account::insert(tx, &traveller("4714", true), "nonsense")?;
                Ok::<_, DatabaseError>(())
            })
            .unwrap();
    }
}

fn traveller(number: &str, enabled: bool) -> Account {
    Account {
        enabled,
        time_zone: Some("Europe/Paris".to_owned()),
        ..Account::new(
            number.parse().unwrap(),
            "Ann".to_owned(),
            "ann@example.net".to_owned(),
            ["sip".parse().unwrap()].into(),
            Timestamp::UNIX_EPOCH,
        )
    }
}
