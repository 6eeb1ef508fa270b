//! The one rule by which access is granted: what is extended, what is opened, and what ends for it.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{Account, Lease, LeaseEnd, lease, usage};
use crate::TravellerAddress;
use crate::database::{DatabaseError, timestamp};

/// What granting access did to the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The lease as it is now.
    pub lease: Lease,
    /// Where access ended for this one, the longest unused first.
    pub replaced: Vec<TravellerAddress>,
    /// Whether the address was in already.
    pub extended: bool,
}

/// Lets `address` in for `account`. Whether it may be is decided already.
///
/// Where the account is in from that address, its lease goes on with what the account has by now, and never ends
/// earlier than it would have; otherwise a new one begins. Of the account's other open leases those that were not used
/// for longest end until no more than `addresses_per_account` are open, this one counted. Leases whose time is over are
/// left to the reconciler.
///
/// # Errors
/// When the database cannot be read or written.
pub fn grant(
    transaction: &Transaction<'_>,
    account: &Account,
    address: TravellerAddress,
    from: Timestamp,
    until: Timestamp,
    addresses_per_account: u8,
) -> Result<Granted, DatabaseError> {
    let (here, elsewhere): (Vec<Lease>, Vec<Lease>) =
        lease::not_ended_of(transaction, &account.number)?
            .into_iter()
            .filter(|lease| lease.is_open(from))
            .partition(|lease| lease.address == address);
    let kept = usize::from(addresses_per_account).saturating_sub(1);
    let surplus = elsewhere.len().saturating_sub(kept);
    let mut replaced = Vec::new();
    for old in idlest_first(transaction, elsewhere)?.iter().take(surplus) {
        lease::end(transaction, old.id, from, LeaseEnd::Replaced)?;
        replaced.push(old.address);
    }
    let extended = !here.is_empty();
    let lease = match here.into_iter().next_back() {
        Some(open) => {
            usage::asked(transaction, open.id, from)?;
            prolong(transaction, account, open, until)?
        }
        None => begin(transaction, account, address, from, until)?,
    };
    Ok(Granted { lease, replaced, extended })
}

fn idlest_first(
    transaction: &Transaction<'_>,
    leases: Vec<Lease>,
) -> Result<Vec<Lease>, DatabaseError> {
    let used = leases.into_iter().map(|lease| Ok((usage::used_at(transaction, lease.id)?, lease)));
    let mut used = used.collect::<Result<Vec<_>, DatabaseError>>()?;
    used.sort_by_key(|(used_at, lease)| (*used_at, lease.id));
    Ok(used.into_iter().map(|(_, lease)| lease).collect())
}

/// Lets a lease of `account` that has not ended go on with what the account has by now, until `until` if it would end
/// earlier; the lease as it is then.
///
/// # Errors
/// When the database cannot be written.
pub fn prolong(
    transaction: &Transaction<'_>,
    account: &Account,
    open: Lease,
    until: Timestamp,
) -> Result<Lease, DatabaseError> {
    let expires_at = open.expires_at.max(whole_seconds(until)?);
    lease::extend(transaction, open.id, &account.services, expires_at)?;
    Ok(Lease { services: account.services.clone(), expires_at, ..open })
}

fn begin(
    transaction: &Transaction<'_>,
    account: &Account,
    address: TravellerAddress,
    from: Timestamp,
    until: Timestamp,
) -> Result<Lease, DatabaseError> {
    let (opened_at, expires_at) = (whole_seconds(from)?, whole_seconds(until)?);
    let (number, services) = (account.number.clone(), account.services.clone());
    let id = lease::open(transaction, &number, address, &services, opened_at, expires_at)?;
    Ok(Lease { id, account: number, address, services, opened_at, expires_at, ended: None })
}

