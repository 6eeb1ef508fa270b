//! Which leases are used, by the packets that the sets count, and the end of those that are not.

use dialgate_contract::Lifetime;
use dialgate_contract::config::Mail;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{LeaseEnd, Usage, account, lease, usage};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

use super::Reconciler;
use super::letters::tell_unused;
use crate::firewall::Actual;

/// As many leases cost nothing to look at.
const FEW: u32 = 1000;
/// Use is written down no more often for one lease.
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_secs(300);

/// What is to be written down of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing new.
    Nothing,
    /// Packets have come.
    Used(u64),
    /// The kernel counts anew.
    Anew(u64),
    /// No packet for too long.
    Idle,
}

impl Reconciler {
    /// Writes down who has used a lease, and ends those that nobody used for as long as the operator has set; whether any
    /// ended. Where nothing goes by it, only few leases are looked at, for whoever asks why somebody is not in, and it is
    /// written with the end of the pass.
    pub(super) fn see_use(
        &mut self,
        actual: &Actual,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        if !actual.is_counted() {
            return Ok(false);
        }
        let (config, ledger) = (&self.config.lease, self.ledger.connection());
        let idle_end = config.idle_end;
        let is_asked = idle_end.is_some()
            || config.addresses_per_account > 1
            || account::some_has_several_addresses(ledger)?;
        if !is_asked && lease::count_not_ended(ledger)? > FEW {
            return Ok(false);
        }
        let all = usage::all(ledger)?.into_iter();
        let seen = all.map(|usage| (seen(&usage, actual, idle_end, now), usage));
        let news: Vec<(Seen, Usage)> = seen.filter(|(seen, _)| *seen != Seen::Nothing).collect();
        if !is_asked || news.is_empty() {
            self.used = news;
            return Ok(false);
        }
        let mail = &self.config.mail;
        self.ledger.write(|transaction| write_used(transaction, mail, &news, now))?;
        Ok(news.iter().any(|(seen, _)| *seen == Seen::Idle))
    }
}

/// Writes down what was seen.
pub(super) fn write_used(
    transaction: &Transaction<'_>,
    mail: &Mail,
    used: &[(Seen, Usage)],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    used.iter().try_for_each(|(seen, usage)| write_down(transaction, mail, *seen, usage, now))
}

/// What the kernel shows of one lease. One that is not counted is never idle.
fn seen(usage: &Usage, actual: &Actual, idle_end: Option<Lifetime>, now: Timestamp) -> Seen {
    let unused = now.duration_since(usage.used_at);
    match actual.packets(usage.address.network()) {
        Some(packets) if packets < usage.packets => Seen::Anew(packets),
        Some(packets) if packets > usage.packets => {
            let due = unused >= WRITTEN_EVERY || usage.packets == 0;
            if due { Seen::Used(packets) } else { Seen::Nothing }
        }
        Some(_) if idle_end.is_some_and(|end| unused >= end.signed()) => Seen::Idle,
        Some(_) | None => Seen::Nothing,
    }
}

fn write_down(
    transaction: &Transaction<'_>,
    mail: &Mail,
    seen: Seen,
    usage: &Usage,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let Usage { id, account, address, used_at, .. } = usage;
    match seen {
        Seen::Nothing => {}
        Seen::Used(packets) => usage::record(transaction, *id, packets, Some(now))?,
        Seen::Anew(packets) => {
            usage::record(transaction, *id, packets, (packets > 0).then_some(now))?;
        }
        Seen::Idle => {
            if lease::end(transaction, *id, now, LeaseEnd::Idle)? {
                let detail = format!("{id} {address}, unused since {used_at}");
                let actor = Actor::Reconciler;
                audit::record(transaction, now, &actor, "lease-idle", Some(account), &detail)?;
                tracing::info!(%account, %address, "lease-idle");
                tell_unused(transaction, mail, usage, now)?;
            }
        }
    }
    Ok(())
}
