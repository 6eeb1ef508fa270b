//! The work of a round: what is asked for by calls, by the operator and by time.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{LeaseEnd, lease};
use dialgate_contract::queue::Wish;
use jiff::SignedDuration;

use super::Rounds;
use super::asked::{Asked, sets};
use crate::namespace::run;
use crate::root_side::{Entry, now};

/// Moves on to another address with every round.
const MOVER: &str = "4711";
/// Keeps its address, and asks for more time.
const STAYER: &str = "4712";
/// Asks for an address that nobody may have.
const REFUSED: &str = "4713";
/// In turn one of each pair opens, and the other's lease ends: by a call, by its time, by the operator.
const CLOSERS: [&str; 2] = ["4721", "4722"];
const EXPIRERS: [&str; 2] = ["4731", "4732"];
const REVOKED: [&str; 2] = ["4741", "4742"];

/// Whoever takes part.
pub(super) fn accounts() -> Vec<&'static str> {
    [&[MOVER, STAYER, REFUSED], &CLOSERS[..], &EXPIRERS, &REVOKED].concat()
}

impl Rounds {
    /// Asks for a round's work.
    pub(super) fn ask(&mut self) -> io::Result<Asked> {
        let mut asked =
            Asked { may: self.side.kernel()?.into_keys().collect(), ..Asked::default() };
        self.round =
            self.round.checked_add(1).ok_or_else(|| io::Error::other("255 rounds are most"))?;
        let even = self.round.is_multiple_of(2);
        let [[opens, closes], [comes, expires], [arrives, revoked]] =
            [CLOSERS, EXPIRERS, REVOKED].map(|[a, b]| if even { [a, b] } else { [b, a] });
        self.open(&mut asked, MOVER, 1, "open")?;
        self.open(&mut asked, REFUSED, 0, "refused")?;
        if self.round == 1 {
            self.open(&mut asked, STAYER, 2, "open")?;
        } else {
            let id = self.side.ask(STAYER, Wish::Extend { lifetime: None })?;
            asked.decisions.insert(id.to_string(), "extended");
        }
        for (n, account) in (3..).zip([opens, comes, arrives]) {
            self.open(&mut asked, account, n, "open")?;
        }
        if self.round > 1 {
            let id = self.side.ask(closes, Wish::Close)?;
            asked.decisions.insert(id.to_string(), "closed");
            asked.over.extend(self.end(expires, None)?);
            asked.over.extend(self.end(revoked, Some(LeaseEnd::Revoked))?);
        }
        if self.round.is_multiple_of(3) {
            run(self.side.namespace().command("iptables").args(["-F", "INPUT"]))?;
        }
        Ok(asked)
    }

    /// Address number 0 is one that is refused.
    fn open(
        &mut self,
        asked: &mut Asked,
        account: &str,
        n: u8,
        decision: &'static str,
    ) -> io::Result<()> {
        let first = if n == 0 { 10 } else { 12 };
        let address = Ipv4Addr::new(first, self.round, 0, n);
        let id =
            self.side.ask(account, Wish::Open { address: IpAddr::V4(address), lifetime: None })?;
        asked.decisions.insert(id.to_string(), decision);
        if decision == "open" {
            asked.openings.insert(id.to_string(), address.to_string());
            asked.may.extend(sets(&address.to_string()));
        }
        Ok(())
    }

    /// Ends an account's lease, by the operator or by its time; its entries in the kernel.
    fn end(&self, account: &str, by: Option<LeaseEnd>) -> io::Result<Vec<Entry>> {
        let account = account.parse().map_err(io::Error::other)?;
        let now = now();
        self.side
            .ledger()?
            .write(|transaction| {
                let mut entries = Vec::new();
                for open in lease::not_ended_of(transaction, &account)? {
                    entries.extend(sets(&open.address.to_string()));
                    if let Some(by) = by {
                        lease::end(transaction, open.id, now, by)?;
                    } else {
                        let over = now - SignedDuration::from_secs(1);
                        lease::extend(transaction, open.id, &open.services, over)?;
                    }
                }
                Ok::<_, DatabaseError>(entries)
            })
            .map_err(io::Error::other)
    }
}