/// The time as it is stored, so that what is told is what is written.
fn whole_seconds(time: Timestamp) -> Result<Timestamp, DatabaseError> {
    timestamp("lease", time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    const A: &str = "12.34.56.78";
    const B: &str = "12.34.56.79";
    const C: &str = "12.34.56.80";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn account(number: &str, services: &[&str]) -> Account {
        Account::new(
            number.parse().unwrap(),
            "Ann".to_owned(),
            "ann@example.net".to_owned(),
            services.iter().map(|name| name.parse().unwrap()).collect(),
            at(0),
        )
    }

    struct Case {
        _folder: tempfile::TempDir,
        ledger: Ledger,
        account: Account,
        addresses: u8,
    }

    impl Case {
        fn new(addresses: u8) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
            Self { _folder: folder, ledger, account: account("4711", &["sip"]), addresses }
        }

        fn grant(&mut self, address: &str, from: i64, until: i64) -> Granted {
            let (account, addresses) = (&self.account, self.addresses);
            let address = address.parse().unwrap();
            self.ledger
                .write(|tx| grant(tx, account, address, at(from), at(until), addresses))
                .unwrap()
        }

        fn open(&self, now: i64) -> Vec<String> {
            let leases = lease::not_ended(self.ledger.connection()).unwrap();
            leases
                .iter()
                .filter(|lease| lease.is_open(at(now)))
                .map(|lease| lease.address.to_string())
                .collect()
        }
    }

    #[test]
    fn the_first_address_opens_and_what_is_told_is_what_is_written() {
        let mut case = Case::new(1);
        let granted = case.grant(A, 100, 200);
        assert_eq!((granted.replaced.len(), granted.extended), (0, false));
        assert_eq!(lease::all(case.ledger.connection()).unwrap(), [granted.lease]);
    }

    #[test]
    fn a_new_address_replaces_the_old_one() {
        let mut case = Case::new(1);
        let old = case.grant(A, 100, 200).lease;
        let granted = case.grant(B, 150, 250);
        assert_eq!((granted.replaced, granted.extended), (vec![A.parse().unwrap()], false));
        assert_eq!(case.open(150), [B]);
        let history = lease::all(case.ledger.connection()).unwrap();
        assert_eq!(history[0].ended, Some((at(150), LeaseEnd::Replaced)));
        assert_ne!(granted.lease.id, old.id);
    }

    #[test]
    fn the_same_address_goes_on_with_what_the_account_has_by_now() {
        let mut case = Case::new(1);
        let first = case.grant(A, 100, 200).lease;
        case.account = account("4711", &["sip", "web"]);
        let granted = case.grant(A, 150, 250);
        assert!(granted.extended && granted.replaced.is_empty());
        assert_eq!((granted.lease.id, granted.lease.opened_at), (first.id, first.opened_at));
        assert_eq!(granted.lease.expires_at, at(250));
        assert_eq!(lease::all(case.ledger.connection()).unwrap(), [granted.lease]);
    }

    #[test]
    fn asking_for_less_time_never_shortens_a_lease() {
        let mut case = Case::new(1);
        case.grant(A, 100, 900);
        assert_eq!(case.grant(A, 150, 250).lease.expires_at, at(900));
    }

    #[test]
    fn a_lease_whose_time_is_over_is_neither_extended_nor_replaced() {
        let mut case = Case::new(1);
        case.grant(A, 100, 200);
        let same = case.grant(A, 200, 300);
        assert!(!same.extended && same.replaced.is_empty());
        let other = case.grant(B, 300, 400);
        assert!(other.replaced.is_empty());
        assert_eq!(case.open(300), [B]);
    }

    #[test]
    fn only_as_many_of_the_oldest_end_as_must() {
        let mut case = Case::new(2);
        case.grant(A, 100, 900);
        case.grant(B, 110, 900);
        assert_eq!(case.grant(C, 120, 900).replaced, [A.parse().unwrap()]);
        assert_eq!(case.open(120), [B, C]);
        case.addresses = 1;
        assert_eq!(case.grant(C, 130, 900).replaced, [B.parse().unwrap()]);
        assert_eq!(case.open(130), [C]);
    }

    #[test]
    fn the_one_that_was_not_used_for_longest_makes_room() {
        let mut case = Case::new(2);
        let old = case.grant(A, 100, 900).lease;
        case.grant(B, 110, 900);
        case.ledger.write(|tx| usage::record(tx, old.id, 7, Some(at(115)))).unwrap();
        assert_eq!(case.grant(C, 120, 900).replaced, [B.parse().unwrap()]);
        assert_eq!(case.open(120), [A, C]);
    }

    #[test]
    fn another_accounts_leases_are_untouched() {
        let mut case = Case::new(1);
        case.grant(A, 100, 200);
        case.account = account("4712", &["sip"]);
        let granted = case.grant(A, 100, 200);
        assert!(!granted.extended && granted.replaced.is_empty());
        assert_eq!(case.open(100), [A, A]);
    }
}
