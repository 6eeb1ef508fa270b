//! What the ledger and the clock say should be open.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::host::{self, Host};
use dialgate_contract::ledger::{
    Allow, BasePolicy, Decision, Deny, Loss, allow, base_policy, built, deny, ended, lease, loss,
    service,
};
use dialgate_contract::{HostName, Network, Origin};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

use crate::firewall::{self, Cut, Denial, Desired, Grant, Time};

/// What the kernel should hold at `now`: open leases and the allow list, what is denied, whose right ended lately, and
/// whether everybody else is kept out.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn wanted(
    connection: &Connection,
    config: &Config,
    now: Timestamp,
) -> Result<Desired, DatabaseError> {
    wanted_since(connection, config, now, None)
}

/// The same, of leases that have changed after a revision of the ledger only: what is held of others was right then, and is
/// but for the time.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn wanted_since(
    connection: &Connection,
    config: &Config,
    now: Timestamp,
    revision: Option<i64>,
) -> Result<Desired, DatabaseError> {
    let _moment = moment(connection)?;
    let services = service::all(connection)?;
    let denials = denied(connection, now)?;
    let mut grants = leased(connection, now, revision)?;
    // All of them, if only to know whose flows go on.
    let allowed = allowed(connection, now)?;
    let changed = revision.map(|revision| lease::where_changed(connection, revision, now));
    let part = changed
        .transpose()?
        .map(|changed| changed.into_iter().map(|address| Network::from(address).net()).collect());
    grants.extend(allowed);
    // Whoever is denied as a whole leaves the sets as well, and with that his flows are cut.
    let kept_out: BTreeSet<IpNet> = denials.iter().map(|denial| denial.network.net()).collect();
    grants.retain(|grant| !covers(&kept_out, grant.network.net()));
    let (chain, anchor) = (config.firewall.chain.clone(), config.firewall.anchor.clone());
    let desired = Desired::new(chain, anchor, &services, grants);
    let desired = desired.replace(built::all(connection)?).deny(denials);
    let desired = match policy(connection, now)? {
        Some(policy) => desired.keep_others_out(policy),
        None => desired,
    };
    let ended = ended(connection, &desired, now)?;
    let desired = desired.silence(ended);
    Ok(match part {
        Some(part) => desired.only(part),
        None => desired,
    })
}

/// What is read while this is held is all of one moment: who is let in for longer between two statements is not to be
/// taken for gone. In a transaction there is nothing to be held.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn moment(connection: &Connection) -> Result<Option<Transaction<'_>>, DatabaseError> {
    let moment = connection.is_autocommit().then(|| connection.unchecked_transaction());
    Ok(moment.transpose()?)
}

/// Who lost something that nothing in `desired` covers.
pub(crate) fn uncovered(desired: &Desired, lost: &[Loss]) -> BTreeSet<Network> {
    let cuts = Cut::of(desired, lost.iter().map(|loss| (loss.network, &loss.services)));
    let cut: BTreeSet<IpNet> = cuts.iter().map(Cut::network).collect();
    lost.iter().map(|loss| loss.network).filter(|network| cut.contains(&network.net())).collect()
}

/// When the ledger has something that ends next; `None` when nothing does.
///
/// # Errors
/// When the ledger cannot be read.
pub fn next_end(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let ends = [
        lease::next_expiry(connection)?,
        ended::next_end(connection)?,
        loss::next_try(connection)?,
        next_end_of_others(connection)?,
    ];
    Ok(ends.into_iter().flatten().min())
}

/// The same of the lists, hosts and the trial of the base policy: of what concerns more than one traveller.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn next_end_of_others(
    connection: &Connection,
) -> Result<Option<Timestamp>, DatabaseError> {
    let trial = match base_policy::find(connection)? {
        Some(Decision { policy: BasePolicy::Trial(end), .. }) => Some(end),
        Some(Decision { policy: BasePolicy::On | BasePolicy::Off, .. }) | None => None,
    };
    let ends = [
        allow::next_end(connection)?,
        deny::next_end(connection)?,
        host::next_end(connection)?,
        trial,
    ];
    Ok(ends.into_iter().flatten().min())
}

