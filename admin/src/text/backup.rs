//! Backups, in words.

use super::Reader;
use crate::layout::wrapped;
use crate::report::{BackedUp, LeaseRow, Restoration, RestoredConfig};

/// So many are shown one by one.
const SHOWN: usize = 20;

impl Reader<'_> {
    pub(super) fn restoration(&self, restored: &Restoration) -> String {
        let Restoration { made_at, host, dialgate, accounts, .. } = restored;
        let of = format!("of {}, made on {host} by dialgate {dialgate}", self.when(*made_at));
        let mut text = wrapped("backup     ", &of);
        let now = restored.accounts_now;
        let now = now.map_or_else(String::new, |now| format!(", {now} before"));
        text.push_str(&wrapped("accounts   ", &format!("{accounts}{now}")));
        for change in restored.changes.iter().take(SHOWN) {
            text.push_str(&wrapped("           ", change));
        }
        text.push_str(&more(restored.changes.len()));
        text.push_str(&leases(&restored.ends));
        text.push_str(&wrapped("trail      ", &format!("{} lines, sealed", restored.trail)));
        if let Some(fault) = &restored.trail_fault {
            text.push_str(&wrapped("BROKEN     ", &format!("after these: {fault}")));
        }
        text.push_str(&wrapped("pepper     ", pepper(restored)));
        text.push_str(&wrapped("config     ", config(restored.config)));
        for key in &restored.config_differs {
            text.push_str(&wrapped("           ", key));
        }
        text.push_str("policy     as before: who else is kept out is not taken from a backup\n");
        if !restored.done {
            let words = "Nothing was changed yet: say it again with --yes to do it.";
            return text + &wrapped("", words);
        }
        if let Some(kept) = &restored.kept {
            let words =
                format!("what was here before, to be restored like this one: {}", kept.display());
            text.push_str(&wrapped("kept       ", &words));
        }
        text.push_str("The backup is restored.\n");
        if restored.pepper_differs {
            text.push_str(
                "Restart the telephone side, or no PIN is right: systemctl restart dialgate-agi\n",
            );
        }
        text + &self.next_pass("acts on", restored.last_pass)
    }
}

pub(super) fn backed_up(done: &BackedUp) -> String {
    let BackedUp { file, accounts, .. } = done;
    let words = format!(
        "{accounts} account{}, the lists, the audit trail, the pepper and the configuration are in {}. Keep it like a password: whoever has it can guess PINs.",
        if *accounts == 1 { "" } else { "s" },
        file.display()
    );
    wrapped("", &words)
}

fn leases(ends: &[LeaseRow]) -> String {
    if ends.is_empty() {
        return "leases     none is open\n".to_owned();
    }
    let mut text = String::new();
    for LeaseRow { id, address, account, .. } in ends.iter().take(SHOWN) {
        text.push_str(&wrapped(
            "leases     ",
            &format!("{id} ends: {address} of account {account}"),
        ));
    }
    text + &more(ends.len())
}

fn more(count: usize) -> String {
    match count.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("           and {more} more: --json shows all\n"),
    }
}

fn pepper(restored: &Restoration) -> &'static str {
    match (restored.pepper_differs, restored.done) {
        (false, _) => "the same",
        (true, false) => {
            "another one: it is put in the place of the one here, for the PINs of then"
        }
        (true, true) => "another one: it is in its place now, and the one before beside it",
    }
}

fn config(config: RestoredConfig) -> &'static str {
    match config {
        RestoredConfig::Same => "the same",
        RestoredConfig::Placed => "of the backup, for there is none here that anybody has written",
        RestoredConfig::Kept => "the one here stays; the backup has another:",
    }
}
