use super::*;
use dialgate_contract::ledger::{Exempt, Ledger, grant, revision};

const NOW: i64 = 1_800_000_000;

struct Site {
    ledger: Ledger,
    config: Config,
    _folder: tempfile::TempDir,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).unwrap()
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        Self { ledger, config: Config::default(), _folder: folder }
    }

    fn allow(&mut self, origin: &str, until: Option<i64>) {
        let entry = Allow {
            origin: origin.parse().unwrap(),
            services: ["sip".parse().unwrap()].into(),
            name: String::new(),
            expires_at: until.map(at),
            created_at: at(0),
        };
        self.ledger.write(|tx| allow::put(tx, &entry)).unwrap();
    }

    fn deny(&mut self, network: &str, until: Option<i64>) {
        let entry = Deny {
            network: network.parse().unwrap(),
            name: String::new(),
            expires_at: until.map(at),
            created_at: at(0),
        };
        self.ledger.write(|tx| deny::put(tx, &entry)).unwrap();
    }

    fn lease(&mut self, address: &str, until: i64) {
        let account = crate::admit::tests::ann();
        let address = address.parse().unwrap();
        self.ledger.write(|tx| grant(tx, &account, address, at(0), at(until), 9)).unwrap();
    }

    fn answer(&mut self, name: &str, addresses: &[&str], second: i64) {
        let name = name.parse().unwrap();
        let addresses: Vec<IpAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
        self.ledger.write(|tx| host::answered(tx, &name, &addresses, at(second))).unwrap();
    }

    fn wanted(&self, second: i64) -> Desired {
        wanted(self.ledger.connection(), &self.config, at(second)).unwrap()
    }

    /// Who is let in to `sip`, of both families.
    fn open(&self, second: i64) -> Vec<(String, Time)> {
        let desired = self.wanted(second);
        let sets = ["dg-sip-4", "dg-sip-6"].map(|name| &desired.sets()[&name.parse().unwrap()]);
        let entries = sets.into_iter().flatten();
        entries.map(|(network, time)| (network.to_string(), *time)).collect()
    }

    fn policy(&self, second: i64) -> Option<firewall::BasePolicy> {
        policy(self.ledger.connection(), at(second)).unwrap()
    }

    fn next(&self) -> Option<i64> {
        next_end(self.ledger.connection()).unwrap().map(|end| end.as_second() - NOW)
    }
}

fn open(expected: &[(&str, Time)]) -> Vec<(String, Time)> {
    expected.iter().map(|(network, time)| ((*network).to_owned(), *time)).collect()
}

#[test]
fn networks_on_the_allow_list_stand_for_good_or_until_their_end() {
    let mut site = Site::new();
    site.allow("12.34.0.0/16", None);
    site.allow("2a01:4f8::/32", Some(60));
    let both = open(&[("12.34.0.0/16", Time::Always), ("2a01:4f8::/32", Time::For(60))]);
    assert_eq!(site.open(0), both);
    assert_eq!(site.next(), Some(60));
    assert_eq!(site.open(60), open(&[("12.34.0.0/16", Time::Always)]));
}

#[test]
fn a_lease_of_an_address_on_the_allow_list_gives_it_no_end() {
    let mut site = Site::new();
    site.allow("12.34.56.78", None);
    site.lease("12.34.56.78", 60);
    assert_eq!(site.open(0), open(&[("12.34.56.78/32", Time::Always)]));
}

#[test]
fn a_host_is_let_in_where_it_was_seen_in_the_last_two_hours() {
    let mut site = Site::new();
    site.allow("sip.example.net", None);
    assert_eq!((site.open(0), site.next()), (Vec::new(), None));
    site.answer("sip.example.net", &["12.34.56.78", "2a01:4f8::1"], 0);
    site.answer("sip.example.net", &["12.34.56.78"], 600);
    let both = open(&[("12.34.56.78/32", Time::For(7200)), ("2a01:4f8::1/128", Time::For(6600))]);
    assert_eq!(site.open(600), both);
    assert_eq!(site.next(), Some(7200));
    assert_eq!(site.open(7200), open(&[("12.34.56.78/32", Time::For(600))]));
    assert_eq!(site.open(7800), Vec::new());
}

