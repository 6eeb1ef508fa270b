//! A ledger with account 4711, and a kernel in memory that can be made to fail.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use dialgate_contract::config::Config;
use dialgate_contract::ledger::{
    Account, LeaseEnd, Ledger, Letter, Verdict, account, audit, grant, lease, letter, verdict,
};
use dialgate_contract::queue::{Matter, Request, Wish};
use dialgate_contract::{CallerId, RequestId};
use dialgate_reconciler::firewall::{
    Actual, Cut, Family, Filter, Firewall, FirewallError, Looks, Memory, Plan, SetName, Step, Time,
    UnreadableError,
};
use dialgate_reconciler::pass::Reconciler;
use ipnet::IpNet;
use jiff::Timestamp;
use tempfile::TempDir;

pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) kernel: Rc<RefCell<Faulty>>,
}

/// A kernel, and what of it does not work.
pub(crate) struct Faulty {
    pub(crate) memory: Memory,
    /// No table can be read.
    pub(crate) tables: bool,
    /// No change is made, and none is said to have failed.
    pub(crate) stuck: bool,
    /// This many reads work, then one fails.
    pub(crate) reads: Option<u32>,
    /// How often everything was read.
    pub(crate) read: u32,
    /// The kernel's clock, where it tells how it looks.
    pub(crate) clock: Option<Instant>,
    /// Something of the rules' that is not in the model.
    pub(crate) generation: u32,
    /// Which set bears each name.
    pub(crate) identity: u32,
    /// Who is taken out of the telephones' set after the next change, and who is put in instead.
    pub(crate) swap: Option<[&'static str; 2]>,
    /// What somebody else does while the next change is made.
    pub(crate) meanwhile: Option<Box<dyn FnOnce()>>,
    /// The seconds that a change takes.
    pub(crate) slow: u32,
    /// This many times no flow can be cut.
    pub(crate) uncut: u32,
    /// The networks whose flows were cut, each as often as that was done.
    pub(crate) cut: Vec<String>,
    /// The packets of each address, where they are counted.
    pub(crate) counted: Option<BTreeMap<String, u64>>,
}

struct Handle(Rc<RefCell<Faulty>>);

impl Firewall for Handle {
    fn read(&mut self) -> Result<Actual, FirewallError> {
        let mut kernel = self.0.borrow_mut();
        let fails = match &mut kernel.reads {
            Some(0) => kernel.reads.take().is_some(),
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        if fails || kernel.tables {
            return Err(unreadable());
        }
        kernel.read += 1;
        let actual = kernel.memory.actual();
        Ok(match &kernel.counted {
            None => actual.clone(),
            Some(counted) => {
                let saved = counting(&saved(actual), counted);
                Actual::parse(&saved, actual.filters().clone())?
            }
        })
    }

    fn read_sets(&mut self) -> Result<Actual, FirewallError> {
        let sets = saved(self.0.borrow().memory.actual());
        Ok(Actual::parse(&sets, BTreeMap::new())?)
    }

    fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError> {
        let mut kernel = self.0.borrow_mut();
        if kernel.stuck {
            return Ok(());
        }
        kernel.memory.apply(plan)?;
        let slow = kernel.slow;
        kernel.age(slow);
        if let Some([gone, instead]) = kernel.swap.take() {
            kernel.exchange(gone, instead);
        }
        let meanwhile = kernel.meanwhile.take();
        drop(kernel);
        meanwhile.into_iter().for_each(|act| act());
        Ok(())
    }

    fn glance(&mut self) -> Option<Looks> {
        self.seen()
    }

    fn seen(&self) -> Option<Looks> {
        let kernel = self.0.borrow();
        kernel.clock?;
        let actual = kernel.memory.actual();
        let rules = format!("boot net {} {:?}", kernel.generation, actual.filters());
        let sets = actual.sets().iter();
        let looks = sets
            .map(|(name, set)| (name.clone(), kernel.identity.to_string(), set.entries().len()));
        Some(Looks::new(rules, looks))
    }

    fn clock(&self) -> Option<Instant> {
        self.0.borrow().clock
    }

    fn has(&mut self, entries: &BTreeSet<(SetName, IpNet)>) -> bool {
        let kernel = self.0.borrow();
        let sets = kernel.memory.actual().sets();
        entries.iter().all(|(set, network)| {
            sets.get(set).is_some_and(|set| set.entries().contains_key(network))
        })
    }

    fn cut(&mut self, cuts: &[Cut]) -> Result<(), FirewallError> {
        let mut kernel = self.0.borrow_mut();
        if kernel.uncut > 0 {
            kernel.uncut -= 1;
            return Err(unreadable());
        }
        kernel.cut.extend(cuts.iter().map(|cut| cut.network().addr().to_string()));
        Ok(())
    }
}

impl Faulty {
    /// Lets so many seconds pass.
    pub(crate) fn age(&mut self, seconds: u32) {
        self.memory.age(seconds);
        self.clock = self.clock.map(|clock| clock + Duration::from_secs(seconds.into()));
    }

