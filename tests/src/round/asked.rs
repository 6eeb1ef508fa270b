//! What was asked for in a round, and whether it is so.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use dialgate_contract::ledger::{Ledger, lease};

use crate::root_side::{Entries, Entry, RootSide, now};

/// What was asked for in a round.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// For each request, what is to be decided.
    pub(super) decisions: BTreeMap<String, &'static str>,
    /// For each request that opens, its address.
    pub(super) openings: BTreeMap<String, String>,
    /// What the kernel may hold until the round is over.
    pub(super) may: BTreeSet<Entry>,
    /// What the ledger had ended before the pass.
    pub(super) over: BTreeSet<Entry>,
}

impl Asked {
    /// What must hold at every moment: the kernel holds nothing that nobody had or was to get, what is decided is
    /// done, and nothing is decided twice.
    pub(super) fn check_meanwhile(&self, side: &RootSide) -> io::Result<()> {
        // The ledger first: what it says was done before.
        let ledger = side.ledger()?;
        let verdicts = verdicts(&ledger)?;
        let kernel = side.kernel()?;
        for entry in kernel.keys() {
            check(self.may.contains(entry), || format!("{entry:?} is open and nobody has it"))?;
        }
        for (id, address) in &self.openings {
            if verdicts.get(id).is_some_and(|decision| decision == "open") {
                let open = sets(address).iter().all(|entry| kernel.contains_key(entry));
                check(open, || format!("{address} is said to be open and is not"))?;
            }
        }
        let ended = "SELECT address FROM lease WHERE ended_by IN ('closed', 'expired', 'replaced')";
        for address in column(&ledger, ended)? {
            let open = sets(&address).iter().any(|entry| kernel.contains_key(entry));
            check(!open, || format!("{address} is said to have ended and is open"))?;
        }
        Ok(())
    }

    /// Whether nothing is open that the ledger had ended before the pass.
    pub(super) fn is_closed(&self, side: &RootSide) -> io::Result<bool> {
        let kernel = side.kernel()?;
        Ok(!self.over.iter().any(|entry| kernel.contains_key(entry)))
    }

    pub(super) fn check_decided(&self, ledger: &Ledger) -> io::Result<()> {
        let verdicts = verdicts(ledger)?;
        for (id, decision) in &self.decisions {
            let found = verdicts.get(id).map(String::as_str);
            check(found == Some(decision), || format!("request {id}: {found:?}, not {decision}"))?;
            let lines = format!("SELECT id || '' FROM audit WHERE detail LIKE '%request {id}%'");
            let lines = column(ledger, &lines)?.len();
            check(lines == 1, || format!("{lines} lines of the audit trail tell of {id}"))?;
        }
        for address in self.openings.values() {
            let leases = format!("SELECT id || '' FROM lease WHERE address = '{address}'");
            let leases = column(ledger, &leases)?.len();
            check(leases == 1, || format!("{address} has {leases} leases"))?;
        }
        let requests = column(ledger, "SELECT request FROM verdict")?.len();
        let all = column(ledger, "SELECT DISTINCT request FROM verdict")?.len();
        check(requests == all, || "a request was decided twice".to_owned())
    }
}

/// The kernel holds what leases say and nothing else, and for no longer, after a pass that took so many seconds.
pub(super) fn check_kernel(kernel: &Entries, ledger: &Ledger, took: i64) -> io::Result<()> {
    let now = now();
    let mut wanted = BTreeMap::new();
    for lease in lease::not_ended(ledger.connection()).map_err(io::Error::other)? {
        let left = lease.expires_at.as_second() - now.as_second();
        wanted.extend(sets(&lease.address.to_string()).map(|entry| (entry, left)));
    }
    let (has, wants): (BTreeSet<_>, BTreeSet<_>) =
        (kernel.keys().collect(), wanted.keys().collect());
    let differ: Vec<_> = has.symmetric_difference(&wants).collect();
    check(differ.is_empty(), || format!("kernel and ledger differ: {differ:?}"))?;
    for (entry, left) in &wanted {
        let seconds =
            kernel.get(entry).and_then(|&seconds| i64::try_from(seconds).ok()).unwrap_or(0);
        // Two seconds are what the reconciler takes for the same, and one may have gone by since it looked. The time that an
        // entry gets is reckoned when a pass begins.
        let right = (1..=left + 3 + took).contains(&seconds);
        check(right, || format!("{entry:?} stays for {seconds} s instead of {left} s"))?;
    }
    Ok(())
}

pub(super) fn sets(address: &str) -> [Entry; 2] {
    ["dg-sip-4", "dg-rtp-4"].map(|set| (set.to_owned(), address.to_owned()))
}

fn verdicts(ledger: &Ledger) -> io::Result<BTreeMap<String, String>> {
    let rows = column(ledger, "SELECT request || ' ' || decision FROM verdict")?;
    let rows = rows.iter().filter_map(|row| row.split_once(' '));
    Ok(rows.map(|(id, decision)| (id.to_owned(), decision.to_owned())).collect())
}

pub(super) fn column(ledger: &Ledger, query: &str) -> io::Result<Vec<String>> {
    let mut statement = ledger.connection().prepare(query).map_err(io::Error::other)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(io::Error::other)?;
    rows.collect::<Result<_, _>>().map_err(io::Error::other)
}

pub(super) fn check(holds: bool, otherwise: impl FnOnce() -> String) -> io::Result<()> {
    if holds { Ok(()) } else { Err(io::Error::other(otherwise())) }
}
