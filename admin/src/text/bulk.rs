//! Many accounts at once, in words.

use super::{Reader, ended};
use crate::layout::{table, wrapped};
use crate::report::{BulkImport, BulkOutcome, BulkRow, Exported};

/// So many are shown one by one.
const SHOWN: usize = 20;

impl Reader<'_> {
    pub(super) fn bulk_import(&self, import: &BulkImport) -> String {
        let count = |outcome| import.accounts.iter().filter(|row| row.outcome == outcome).count();
        let (add, change, same) =
            (count(BulkOutcome::Add), count(BulkOutcome::Change), count(BulkOutcome::Same));
        let moved: Vec<&BulkRow> =
            import.accounts.iter().filter(|row| row.outcome != BulkOutcome::Same).collect();
        let mut text = String::new();
        if !moved.is_empty() {
            let header = ["line", "what", "account", "name", "changes"];
            text.push_str(&table(
                &header,
                &[0, 1, 2],
                moved.iter().take(SHOWN).map(|row| cells(row)),
            ));
        }
        if moved.len() > SHOWN {
            text.push_str(&format!("and {} more: --json shows all\n", moved.len() - SHOWN));
        }
        if !import.done {
            let words = format!(
                "{add} to add, {change} to change, {same} as they are. Nothing was changed yet{}.",
                if add + change > 0 { ": say it again with --yes to do it" } else { "" }
            );
            return text + &wrapped("", &words);
        }
        text.push_str(&format!("{add} added, {change} changed, {same} left as they are\n"));
        text.push_str(&ended(&import.ended));
        if !import.ended.is_empty() {
            text.push_str(&self.next_pass("closes", import.last_pass));
        }
        if let Some(path) = &import.pins {
            let words = format!(
                "The new PINs are in {}, and nowhere else: tell each traveller his own, not by mail, and remove the file.",
                path.display()
            );
            text.push_str(&wrapped("", &words));
        }
        text
    }
}

pub(super) fn exported(exported: &Exported) -> String {
    let accounts = match exported.accounts {
        1 => "1 account is".to_owned(),
        many => format!("{many} accounts are"),
    };
    format!("{accounts} in {}\n", exported.file.display())
}

fn cells(row: &BulkRow) -> Vec<String> {
    let (what, changes) = match row.outcome {
        BulkOutcome::Add => ("add", format!("PIN {}", row.pin.unwrap_or_default())),
        BulkOutcome::Change => ("change", row.changes.join(", ")),
        BulkOutcome::Same => ("same", String::new()),
    };
    let account = row.account.as_ref().map_or_else(|| "auto".to_owned(), ToString::to_string);
    vec![row.line.to_string(), what.to_owned(), account, row.name.clone(), changes]
}
