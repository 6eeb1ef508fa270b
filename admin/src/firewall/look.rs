//! What is looked at before the base policy is tried.

use std::path::Path;

use dialgate_contract::config::Backend;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::pass;
use jiff::SignedDuration;
use rusqlite::Connection;

use super::lockout;
use crate::asterisk::ASTERISK;
use crate::report::LockedOut;
use crate::rights::Rights;
use crate::site::Site;
use crate::{phones, ssh_peer};

/// A reconciler that watches writes down more often than this that it has passed.
const ASLEEP: SignedDuration = SignedDuration::from_secs(30);

/// Who would lose access, and what else the operator should know.
pub(super) fn look(
    ledger: &Connection,
    rights: &Rights,
    site: &Site,
) -> Result<(Vec<LockedOut>, Vec<String>), DatabaseError> {
    let ssh = ssh_peer::find(ledger)?;
    let phones = phones::find(Path::new(ASTERISK));
    let locked_out = lockout::locked_out(rights, &ssh, &phones);
    let mut notes = phones.notes;
    let looked = format!(
        "looked at: {} of SSH, {}, {}",
        count(ssh.len(), "connection"),
        count(phones.seen.len(), "telephone"),
        count(phones.trunks.len(), "trunk")
    );
    notes.insert(0, looked);
    for name in rights.open.iter().filter(|name| rights.service(name.as_str()).is_none()) {
        notes.push(format!("[base-policy] open names {name}, which is no service"));
    }
    if site.config.firewall.backend == Backend::DryRun {
        notes.push("firewall.backend is dry-run: the reconciler changes nothing".to_owned());
    }
    let awake =
        pass::last(ledger)?.is_some_and(|pass| site.now.duration_since(pass.finished_at) <= ASLEEP);
    if !awake {
        notes.push(
            "the reconciler has not passed lately: run `dialgate-reconciler --once` right after `dialgate firewall apply`, or the trial is over before it is seen"
                .to_owned(),
        );
    }
    Ok((locked_out, notes))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
