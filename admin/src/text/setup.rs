use super::Reader;
use crate::layout::wrapped;
use crate::report::{SetupRow, SiteSetup};

impl Reader<'_> {
    pub(super) fn setup(&self, setup: &SiteSetup) -> String {
        let SiteSetup { done, was_shown, changes, account, notes } = setup;
        let mut text = match (changes.is_empty(), done) {
            (true, _) => "nothing to do: everything is as it should be\n".to_owned(),
            (false, true) if *was_shown => "Done.\n".to_owned(),
            (false, true) => format!("Done:\n{}", rows(changes)),
            (false, false) => format!("Nothing was changed. To do:\n{}", rows(changes)),
        };
        if let Some(account) = account {
            text.push_str(&format!("\n{}", self.account_change(account)));
        }
        if !notes.is_empty() {
            text.push('\n');
        }
        text + &notes.iter().map(|note| wrapped("* ", note)).collect::<String>()
    }
}

/// What is about to be done, before it is asked whether to.
pub(crate) fn setup_plan(changes: &[SetupRow], notes: &[String]) -> String {
    let notes: String = notes.iter().map(|note| wrapped("* ", note)).collect();
    format!("\nThis will be done:\n{}{notes}\n", rows(changes))
}

fn rows(changes: &[SetupRow]) -> String {
    let row = |SetupRow { does, what, lines }: &SetupRow| {
        let lines =
            lines.iter().map(|line| format!("{}\n", format!("             {line}").trim_end()));
        wrapped(&format!("  {does:<9}  "), what) + &lines.collect::<String>()
    };
    changes.iter().map(row).collect()
}
