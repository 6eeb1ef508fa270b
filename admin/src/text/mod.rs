//! What a command has to say, in words for people.

mod backup;
mod bulk;
mod doctor;
mod firewall;
mod import;
mod limits;
mod lists;
mod mail;
mod setup;
mod status;
mod trail;
mod why;

use std::net::IpAddr;

use dialgate_contract::{Language, ServiceName};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::files::State;
use crate::layout::{table, wrapped};
use crate::report::{
    AccountChange, AccountDetails, AccountRow, Grant, Keys, LeaseRow, Report, Revoked, ServiceRow,
    SetUp,
};

pub(crate) use setup::setup_plan;

/// Says things to people, in their time.
pub(crate) struct Reader<'a> {
    pub(crate) now: Timestamp,
    pub(crate) zone: &'a TimeZone,
    /// Somebody reads it on a terminal: long lines are broken.
    pub(crate) is_terminal: bool,
}

impl Reader<'_> {
    pub(crate) fn text(&self, report: &Report) -> String {
        match report {
            Report::SetUp(set_up) => self::set_up(set_up),
            Report::Setup(setup) => self.setup(setup),
            Report::Services(services) => self::services(services),
            Report::ServiceChange(change) => self.service_change(change),
            Report::Accounts(accounts) => self::accounts(accounts),
            Report::Account(details) => self.account(details),
            Report::AccountChange(change) => self.account_change(change),
            Report::BackedUp(done) => backup::backed_up(done),
            Report::Restoration(restored) => self.restoration(restored),
            Report::BulkImport(import) => self.bulk_import(import),
            Report::Exported(done) => bulk::exported(done),
            Report::ExportedLines(lines) => lines.text.clone(),
            Report::Leases(leases) => self.leases(leases),
            Report::Grant(grant) => self.grant(grant),
            Report::Revoked(revoked) => self.revoked(revoked),
            Report::AllowList(entries) => self.allow_list(entries),
            Report::AllowChange(change) => self.allow_change(change),
            Report::DenyList(entries) => self.deny_list(entries),
            Report::DenyChange(change) => self.deny_change(change),
            Report::FirewallPlan(plan) => self.firewall_plan(plan),
            Report::FirewallChange(change) => self.firewall_change(change),
            Report::FirewallStatus(status) => self.firewall_status(status),
            Report::Why(why) => self.why(why),
            Report::WhyAccount(why) => self.why_account(why),
            Report::Import(import) => self.import(import),
            Report::Providers(list) => self.providers(list),
            Report::Keys(Keys { address: IpAddr::V4(_), keys }) => format!("{keys}\n"),
            Report::Keys(Keys { address: IpAddr::V6(_), keys }) => {
                format!("{keys}\nFirst press 6, where the call asks for the address.\n")
            }
            Report::MailTest(test) => mail::test(test),
            Report::MailQueue(letters) => self.mail_queue(letters),
            Report::QueueChange(change) => self.queue_change(change),
            Report::Preview(preview) => mail::preview(preview),
            Report::WrittenTemplates(written) => mail::written(written),
            Report::Status(status) => self.status(status),
            Report::Doctor(checks) => doctor::words(checks),
            Report::Audit(lines) if lines.is_empty() => {
                "no line of the audit trail is so\n".to_owned()
            }
            Report::Audit(lines) => lines.iter().map(|line| self.audit_line(line)).collect(),
            Report::Trail(trail) => trail::words(trail),
            Report::Printed => String::new(),
        }
    }

    fn account(&self, AccountDetails { account, terms, leases }: &AccountDetails) -> String {
        let zone = account.time_zone.as_deref().unwrap_or("this machine's");
        let language = account.language.map_or("the call's", Language::as_str);
        let mut text = format!(
            "account    {}, {}\nname       {}\nemail      {}\nservices   {}\n{}\
             time zone  {zone}\nlanguage   {language}\ncreated    {}\n",
            account.account,
            enabled(account),
            account.name,
            account.email,
            names(&account.services),
            limits::lines(account, terms),
            self.when(account.created_at),
        );
        if leases.is_empty() {
            text.push_str("open       nothing\n");
        }
        for lease in leases {
            let until = self.when(lease.expires_at);
            text.push_str(&format!("open       {} {} until {until}\n", lease.id, lease.address));
        }
        text
    }

    fn account_change(&self, change: &AccountChange) -> String {
        let AccountRow { account, name, .. } = &change.account;
        let mut text = format!("account {account} ({name}) {}\n", change.done);
        if let Some(pin) = &change.pin {
            text.push_str(&format!(
                "PIN {}  (shown this once: tell {name}, and not by mail)\n",
                pin.reveal()
            ));
        }
        text.push_str(&ended(&change.ended));
        text.push_str(&self.shortened(&change.shortened));
        text
    }

    fn leases(&self, leases: &[LeaseRow]) -> String {
        if leases.is_empty() {
            return "no open leases\n".to_owned();
        }
        let rows = leases.iter().map(|lease| {
            vec![
                lease.id.to_string(),
                lease.account.to_string(),
                lease.address.to_string(),
                names(&lease.services),
                self.date(lease.expires_at),
                lease.state.to_owned(),
            ]
        });
        table(&["id", "account", "address", "services", "until", "state"], &[2], rows)
    }

    fn grant(&self, grant: &Grant) -> String {
        let LeaseRow { id, account, address, services, expires_at, .. } = &grant.lease;
        let done = if grant.extended { "goes on" } else { "is granted" };
        let mut text = format!(
            "{id}: {address} {done} for account {account}\nservices   {}\nuntil      {}\n",
            names(services),
            self.when(*expires_at)
        );
        for old in &grant.replaced {
            text.push_str(&format!("replaces   {old}\n"));
        }
        text.push_str(&lists::denied(&grant.denied));
        text.push_str(&self.next_pass("opens", grant.last_pass));
        text
    }

    fn revoked(&self, revoked: &Revoked) -> String {
        ended(&revoked.leases) + &self.next_pass("closes", revoked.last_pass)
    }

    fn next_pass(&self, does: &str, last: Option<Timestamp>) -> String {
        match last {
            None => format!(
                "The reconciler {does} it at its next pass, but has never run:\nsee `dialgate status`.\n"
            ),
            Some(last) => {
                let ago = if last > self.now { "just now".to_owned() } else { self.ago(last) };
                format!("The reconciler {does} it at its next pass; its last was {ago}.\n")
            }
        }
    }

    /// `2026-11-21 06:00, in 5 h`
    fn when(&self, time: Timestamp) -> String {
        format!("{}, {}", self.date(time), self.ago(time))
    }

    /// `2026-11-21 06:00`
    fn date(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `in 5 h`, `3 min ago`
    fn ago(&self, time: Timestamp) -> String {
        let seconds = time.as_second() - self.now.as_second();
        let amount = amount(seconds.unsigned_abs());
        if seconds > 0 { format!("in {amount}") } else { format!("{amount} ago") }
    }
}

