//! What an address may reach, and why somebody is not in, in words.

use super::Reader;
use crate::layout::{table, wrapped};
use crate::report::{Finding, Ground, KeptOut, LeaseRow, Why, WhyAccount, WhyRow};
use crate::rights::Access;

impl Reader<'_> {
    pub(super) fn why(&self, why: &Why) -> String {
        let mut text = format!("address      {}\n", why.address);
        if let Some(denied) = &why.denied {
            let name = if denied.name.is_empty() { "" } else { &format!(" ({})", denied.name) };
            let until = denied.expires_at.map(|end| format!("until {}", self.date(end)));
            let words = format!(
                "by {}{name} on the deny list, since {}, {}; it wins",
                denied.network,
                self.date(denied.since),
                until.as_deref().unwrap_or("for good")
            );
            text.push_str(&wrapped("DENIED       ", &words));
        }
        text.extend(why.kept_out.iter().map(|rule| kept_out(rule, why)));
        if let Some(silenced) = &why.silenced {
            let words = format!(
                "a right of {} ended {}: until {} what this machine sends there begins nothing",
                silenced.network,
                self.ago(silenced.since),
                self.date(silenced.until)
            );
            text.push_str(&wrapped("SILENCED     ", &words));
        }
        text.push_str(&self.standing(&why.policy));
        let rows = why.services.iter().map(|row| {
            let packets = row.packets.map_or_else(|| "-".to_owned(), |count| count.to_string());
            vec![row.service.to_string(), row.access.to_owned(), packets, self.because(row, why)]
        });
        text.push_str(&table(&["service", "now", "packets", "because"], &[0, 1, 2], rows));
        if let Some(problem) = &why.not_seen {
            text.push_str(&wrapped("kernel       ", &format!("not looked at: {problem}")));
        }
        text.push_str(&self.last_pass(why.last_pass.as_ref()));
        for heal in &why.heals {
            let words = format!("{}: {}", self.when(heal.at), heal.detail);
            text.push_str(&wrapped("healed       ", &words));
        }
        text
    }

    pub(super) fn why_account(&self, why: &WhyAccount) -> String {
        let state = if why.enabled { "enabled" } else { "disabled" };
        let mut text = wrapped("account      ", &format!("{}, {}, {state}", why.account, why.name));
        for LeaseRow { id, address, expires_at, .. } in &why.leases {
            let words = format!("{id} for {address} until {}", self.when(*expires_at));
            text.push_str(&wrapped("open         ", &words));
        }
        text.extend(why.findings.iter().map(|finding| self.finding(finding)));
        if why.findings.is_empty() {
            let words =
                "nothing stands in the way there; from another address it takes another call";
            text.push_str(&wrapped("             ", words));
        }
        text.push_str(&self.last_pass(why.last_pass.as_ref()));
        if !why.last_lines.is_empty() {
            text.push_str("The last of the audit trail:\n");
        }
        for line in &why.last_lines {
            let words = format!("{}: {} {}", line.actor, line.action, line.detail);
            text.push_str(&wrapped(&format!("  {}  ", self.date(line.at)), &words));
        }
        text
    }

    fn finding(&self, finding: &Finding) -> String {
        let by = finding.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
        let at = finding.at.map(|at| format!(", {}", self.ago(at))).unwrap_or_default();
        let mut text = wrapped("PROBLEM      ", &format!("{}{by}{at}", finding.what));
        if let Some(fix) = &finding.fix {
            text.push_str(&wrapped("             ", &format!("try `{fix}`")));
        }
        text
    }

    fn because(&self, row: &WhyRow, why: &Why) -> String {
        if why.denied.is_some() {
            return "denied".to_owned();
        }
        if row.because.is_empty() {
            let on = why.policy.since.is_some();
            return if on { "closed by dialgate" } else { "not opened by dialgate" }.to_owned();
        }
        let mut words: Vec<_> = row.because.iter().map(|ground| self.ground(ground)).collect();
        let by_set = matches!(row.because[..], [Ground::Lease { .. } | Ground::Allow { .. }]);
        let is_open = row.access == Access::Open.as_str();
        if by_set && is_open && why.not_seen.is_none() && row.packets.is_none() {
            words.push("not in the kernel yet".to_owned());
        }
        words.join("; ")
    }

    fn ground(&self, ground: &Ground) -> String {
        match ground {
            Ground::Loopback => "this machine itself".to_owned(),
            Ground::Lan { network } => format!("[base-policy] lan {network}"),
            Ground::Everybody => "open to everybody".to_owned(),
            Ground::Allow { origin, name, since, expires_at } => {
                let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
                let since = self.date(*since);
                let until = expires_at.map(|end| format!(" until {}", self.date(end)));
                format!("allow list: {origin}{name} since {since}{}", until.unwrap_or_default())
            }
            Ground::Lease { id, account, opened_at, expires_at, last_packet_at } => {
                let used = last_packet_at.map(|at| format!(", last packet {}", self.ago(at)));
                format!(
                    "lease {id} of {account}, {} until {}{}",
                    self.date(*opened_at),
                    self.date(*expires_at),
                    used.unwrap_or_default()
                )
            }
        }
    }
}

fn kept_out(KeptOut { by, chain, rule }: &KeptOut, why: &Why) -> String {
    if *by == "fail2ban" {
        let words = format!(
            "by fail2ban, chain {chain}: {rule}; `fail2ban-client unban {}` lifts it",
            why.address
        );
        return wrapped("BANNED       ", &words);
    }
    wrapped("DROPPED      ", &format!("by a rule of somebody else in chain {chain}: {rule}"))
}
