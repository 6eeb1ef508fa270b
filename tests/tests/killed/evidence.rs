//! What is found afterwards: in the queue, the ledger, the kernel, the logs and the mailbox.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use dialgate_contract::ledger::{Lease, LedgerReader, audit, lease};
use dialgate_contract::queue::QueueReader;
use dialgate_tests::namespace::run;
use dialgate_tests::site::Site;

#[derive(Debug)]
pub(crate) struct Evidence {
    /// Requests that there ever were: the telephone side says so, or they are in its queue still.
    pub(crate) queued: BTreeSet<String>,
    /// Requests with a verdict, each with its decision.
    verdicts: BTreeMap<String, String>,
    /// Leases that have not ended.
    open: Vec<Lease>,
    leases: i64,
    /// For each request, the lines of the audit trail that tell of its decision.
    decided: BTreeMap<String, usize>,
    letters: i64,
    delivered: usize,
    /// Set and address.
    kernel: BTreeSet<(String, String)>,
}

impl Evidence {
    pub(crate) fn gather(site: &mut Site) -> io::Result<Self> {
        let delivered = site.mail().messages()?.len();
        let data = site.folder().join("data");
        let ledger = LedgerReader::open(&data.join("ledger.db")).map_err(io::Error::other)?;
        let ledger = ledger.connection();
        let mut queued = logged(&site.logs()?);
        let queue = QueueReader::open(&data.join("queue/queue.db")).map_err(io::Error::other)?;
        let rows = queue.after(0, u32::MAX).map_err(io::Error::other)?;
        queued.extend(rows.into_iter().map(|row| row.id));
        let mut statement =
            ledger.prepare("SELECT request, decision FROM verdict").map_err(io::Error::other)?;
        let verdicts = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .map_err(io::Error::other)?;
        let mut decided = BTreeMap::new();
        for entry in audit::last(ledger, u32::MAX).map_err(io::Error::other)? {
            if let Some((_, request)) = entry.detail.split_once(", request ") {
                *decided.entry(request.to_owned()).or_default() += 1;
            }
        }
        let count = |table: &str| {
            ledger
                .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        };
        Ok(Self {
            queued,
            verdicts,
            open: lease::not_ended(ledger).map_err(io::Error::other)?,
            leases: count("lease").map_err(io::Error::other)?,
            decided,
            letters: count("letter").map_err(io::Error::other)?,
            delivered,
            kernel: kernel(site)?,
        })
    }

    /// Whether every request has a verdict and the kernel shows what the ledger says.
    pub(crate) fn is_settled(&self) -> bool {
        self.queued.iter().all(|id| self.verdicts.contains_key(id)) && self.kernel == self.wanted()
    }

    /// Requests that were granted.
    pub(crate) fn granted(&self) -> usize {
        self.verdicts.values().filter(|decision| *decision != "refused").count()
    }

    /// Everything that must hold, whoever was killed when.
    pub(crate) fn assert_sound(&self, accounts: &[&str], kills: u64) {
        let ids: BTreeSet<String> = self.verdicts.keys().cloned().collect();
        assert_eq!(ids, self.queued, "requests with a verdict, and requests");
        let once: BTreeMap<String, usize> = ids.iter().map(|id| (id.clone(), 1)).collect();
        assert_eq!(self.decided, once, "how often the audit trail tells of each decision");
        let opened = self.verdicts.values().filter(|decision| *decision == "open").count();
        assert_eq!(
            self.leases,
            i64::try_from(opened).unwrap(),
            "a lease for each verdict that opened, and no other"
        );
        for account in accounts {
            let open = self.open.iter().filter(|lease| lease.account.as_str() == *account).count();
            assert!(open <= 1, "account {account} has {open} addresses");
        }
        assert_eq!(self.kernel, self.wanted(), "the kernel, and the ledger");
        assert_eq!(self.letters, i64::try_from(self.granted()).unwrap(), "a letter for each grant");
        let most = self.granted() + usize::try_from(kills).unwrap();
        assert!(self.delivered <= most, "{} letters delivered, {most} at most", self.delivered);
    }

    fn wanted(&self) -> BTreeSet<(String, String)> {
        let entries = self.open.iter().flat_map(|lease| {
            let services = lease.services.iter();
            services.map(|service| (format!("dg-{service}-4"), lease.address.to_string()))
        });
        entries.collect()
    }
}

/// The requests that the telephone side says it has queued.
fn logged(logs: &str) -> BTreeSet<String> {
    let lines = logs.lines().filter(|line| line.contains("request queued"));
    lines
        .filter_map(|line| line.split_once(" request="))
        .map(|(_, rest)| rest.chars().take_while(char::is_ascii_hexdigit).collect())
        .collect()
}

/// Who is let in.
fn kernel(site: &Site) -> io::Result<BTreeSet<(String, String)>> {
    let saved = run(site.namespace().command("ipset").arg("save"))?;
    let entries = saved.lines().filter_map(|line| line.strip_prefix("add "));
    let entries = entries.filter(|entry| !entry.starts_with("dg-ended-"));
    Ok(entries
        .filter_map(|entry| {
            let mut words = entry.split(' ');
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect())
}
