//! How things stand, in words.

use super::Reader;
use crate::layout::{table, wrapped};
use crate::report::{HostProblem, OpenLease, Status};

/// How many open leases are shown.
const SHOWN: usize = 20;

impl Reader<'_> {
    pub(super) fn status(&self, status: &Status) -> String {
        let mut text = format!("open leases  {}\n", status.open_leases);
        let disabled = match status.disabled_accounts {
            0 => String::new(),
            some => format!(", {some} of them disabled"),
        };
        text.push_str(&format!("accounts     {}{disabled}\n", status.accounts));
        text.push_str(&format!(
            "lists        {} let in, {} kept out\n",
            status.allow_entries, status.deny_entries
        ));
        for HostProblem { host, problem } in &status.host_problems {
            text.push_str(&wrapped("PROBLEM      ", &format!("{host}: {problem}")));
        }
        text.push_str(&self.standing(&status.base_policy));
        text.push_str(&self.last_pass(status.last_pass.as_ref()));
        if let Some(heal) = &status.last_heal {
            let words = format!("{}: {}", self.when(heal.at), heal.detail);
            text.push_str(&wrapped("healed       ", &words));
        }
        let letters = &status.letters;
        text.push_str(&format!(
            "letters      {} waiting, {} given up\n",
            letters.waiting, letters.given_up
        ));
        text + &self.who_is_in(&status.leases)
    }

    fn who_is_in(&self, leases: &[OpenLease]) -> String {
        if leases.is_empty() {
            return String::new();
        }
        let rows = leases.iter().take(SHOWN).map(|lease| {
            let used = lease.last_packet_at.map_or_else(|| "-".to_owned(), |at| self.ago(at));
            vec![
                lease.id.to_string(),
                lease.account.to_string(),
                lease.name.clone(),
                lease.address.to_string(),
                self.ago(lease.expires_at),
                used,
            ]
        });
        let header = ["id", "account", "name", "address", "ends", "last packet"];
        let text = format!("\n{}", table(&header, &[0, 1, 3, 4], rows));
        match leases.len().saturating_sub(SHOWN) {
            0 => text,
            more => format!("{text}and {more} more: `dialgate lease list` shows all\n"),
        }
    }
}