fn leased(
    connection: &Connection,
    now: Timestamp,
    revision: Option<i64>,
) -> Result<Vec<Grant>, DatabaseError> {
    let leases = match revision {
        Some(revision) => lease::not_ended_where_changed(connection, revision, now),
        None => lease::not_ended(connection),
    };
    let open = leases?.into_iter().filter(|lease| lease.is_open(now));
    let grants = open.map(|lease| Grant {
        network: lease.address.into(),
        time: Time::For(remaining(lease.opened_at, lease.expires_at, now)),
        services: lease.services,
    });
    Ok(grants.collect())
}

fn allowed(connection: &Connection, now: Timestamp) -> Result<Vec<Grant>, DatabaseError> {
    let hosts = host::all(connection)?;
    let list = allow::all(connection)?.into_iter().filter(|entry| entry.holds(now));
    Ok(list.flat_map(|entry| granted(&entry, &hosts, now)).collect())
}

fn granted(entry: &Allow, hosts: &BTreeMap<HostName, Host>, now: Timestamp) -> Vec<Grant> {
    let whole = left(entry.created_at, entry.expires_at, now);
    let grant = |network, time: Time| {
        let services = entry.services.clone();
        Grant { network, services, time: time.min(whole) }
    };
    match &entry.origin {
        Origin::Network(network) => vec![grant(*network, whole)],
        Origin::Host(name) => {
            let known = hosts.get(name).map(|host| &host.addresses).into_iter().flatten();
            let good = known.filter_map(|(&address, &answered)| {
                Some(grant(at(address)?, kept(answered, host::KEPT, now)?))
            });
            good.collect()
        }
    }
}

/// For how much longer something stays that is kept for so long from `since` on.
fn kept(since: Timestamp, long: SignedDuration, now: Timestamp) -> Option<Time> {
    let end = since.checked_add(long).ok()?;
    (now < end).then(|| Time::For(remaining(since, end, now)))
}

/// Whose right ended in the last hour; of those whose flows nobody has tried to cut yet it is now.
fn ended(
    connection: &Connection,
    desired: &Desired,
    now: Timestamp,
) -> Result<Vec<(Network, Time)>, DatabaseError> {
    let mut list = ended::all(connection)?;
    let mut lost = loss::all(connection)?;
    lost.retain(|loss| loss.tries == 0);
    list.extend(uncovered(desired, &lost).into_iter().map(|lost| (lost, now)));
    let left = |(network, at)| Some((network, kept(at, ended::KEPT, now)?));
    Ok(list.into_iter().filter_map(left).collect())
}

fn at(address: IpAddr) -> Option<Network> {
    Network::new(IpNet::from(address)).ok()
}

fn denied(connection: &Connection, now: Timestamp) -> Result<Vec<Denial>, DatabaseError> {
    let list = deny::all(connection)?.into_iter().filter(|entry| entry.holds(now));
    let denials = list.map(|Deny { network, expires_at, created_at, .. }| Denial {
        network,
        time: left(created_at, expires_at, now),
    });
    Ok(denials.collect())
}

/// Whether a network, or one around it, is among these: they and those who are let in may both be many.
fn covers(networks: &BTreeSet<IpNet>, network: IpNet) -> bool {
    !networks.is_empty()
        && std::iter::successors(Some(network), IpNet::supernet).any(|net| networks.contains(&net))
}

fn policy(
    connection: &Connection,
    now: Timestamp,
) -> Result<Option<firewall::BasePolicy>, DatabaseError> {
    let decided = base_policy::find(connection)?.and_then(|decision| decision.at(now));
    let Some(Decision { policy, since, exempt, .. }) = decided else { return Ok(None) };
    let trial = match policy {
        BasePolicy::Trial(end) => Some(remaining(since, end, now)),
        BasePolicy::On | BasePolicy::Off => None,
    };
    let lan = exempt.lan.into_iter().collect();
    Ok(Some(firewall::BasePolicy { trial, lan, open: exempt.open }))
}

fn left(from: Timestamp, until: Option<Timestamp>, now: Timestamp) -> Time {
    until.map_or(Time::Always, |until| Time::For(remaining(from, until, now)))
}

/// The seconds left of a time that is not over: rounded up, so that there is one at least, and no more than there ever
/// were, however far the clock was set back.
fn remaining(from: Timestamp, until: Timestamp, now: Timestamp) -> u32 {
    let whole = until.duration_since(from);
    let left = until.duration_since(now).min(whole);
    let seconds = left.as_secs() + i64::from(left > SignedDuration::from_secs(left.as_secs()));
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