/// A span of time, rounded to the unit that people would give it in.
fn amount(seconds: u64) -> String {
    let (minutes, hours, days) =
        ((seconds + 30) / 60, (seconds + 1_800) / 3_600, (seconds + 43_200) / 86_400);
    match (seconds, minutes, hours) {
        (0..60, ..) => format!("{seconds} s"),
        (_, 0..60, _) => format!("{minutes} min"),
        (_, _, 0..48) => format!("{hours} h"),
        (..) => format!("{days} days"),
    }
}

fn set_up(SetUp { steps, accounts }: &SetUp) -> String {
    let mut text = String::new();
    for step in steps {
        let state = match step.state {
            State::Made => "made",
            State::WasThere => "was there",
            State::Mended => "mended",
        };
        text.push_str(&format!("{state:<9}  {}\n", step.path.display()));
        if let Some(detail) = &step.detail {
            text.push_str(&wrapped("           ", detail));
        }
    }
    if *accounts == 0 {
        text.push_str(
            "Next:\n  dialgate account add auto --name Ann --email ann@example.net --services sip\n",
        );
    }
    text
}

fn services(services: &[ServiceRow]) -> String {
    if services.is_empty() {
        return "no services: `dialgate service add NAME PORTS`\n".to_owned();
    }
    let rows = services.iter().map(|service| {
        let max = service.max.map(|max| max.to_string());
        vec![service.name.to_string(), service.ports.to_string(), max.unwrap_or_default()]
    });
    table(&["service", "ports", "max"], &[0, 2], rows)
}

fn accounts(accounts: &[AccountRow]) -> String {
    if accounts.is_empty() {
        return "no accounts: `dialgate account add --help` says how to add one\n".to_owned();
    }
    let rows = accounts.iter().map(|account| {
        vec![
            account.account.to_string(),
            account.name.clone(),
            account.email.clone(),
            names(&account.services),
            limits::own(account),
            enabled(account).to_owned(),
        ]
    });
    table(&["account", "name", "email", "services", "limits", "state"], &[0], rows)
}

fn ended(leases: &[LeaseRow]) -> String {
    leases.iter().map(|lease| format!("ended {}: {}\n", lease.id, lease.address)).collect()
}

fn enabled(account: &AccountRow) -> &'static str {
    if account.enabled { "enabled" } else { "disabled" }
}

fn names<'a>(services: impl IntoIterator<Item = &'a ServiceName>) -> String {
    services.into_iter().map(ServiceName::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_rounded_to_what_people_say() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_569, "59 min"),
            (3_570, "1 h"),
            (43_170, "12 h"),
            (86_400, "24 h"),
            (604_800, "7 days"),
        ] {
            assert_eq!(amount(seconds), said);
        }
    }
}
