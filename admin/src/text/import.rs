//! What is taken over from elsewhere, in words.

use std::collections::BTreeSet;

use super::{Reader, names};
use crate::layout::{table, wrapped};
use crate::report::{Import, ImportRow, Outcome, ProviderRow, Providers};

impl Reader<'_> {
    pub(super) fn import(&self, import: &Import) -> String {
        let taken = import.entries.iter().filter_map(|row| {
            let origin = row.origin.as_ref()?.to_string();
            let outcome = row.outcome.as_str().to_owned();
            Some(vec![row.place.clone(), outcome, origin, names(&row.services), row.name.clone()])
        });
        let mut text = String::new();
        if import.entries.iter().any(|row| row.origin.is_some()) {
            text.push_str(&table(
                &["where", "what", "from", "services", "name"],
                &[0, 1, 2],
                taken,
            ));
        }
        for row in &import.entries {
            if let Some(problem) = &row.problem {
                let ImportRow { place, text: written, .. } = row;
                text.push_str(&wrapped(
                    &format!("REFUSED {place}: "),
                    &format!("{written} ({problem})"),
                ));
            }
        }
        let count = |outcome| {
            let rows = import.entries.iter().filter(|row| row.outcome == outcome);
            rows.filter_map(|row| row.origin.as_ref()).collect::<BTreeSet<_>>().len()
        };
        let refused = import.entries.iter().filter(|row| row.problem.is_some()).count();
        let counts =
            format!("{} to add, {} to change", count(Outcome::Add), count(Outcome::Change));
        match (import.done, refused) {
            (true, _) => text.push_str(&self.next_pass("acts on", import.last_pass)),
            (false, 0) => {
                text.push_str(&wrapped("", &format!("{counts}. Nothing was changed yet: say it again with --yes to do it.")));
            }
            (false, _) => text.push_str(&wrapped("", &format!(
                "{counts}, {refused} refused. Nothing was changed yet: mend these, or say it again with --yes --skip-bad to leave them out."
            ))),
        }
        text
    }

    pub(super) fn providers(&self, list: &Providers) -> String {
        let mut text = String::new();
        for ProviderRow { name, title, services, from, source, date, note } in &list.providers {
            let head = format!("{title}: {} from {}", names(services), from.join(" "));
            text.push_str(&wrapped(&format!("{name:<13}"), &head));
            if let Some(note) = note {
                text.push_str(&wrapped("             ", note));
            }
            text.push_str(&wrapped("             ", &format!("(read {date}, {source})")));
        }
        text.push_str(&wrapped("", &format!(
            "This list is of {}. None of them is let in unasked: `dialgate allow import-providers NAME` shows what it would add.", list.dated
        )));
        text
    }
}