#[test]
fn a_host_whose_entry_ends_leaves_with_it() {
    let mut site = Site::new();
    site.allow("sip.example.net", Some(60));
    site.answer("sip.example.net", &["12.34.56.78"], 0);
    assert_eq!(site.open(0), open(&[("12.34.56.78/32", Time::For(60))]));
    assert_eq!(site.open(60), Vec::new());
}

#[test]
fn an_address_where_nobody_sends_from_is_let_in_by_no_answer() {
    let mut site = Site::new();
    site.allow("sip.example.net", None);
    site.answer("sip.example.net", &["127.0.0.1", "::", "12.34.56.78"], 0);
    assert_eq!(site.open(0), open(&[("12.34.56.78/32", Time::For(7200))]));
}

#[test]
fn whoever_is_denied_is_in_no_set_until_the_denial_ends() {
    let mut site = Site::new();
    site.lease("12.34.56.78", 600);
    site.allow("12.34.0.0/16", None);
    site.allow("56.0.0.0/24", None);
    site.deny("12.34.56.0/24", Some(60));
    site.deny("56.0.0.0/8", None);
    assert_eq!(site.open(0), open(&[("12.34.0.0/16", Time::Always)]));
    let denial = |network: &str, time| Denial { network: network.parse().unwrap(), time };
    assert_eq!(
        denied(site.ledger.connection(), at(0)).unwrap(),
        [denial("12.34.56.0/24", Time::For(60)), denial("56.0.0.0/8", Time::Always)]
    );
    assert_eq!(site.next(), Some(60));
    let again = open(&[("12.34.0.0/16", Time::Always), ("12.34.56.78/32", Time::For(540))]);
    assert_eq!(site.open(60), again);
}

#[test]
fn the_base_policy_holds_while_it_is_tried_and_when_it_is_confirmed() {
    let mut site = Site::new();
    let exempt = |lan: &str| Exempt {
        lan: [lan.parse().unwrap()].into(),
        open: ["rtp".parse().unwrap()].into(),
    };
    let policy = |trial, lan: &str| {
        let (lan, open) = (vec![lan.parse().unwrap()], ["rtp".parse().unwrap()].into());
        Some(firewall::BasePolicy { trial, lan, open })
    };
    let (home, less) = ("192.168.0.0/16", "192.168.1.0/24");
    assert_eq!(site.policy(0), None);
    let trial = BasePolicy::Trial(at(60));
    site.ledger.write(|tx| base_policy::set(tx, trial, &exempt(home), at(0))).unwrap();
    assert_eq!(site.next(), Some(60));
    assert_eq!(site.policy(10), policy(Some(50), home));
    assert_eq!(site.policy(60), None);
    site.ledger.write(|tx| base_policy::set(tx, BasePolicy::On, &exempt(home), at(30))).unwrap();
    assert_eq!((site.policy(9999), site.next()), (policy(None, home), None));
    // What the configuration says meanwhile takes nothing away, and a trial of less ends where it began.
    site.config.base_policy.lan = vec![less.parse().unwrap()];
    assert_eq!(site.policy(9999), policy(None, home));
    site.ledger.write(|tx| base_policy::set(tx, trial, &exempt(less), at(40))).unwrap();
    assert_eq!(site.policy(59), policy(Some(1), less));
    assert_eq!(site.policy(60), policy(None, home));
}

