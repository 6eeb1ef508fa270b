//! Letters, in words.

use super::Reader;
use crate::layout::{table, wrapped};
use crate::report::{LetterRow, MailTest, Preview, QueueChange, TestOutcome, WrittenTemplates};

impl Reader<'_> {
    pub(super) fn mail_queue(&self, letters: &[LetterRow]) -> String {
        if letters.is_empty() {
            return "no letter waits\n".to_owned();
        }
        let rows = letters.iter().map(|letter| {
            vec![
                letter.id.row().to_string(),
                kind(letter).to_owned(),
                letter.to.clone(),
                self.ago(letter.written_at),
                letter.tries.to_string(),
                self.next_try(letter),
            ]
        });
        let header = ["id", "letter", "to", "written", "tries", "next try"];
        let mut text = table(&header, &[0, 1, 3, 5], rows);
        for letter in letters {
            if let Some(error) = &letter.error {
                text.push_str(&wrapped(&format!("{}: ", letter.id.row()), error));
            }
        }
        text
    }

    pub(super) fn queue_change(&self, change: &QueueChange) -> String {
        if change.letters.is_empty() {
            return "no letter waits\n".to_owned();
        }
        let one = |letter: &LetterRow| {
            let (id, done) = (letter.id.row(), change.done);
            format!("letter {id} ({}) to {} {done}\n", kind(letter), letter.to)
        };
        let text: String = change.letters.iter().map(one).collect();
        if change.is_retry { text + &self.next_pass("sends", change.last_pass) } else { text }
    }

    fn next_try(&self, letter: &LetterRow) -> String {
        match letter.next_try {
            Some(at) if at <= self.now => "now".to_owned(),
            Some(at) => self.ago(at),
            None => letter.state.replace('-', " "),
        }
    }
}

fn kind(letter: &LetterRow) -> &'static str {
    letter.letter.map_or("unreadable", |kind| kind.as_str())
}

pub(super) fn test(test: &MailTest) -> String {
    let MailTest { to, through, error, seconds, .. } = test;
    let (id, error) = (test.id.row(), error.as_deref().unwrap_or_default());
    match test.outcome {
        TestOutcome::Sent => {
            format!("{through} took letter {id} to {to} after {seconds:.1} s\n")
        }
        TestOutcome::Waiting => {
            wrapped("", &format!("letter {id} to {to} was not taken, and is tried again:"))
                + &wrapped("  ", error)
                + "See [mail] in the configuration.\n"
                + &format!(
                    "`dialgate mail retry {id}` tries it at once, `dialgate mail drop {id}` takes it back.\n"
                )
        }
        TestOutcome::GivenUp => {
            wrapped("", &format!("letter {id} to {to} was refused for good:"))
                + &wrapped("  ", error)
        }
        TestOutcome::Untried => {
            wrapped("", &format!("nobody tried to send letter {id} to {to} within {seconds:.0} s."))
                + "It waits until the reconciler runs: see `dialgate status`.\n"
        }
    }
}

pub(super) fn preview(preview: &Preview) -> String {
    match &preview.html {
        Some(html) if preview.is_html => return html.clone(),
        None if preview.is_html => {
            return "this letter has no HTML: there is a text of your own and no .html beside it\n"
                .to_owned();
        }
        Some(_) | None => {}
    }
    let words = wrapped("Words in braces: ", &preview.words.join(" "));
    format!("Subject: {}\n\n{}\n{words}", preview.subject, preview.plain)
}

pub(super) fn written(written: &WrittenTemplates) -> String {
    let folder = written.folder.display();
    let mut text = format!("{} files written into {folder}\n", written.files.len());
    if !written.is_configured {
        text.push_str(&format!("In the configuration, under [mail]: templates = \"{folder}\"\n"));
    }
    text + "`dialgate mail preview KIND` shows a letter as it is sent.\n"
}