    /// Somebody takes one address out of the telephones' set, and puts another one in.
    pub(crate) fn exchange(&mut self, gone: &str, instead: &str) {
        let set: SetName = "dg-sip-4".parse().unwrap();
        let network = |text: &str| IpNet::from(text.parse::<IpAddr>().unwrap());
        let close = Step::Close { set: set.clone(), network: network(gone) };
        self.memory.step(&close).unwrap();
        let open = Step::Open { set, network: network(instead), time: Time::For(3600) };
        self.memory.step(&open).unwrap();
    }
}

fn unreadable() -> FirewallError {
    let error: UnreadableError = Filter::parse("nonsense").unwrap_err();
    error.into()
}

/// The same of sets that count.
fn counting(saved: &str, counted: &BTreeMap<String, u64>) -> String {
    let count = |line: &str| match line.split(['/', ' ']).nth(2) {
        Some(address) if line.starts_with("add dg-sip") => {
            let packets = counted.get(address).copied().unwrap_or_default();
            format!("{line} packets {packets} bytes {}\n", packets * 100)
        }
        Some(_) | None => format!("{line}\n"),
    };
    saved.lines().map(count).collect()
}

/// As `ipset save` prints it.
fn saved(actual: &Actual) -> String {
    let mut text = String::new();
    for (name, set) in actual.sets() {
        let family = if name.family() == Family::V4 { "inet" } else { "inet6" };
        text += &format!("create {name} hash:net family {family} maxelem 1048576 timeout 60\n");
        for (network, left) in set.entries() {
            text += &format!("add {name} {network} timeout {}\n", left.map_or(0, Time::timeout));
        }
    }
    text
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kernel = Faulty {
            memory: Memory::fresh(),
            tables: false,
            stuck: false,
            reads: None,
            read: 0,
            clock: None,
            generation: 0,
            identity: 0,
            swap: None,
            meanwhile: None,
            slow: 0,
            uncut: 0,
            cut: Vec::new(),
            counted: None,
        };
        let bench = Self { folder, kernel: Rc::new(RefCell::new(kernel)) };
        bench.ledger().write(|tx| account::insert(tx, &ann(), "-")).unwrap();
        bench
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.folder.path().join("ledger.db")).unwrap()
    }

    /// A kernel that tells how it looks.
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    pub(crate) fn visible() -> Self {
        let bench = Self::new();
        bench.kernel.borrow_mut().clock = Some(Instant::now());
        bench
    }

    /// A reconciler with the configuration `text`.
    pub(crate) fn reconciler(&self, text: &str) -> Reconciler {
        let file = self.folder.path().join("dialgate.toml");
        let mail = "[mail]\ntransport = \"sendmail\"\noperator = [\"op@example.net\"]";
        std::fs::write(&file, format!("{text}\n{mail}\n")).unwrap();
        let config = Config::load(&file).unwrap();
        Reconciler::new(config, self.ledger(), Box::new(Handle(Rc::clone(&self.kernel))))
    }

    /// The operator lets an address in for an hour from second 0 on.
    pub(crate) fn grant(&self, address: &str) {
        let address = address.parse().unwrap();
        self.ledger().write(|tx| grant(tx, &ann(), address, at(0), at(3600), 9)).unwrap();
    }

    pub(crate) fn revoke_all(&self) {
        let mut ledger = self.ledger();
        for lease in lease::not_ended(ledger.connection()).unwrap() {
            ledger.write(|tx| lease::end(tx, lease.id, at(10), LeaseEnd::Revoked)).unwrap();
        }
    }

    /// What became of request `n`.
    pub(crate) fn verdict(&self, n: u8) -> Option<Verdict> {
        verdict::find(self.ledger().connection(), RequestId::from_random([n; 16])).unwrap()
    }

    /// The letters in the outbox, by recipient.
    pub(crate) fn letters(&self) -> Vec<(String, Letter)> {
        let letters = letter::due(self.ledger().connection(), Timestamp::MAX, 1000).unwrap();
        let letters = letters.into_iter().map(Result::unwrap);
        letters.map(|waiting| (waiting.recipient, waiting.letter)).collect()
    }

    /// What passes told the audit trail, without what the bench itself did to the ledger.
    pub(crate) fn actions(&self) -> Vec<String> {
        let entries = audit::last(self.ledger().connection(), 1000).unwrap();
        let actions = entries.into_iter().map(|entry| entry.action);
        actions.filter(|action| action != "ledger-edited").collect()
    }

    /// How many changes nobody told the audit trail.
    pub(crate) fn untold(&self) -> usize {
        let ledger = self.ledger();
        assert_eq!(audit::verify(ledger.connection(), None).unwrap().fault, None);
        audit::last_of(ledger.connection(), "ledger-edited", 1000).unwrap().len()
    }

    /// The networks whose flows were cut since the last call.
    pub(crate) fn cut(&self) -> Vec<String> {
        let mut cut = std::mem::take(&mut self.kernel.borrow_mut().cut);
        cut.sort();
        cut
    }

    /// The kernel ends everything by its own clock.
    pub(crate) fn time_out(&self) {
        self.kernel.borrow_mut().memory.age(u32::MAX);
    }

    /// Who is let in to `sip`.
    pub(crate) fn open(&self) -> Vec<String> {
        let kernel = self.kernel.borrow();
        let set = &kernel.memory.actual().sets()[&"dg-sip-4".parse().unwrap()];
        set.entries().keys().map(|network| network.addr().to_string()).collect()
    }
}

pub(crate) fn request(n: u8) -> Request {
    wish(n, Wish::Open { address: IpAddr::from([12, 34, 56, n]), lifetime: None })
}

pub(crate) fn wish(n: u8, wish: Wish) -> Request {
    matter(n, Matter::Access { account: ann().number, wish })
}

pub(crate) fn matter(n: u8, matter: Matter) -> Request {
    Request {
        id: RequestId::from_random([n; 16]),
        matter,
        caller: CallerId::from_network("2001"),
        requested_at: at(0),
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn ann() -> Account {
    Account::new(
        "4711".parse().unwrap(),
        "Ann".to_owned(),
        "ann@example.net".to_owned(),
        ["sip".parse().unwrap()].into(),
        at(0),
    )
}
