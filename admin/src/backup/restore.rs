//! `dialgate restore`: a backup put in the place of what is here, shown before it is done.
//!
//! The ledger comes last, and whoever loses power before it does it again: what was done already is then found to be
//! the same. Nothing that was open when the backup was made is open again, and nothing that is open now stays so.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use dialgate_contract::SystemUser;
use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Head};
use dialgate_contract::ledger::{Lease, LeaseEnd, LedgerReader, account, lease, pass, whole};
use dialgate_pin::Pepper;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, Transaction};

use super::error::BackupError;
use super::place::{self, ConfigFate};
use super::unpacked::Unpacked;
use super::{compare, make};
use crate::cli::RestoreFile;
use crate::error::Error;
use crate::init::{self, Owners};
use crate::lease as leases;
use crate::own_access::OwnAccess;
use crate::report::{LeaseRow, Report, Restoration, RestoredConfig};
use crate::rights::Rights;
use crate::site::Site;
use crate::ssh_peer;

pub(crate) fn run(
    options: &RestoreFile,
    config_file: &Path,
    now: Timestamp,
) -> Result<Report, Error> {
    let here = match std::fs::read(config_file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Error::io("reading", config_file)(error)),
    };
    let config = here.as_ref().map(|_| Config::load(config_file)).transpose()?;
    let site = Site::new(config.unwrap_or_default(), now);
    if !site.config.user.is_empty() && !SystemUser::is_root() {
        return Err(Error::NotRoot);
    }
    let backup = Unpacked::read(&options.path, make::folder(&site)?)?;
    let fate = ConfigFate::of(here.as_deref(), &backup.config_text);
    let site = match fate {
        ConfigFate::Placed => {
            place::refuse_elsewhere(&backup.config, config_file)?;
            Site::new(backup.config.clone(), now)
        }
        ConfigFate::Same | ConfigFate::Kept(_) => site,
    };
    // A user that is not there is told of before anything is changed.
    Owners::of(&site.config)?;
    let live = live(&site)?;
    let shown = describe(&backup, &fate, live.as_ref(), &site)?;
    if !options.yes {
        return Ok(Report::Restoration(Box::new(shown)));
    }
    if fate == ConfigFate::Placed {
        place::config(config_file, &backup.config_text, &site.config)?;
    }
    if shown.accounts_now.unwrap_or_default() == 0 {
        place::forget_requests(&site.config)?;
    }
    let pepper = Pepper::load(&site.config.pepper_file).ok();
    let kept = match live {
        None => init::run(config_file).map(|_| None)?,
        // Without a pepper, what is here is no whole that could be put back.
        Some(live) if pepper.is_some() => Some(make::keep(live.connection(), config_file, &site)?),
        Some(_) => None,
    };
    let last_pass = carry_out(backup, pepper.as_ref(), options.even_me, &site)?;
    Ok(Report::Restoration(Box::new(Restoration { done: true, kept, last_pass, ..shown })))
}

/// The ledger that is here; `None` when there is none.
fn live(site: &Site) -> Result<Option<LedgerReader>, Error> {
    let path = site.config.ledger_file();
    if !path.try_exists().map_err(Error::io("looking for", &path))? {
        return Ok(None);
    }
    let checked = site.reader().and_then(|reader| {
        let damage = whole::damage(reader.connection())?;
        Ok((reader, damage))
    });
    match checked {
        Ok((reader, None)) => Ok(Some(reader)),
        Ok((_, Some(problem))) => Err(BackupError::Live { path, problem }.into()),
        Err(Error::Database(
            DatabaseError::Sqlite(error) | DatabaseError::Open { source: error, .. },
        )) if matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ) =>
        {
            Err(BackupError::Live { path, problem: error.to_string() }.into())
        }
        Err(error) => Err(error),
    }
}