#[test]
fn whose_right_has_ended_is_silenced_for_an_hour_unless_something_covers_it_all() {
    let mut site = Site::new();
    let silenced = |site: &Site, second| -> Vec<(String, Time)> {
        let sets = site.wanted(second).sets().clone();
        let entries = sets.get(&"dg-ended-4".parse().unwrap()).into_iter().flatten();
        entries.map(|(network, time)| (network.to_string(), *time)).collect()
    };
    for address in ["12.34.56.78", "12.34.57.9"] {
        site.lease(address, 600);
    }
    site.allow("12.34.57.0/24", None);
    for open in lease::not_ended(site.ledger.connection()).unwrap() {
        let by = dialgate_contract::ledger::LeaseEnd::Revoked;
        site.ledger.write(|tx| lease::end(tx, open.id, at(10), by)).unwrap();
    }
    let whole = [("12.34.56.78/32".to_owned(), Time::For(3600))];
    assert_eq!(silenced(&site, 10), whole);
    // Flows are cut, and the time runs.
    let lost = loss::all(site.ledger.connection()).unwrap();
    let ended = uncovered(&site.wanted(10), &lost);
    assert_eq!(ended, ["12.34.56.78".parse().unwrap()].into());
    let cut = site.ledger.write(|tx| {
        ended.iter().try_for_each(|network| ended::put(tx, *network, at(10)))?;
        loss::cut(tx, &lost)
    });
    cut.unwrap();
    assert_eq!((silenced(&site, 10), site.next()), (whole.into(), Some(3610)));
    assert_eq!(silenced(&site, 3609), [("12.34.56.78/32".to_owned(), Time::For(1))]);
    assert_eq!(silenced(&site, 3610), []);
    // The base policy keeps out more than that.
    site.ledger
        .write(|tx| base_policy::set(tx, BasePolicy::On, &Exempt::default(), at(20)))
        .unwrap();
    assert_eq!(silenced(&site, 30), []);
}

#[test]
fn what_is_left_is_rounded_up_and_never_nothing() {
    let left_at = |now: &str| {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        remaining(time("2026-11-20T12:00:00Z"), time("2026-11-20T13:00:00Z"), time(now))
    };
    assert_eq!(left_at("2026-11-20T12:59:00Z"), 60);
    assert_eq!(left_at("2026-11-20T12:59:00.5Z"), 60);
    assert_eq!(left_at("2026-11-20T12:59:59.999Z"), 1);
    // A clock that is set back makes nothing longer than it ever was.
    assert_eq!(left_at("2026-11-19T12:00:00Z"), 3600);
    assert_eq!(left_at("1970-01-01T00:00:00Z"), 3600);
}

#[test]
fn a_network_is_covered_by_itself_and_by_those_around_it() {
    let networks =
        ["12.34.0.0/16", "56.7.8.9/32", "2a01::/32"].map(|it| it.parse().unwrap()).into();
    let covered = |network: &str| covers(&networks, network.parse().unwrap());
    for network in ["12.34.0.0/16", "12.34.56.78/32", "56.7.8.9/32", "2a01:0:1::/64"] {
        assert!(covered(network), "{network}");
    }
    for network in ["12.0.0.0/8", "12.35.0.0/16", "56.7.8.8/31", "2a01::/31", "2a02::/32", "::/0"] {
        assert!(!covered(network), "{network}");
    }
}

#[test]
fn whoever_is_let_in_for_longer_meanwhile_is_not_taken_for_gone() {
    let mut site = Site::new();
    site.lease("12.34.56.78", 3600);
    let since = revision::number(site.ledger.connection()).unwrap();
    let path = site._folder.path().join("ledger.db");
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let over = std::sync::atomic::Ordering::Relaxed;
    let network: IpNet = "12.34.56.78/32".parse().unwrap();
    let mut gone = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let ledger = Ledger::open(&path).unwrap();
            ledger.connection().pragma_update(None, "synchronous", "OFF").unwrap();
            for _ in 0..100_000 {
                if is_over.load(over) {
                    break;
                }
                // As if nobody had changed it, and then somebody does.
                for statement in [
                    "UPDATE lease SET revision = 0",
                    "UPDATE lease SET expires_at = expires_at + 1",
                ] {
                    ledger.connection().execute_batch(statement).unwrap();
                }
            }
        });
        for _ in 0..2000 {
            let wanted =
                wanted_since(site.ledger.connection(), &site.config, at(0), Some(since)).unwrap();
            let set = &wanted.sets()[&"dg-sip-4".parse().unwrap()];
            let is_gone = wanted.part().unwrap().contains(&network) && !set.contains_key(&network);
            gone += u32::from(is_gone);
        }
        is_over.store(true, over);
    });
    assert_eq!(gone, 0);
}
