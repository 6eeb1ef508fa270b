//! The base policy and who may reach what, in words.

use super::{Reader, amount};
use crate::layout::{locked_out, table, wrapped};
use crate::report::{Done, FirewallChange, FirewallPlan, FirewallStatus, LastPass, Standing};

impl Reader<'_> {
    pub(super) fn firewall_plan(&self, plan: &FirewallPlan) -> String {
        let mut text = self.standing(&plan.policy);
        text.push_str("With it on:\n");
        let rows = plan
            .open
            .iter()
            .map(|row| vec![row.from.clone(), row.reaches.clone(), row.why.clone()]);
        text.push_str(&table(&["from", "may reach", "why"], &[0], rows));
        if plan.locked_out.is_empty() {
            text.push_str("Nobody of those who are connected now would lose access.\n");
        } else {
            text.push_str("These would lose access:\n");
            text.push_str(&locked_out(&plan.locked_out));
        }
        text + &notes(&plan.notes)
    }

    pub(super) fn firewall_change(&self, change: &FirewallChange) -> String {
        let mut text = match (change.done, change.policy.trial_ends) {
            (Done::Tried, Some(end)) => {
                let at = end.to_zoned(self.zone.clone()).strftime("%H:%M:%S");
                let left = end.as_second() - self.now.as_second();
                format!(
                    "The base policy is on trial until {at}.\nConfirm within {left} s with:\n  \
                     dialgate firewall confirm\nOtherwise it rolls back by itself. See first that a second \
                     connection and a\ncall get in: one that is open already shows little.\n"
                )
            }
            (Done::Tried | Done::Confirmed, _) => "The base policy is on.\n".to_owned(),
            (Done::RolledBack, _) if change.policy.since.is_some() => {
                "The trial is over, and the base policy is as it was confirmed before.\n".to_owned()
            }
            (Done::RolledBack, _) => "The trial is over, and the base policy is off.\n".to_owned(),
            (Done::Off, _) => "The base policy is off.\n".to_owned(),
            (Done::OffAlready, _) => return "The base policy is off already.\n".to_owned(),
        };
        if !change.locked_out.is_empty() {
            text.push_str("These lose access:\n");
            text.push_str(&locked_out(&change.locked_out));
        }
        text.push_str(&notes(&change.notes));
        text + &self.next_pass("acts on", change.last_pass)
    }

    pub(super) fn firewall_status(&self, status: &FirewallStatus) -> String {
        let mut text = self.standing(&status.policy);
        text.push_str(&self.last_pass(status.last_pass.as_ref()));
        if let Some(heal) = &status.last_heal {
            text.push_str(&wrapped(
                "healed       ",
                &format!("{}: {}", self.when(heal.at), heal.detail),
            ));
        }
        text
    }

    pub(super) fn standing(&self, policy: &Standing) -> String {
        let words = match (policy.since, policy.trial_ends) {
            (None, _) => {
                "off: what is not opened by dialgate is for the rest of the firewall to decide"
                    .to_owned()
            }
            (Some(_), Some(end)) => {
                let left = amount((end.as_second() - self.now.as_second()).unsigned_abs());
                format!("on trial, {left} left: `dialgate firewall confirm` keeps it")
            }
            (Some(since), None) => format!("on since {}", self.date(since)),
        };
        let mut text = wrapped("base policy  ", &words);
        if !policy.not_in_file.is_empty() {
            let kept = policy.not_in_file.join(", ");
            let words = format!(
                "open still, though the configuration does not name it: {kept}. Take it away with `dialgate firewall apply` and `confirm`"
            );
            text.push_str(&wrapped("             ", &words));
        }
        if !policy.not_in_force.is_empty() {
            let missing = policy.not_in_force.join(", ");
            let words = format!(
                "not open yet, though the configuration names it: {missing}. `systemctl reload dialgate-reconciler` opens it once the policy is on"
            );
            text.push_str(&wrapped("             ", &words));
        }
        text
    }

    pub(super) fn last_pass(&self, last: Option<&LastPass>) -> String {
        let Some(pass) = last else {
            return "reconciler   has never run: start `dialgate-reconciler --watch`, or\n             \
                    `dialgate-reconciler --once` from cron\n"
                .to_owned();
        };
        let mut text = format!("reconciler   last pass {}\n", self.when(pass.finished_at));
        let late = "it does not run any more: see `systemctl status dialgate-reconciler`";
        let problem = pass.problem.as_deref().or_else(|| pass.is_late().then_some(late));
        let state = problem.unwrap_or("the firewall is as the ledger says");
        let label = if problem.is_some() { "PROBLEM" } else { "" };
        text.push_str(&wrapped(&format!("{label:<13}"), state));
        text
    }
}

fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| wrapped("note: ", note)).collect()
}
