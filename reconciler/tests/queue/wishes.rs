use dialgate_contract::Refusal;
use dialgate_contract::ledger::{LeaseEnd, LedgerReader, Verdict, account, lease};
use dialgate_contract::queue::{Matter, Wish};

use crate::site::Site;

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn ledger(site: &Site) -> LedgerReader {
    LedgerReader::open(&site.data().join("ledger.db")).unwrap()
}

#[test]
fn what_was_opened_is_extended_and_then_closed() {
    let site = Site::new();
    let opened = site.enqueue(1);
    site.bounded();
    let Some(Verdict::Open(id, until)) = site.verdict(opened) else { panic!() };
    let longer = site.wish(2, Wish::Extend { lifetime: "3d".parse().ok() });
    site.bounded();
    let Some(Verdict::Extended(same, later)) = site.verdict(longer) else { panic!() };
    assert!(same == id && later > until);
    let (closed, nothing) = (site.wish(3, Wish::Close), site.wish(4, Wish::Close));
    site.bounded();
    assert_eq!(site.verdict(closed), Some(Verdict::Closed));
    assert_eq!(site.verdict(nothing), Some(Verdict::Refused(Refusal::NothingOpen)));
    let leases = lease::all(ledger(&site).connection()).unwrap();
    assert_eq!(leases[0].ended.map(|(_, by)| by), Some(LeaseEnd::Closed));
}

#[test]
fn a_new_pin_reaches_the_ledger() {
    let site = Site::new();
    let changed = site.wish(1, Wish::ChangePin { hash: HASH.parse().unwrap() });
    site.bounded();
    assert_eq!(site.verdict(changed), Some(Verdict::PinChanged));
    let hash = account::pin_hash(ledger(&site).connection(), &"4711".parse().unwrap());
    assert_eq!(hash.unwrap().as_deref(), Some(HASH));
}

#[test]
fn notices_are_heard() {
    let site = Site::new();
    let account = "4711".parse().unwrap();
    let owner = site.tell(1, Matter::FailedLogins { account, failures: 5 });
    let operator = site.tell(2, Matter::Guessing { failures: 200 });
    site.bounded();
    assert_eq!(site.verdict(owner), Some(Verdict::Told));
    assert_eq!(site.verdict(operator), Some(Verdict::Told));
}
