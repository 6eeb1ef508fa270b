use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use dialgate_contract::Refusal;
use dialgate_contract::ledger::{Deny, Verdict, deny};
use dialgate_reconciler::firewall::Actual;
use dialgate_reconciler::pass::{Bans, BansError};
use ipnet::IpNet;

use crate::bench::{Bench, at, request};

/// A fail2ban that lifts bans, or only says so, or cannot be told.
struct Jail {
    banned: BTreeSet<IpNet>,
    works: Works,
    told: Vec<IpNet>,
}

#[derive(PartialEq)]
enum Works {
    Well,
    NotAtAll,
    Fails,
}

struct Handle(Rc<RefCell<Jail>>);

impl Bans for Handle {
    fn banned(&self, _: &Actual) -> BTreeSet<IpNet> {
        self.0.borrow().banned.clone()
    }

    fn lift(&mut self, ban: IpNet) -> Result<(), BansError> {
        let mut jail = self.0.borrow_mut();
        jail.told.push(ban);
        match jail.works {
            Works::Well => jail.banned.remove(&ban),
            Works::NotAtAll => false,
            Works::Fails => return Err(BansError("no answer".to_owned())),
        };
        Ok(())
    }
}

/// 12.34.56.1 is banned and asks to be let in, as 12.34.56.2 does, who is not.
fn asked(bench: &Bench, config: &str, works: Works) -> Rc<RefCell<Jail>> {
    let banned = ["12.34.56.1/32".parse().unwrap()].into();
    let jail = Rc::new(RefCell::new(Jail { banned, works, told: Vec::new() }));
    let mut reconciler = bench
        .reconciler(&format!("[lease]\naddresses-per-account = 9\n{config}"))
        .beside(Box::new(Handle(Rc::clone(&jail))));
    reconciler.pass(&[request(1), request(2)], at(0)).unwrap();
    jail
}

const REFUSED: Option<Verdict> = Some(Verdict::Refused(Refusal::BannedAddress));

#[test]
fn whoever_is_banned_hears_it_and_the_ban_stays() {
    let bench = Bench::new();
    let jail = asked(&bench, "", Works::Well);
    assert_eq!((bench.verdict(1), bench.open()), (REFUSED, vec!["12.34.56.2".to_owned()]));
    assert!(jail.borrow().told.is_empty());
}

#[test]
fn a_lease_lifts_the_ban_of_its_address_where_the_operator_wants_it() {
    let bench = Bench::new();
    let jail = asked(&bench, "[firewall]\nunban = true", Works::Well);
    assert!(matches!(bench.verdict(1), Some(Verdict::Open(..))));
    assert_eq!(bench.open(), ["12.34.56.1", "12.34.56.2"]);
    assert_eq!(jail.borrow().told.len(), 1);
    assert_eq!(bench.actions(), ["lease-opened", "ban-lifted", "lease-opened"]);
}

#[test]
fn whose_ban_is_not_gone_is_refused_and_nobody_else_with_him() {
    for works in [Works::NotAtAll, Works::Fails] {
        let bench = Bench::new();
        let jail = asked(&bench, "[firewall]\nunban = true", works);
        assert_eq!((bench.verdict(1), bench.open()), (REFUSED, vec!["12.34.56.2".to_owned()]));
        assert!(matches!(bench.verdict(2), Some(Verdict::Open(..))));
        assert_eq!(jail.borrow().told.len(), 1);
    }
}

#[test]
fn whom_the_operator_denies_is_refused_until_the_denial_ends() {
    let bench = Bench::new();
    let entry = Deny {
        network: "12.34.56.0/24".parse().unwrap(),
        name: String::new(),
        expires_at: Some(at(60)),
        created_at: at(0),
    };
    bench.ledger().write(|tx| deny::put(tx, &entry)).unwrap();
    bench.reconciler("").pass(&[request(1)], at(59)).unwrap();
    assert_eq!(bench.verdict(1), Some(Verdict::Refused(Refusal::DeniedAddress)));
    bench.reconciler("").pass(&[request(2)], at(60)).unwrap();
    assert!(matches!(bench.verdict(2), Some(Verdict::Open(..))));
}