fn describe(
    backup: &Unpacked,
    fate: &ConfigFate,
    live: Option<&LedgerReader>,
    site: &Site,
) -> Result<Restoration, Error> {
    let copy = backup.ledger.connection();
    let (mut changes, mut ends, mut now) = (Vec::new(), Vec::new(), None);
    if let Some(live) = live.map(LedgerReader::connection) {
        changes = compare::changes(live, copy)?;
        ends = open_ones(live, site.now)?;
        now = Some(account::all(live)?.len());
    }
    let (config, differs) = match fate {
        ConfigFate::Placed => (RestoredConfig::Placed, compare::keys(b"", &backup.config_text)),
        ConfigFate::Same => (RestoredConfig::Same, Vec::new()),
        ConfigFate::Kept(differs) => (RestoredConfig::Kept, differs.clone()),
    };
    Ok(Restoration {
        made_at: backup.manifest.made_at,
        host: backup.manifest.host.clone(),
        dialgate: backup.manifest.dialgate.clone(),
        done: false,
        accounts: account::all(copy)?.len(),
        accounts_now: now,
        changes,
        ends: ends.into_iter().map(|lease| LeaseRow::new(lease, site.now)).collect(),
        trail: backup.trail.lines,
        trail_fault: backup.trail.fault.map(|fault| fault.to_string()),
        pepper_differs: !place::is_same(&backup.pepper, &site.config),
        config,
        config_differs: differs,
        kept: None,
        last_pass: None,
    })
}

/// When the reconciler, which closes what is not open any more, has last passed.
fn carry_out(
    mut backup: Unpacked,
    before: Option<&Pepper>,
    even_me: bool,
    site: &Site,
) -> Result<Option<Timestamp>, Error> {
    let (path, copy) = (site.config.ledger_file(), backup.ledger_file());
    let head = backup.trail.head;
    let (pepper, manifest) = (backup.pepper.clone(), backup.manifest.clone());
    let mut is_placed = false;
    let done = site.ledger()?.replace(&path, &mut backup.ledger, &copy, |tx, live| {
        let own = OwnAccess::before(live, site)?;
        end_all(tx, live, site)?;
        whole::settle(tx, live)?;
        if !even_me {
            own.remains(tx, site)?;
            refuse_to_deny_me(tx, live, site)?;
        }
        let detail = format!(
            "backup of {} from {}, whose trail ended with {}; here it had ended with {}",
            manifest.made_at,
            manifest.host,
            written(head),
            written(audit::head(live)?),
        );
        audit::record(tx, site.now, &site.operator, "ledger-restored", None, &detail)?;
        if !place::is_same(&pepper, &site.config) {
            if let Some(before) = before {
                place::pepper_before(before, &site.config)?;
            }
            is_placed = true;
            place::pepper(&pepper, &site.config)?;
        }
        Ok::<_, Error>(pass::last(live)?.map(|pass| pass.finished_at))
    });
    if done.is_err()
        && is_placed
        && let Some(before) = before
    {
        place::pepper(before, &site.config)?;
    }
    done
}

/// Ends all that was open then, and tells the trail of all that is open here and of which it does not know.
fn end_all(tx: &Transaction<'_>, live: &Connection, site: &Site) -> Result<(), DatabaseError> {
    let (open, over): (Vec<Lease>, Vec<Lease>) =
        lease::not_ended(tx)?.into_iter().partition(|lease| lease.is_open(site.now));
    let known: BTreeSet<_> = open.iter().map(|lease| lease.id).collect();
    leases::end(tx, open, LeaseEnd::Revoked, site)?;
    leases::end(tx, over, LeaseEnd::Expired, site)?;
    for Lease { id, account, address, .. } in open_ones(live, site.now)? {
        if !known.contains(&id) {
            let detail = format!("{id} {address}");
            let account = Some(&account);
            audit::record(tx, site.now, &site.operator, "lease-revoked", account, &detail)?;
        }
    }
    Ok(())
}

fn open_ones(ledger: &Connection, now: Timestamp) -> Result<Vec<Lease>, DatabaseError> {
    let mut open = lease::not_ended(ledger)?;
    open.retain(|lease| lease.is_open(now));
    Ok(open)
}

/// Whoever restores from afar must not lock himself out.
fn refuse_to_deny_me(tx: &Transaction<'_>, live: &Connection, site: &Site) -> Result<(), Error> {
    let before = Rights::load(live, site.now)?;
    let after = Rights::load(tx, site.now)?;
    for peer in ssh_peer::find(tx)? {
        if let Some(deny) = after.denied(peer.address)
            && before.denied(peer.address).is_none()
        {
            return Err(BackupError::Me(deny.network, peer.address).into());
        }
    }
    Ok(())
}

fn written(head: Option<Head>) -> String {
    head.map_or_else(|| "no line".to_owned(), |head| format!("line {head}"))
}
