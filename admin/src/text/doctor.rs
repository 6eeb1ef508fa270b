//! What the doctor found, for people: a line for each check, and what to do below it.

use crate::doctor::{Check, Fix, Health};
use crate::layout::wrapped;

/// In front of what was found.
const INDENT: usize = 19;
/// A command is broken behind this column, where it can be.
const WIDTH: usize = 80;

pub(super) fn words(checks: &[Check]) -> String {
    let count = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let mut text: String = checks.iter().map(check).collect();
    text.push_str(&match (count(Health::Fail), count(Health::Warn), count(Health::Skip)) {
        (0, 0, 0) => "All is well.\n".to_owned(),
        (0, 0, skipped) => format!("All that was looked at is well; {skipped} skipped.\n"),
        (failed, warned, skipped) => {
            format!("{failed} failed, {warned} to be watched, {skipped} skipped.\n")
        }
    });
    text
}

fn check(check: &Check) -> String {
    let label = format!("{:<4}  {:<11}  ", check.outcome.as_str(), check.name);
    let mut text = wrapped(&label, &check.what);
    match &check.fix {
        None => {}
        Some(Fix::Advice(words)) => {
            text.push_str(&wrapped(&format!("{:INDENT$}fix: ", ""), words));
        }
        Some(Fix::Run(commands)) => {
            for (at, command) in commands.iter().enumerate() {
                let label = if at == 0 { "fix: " } else { "     " };
                text.push_str(&format!("{:INDENT$}{label}{}\n", "", broken(command)));
            }
        }
    }
    text
}

/// A command that does not fit goes on in the next line as a shell reads it, so that it can still be copied.
fn broken(command: &str) -> String {
    let room = WIDTH - INDENT - 5;
    if command.chars().count() <= room {
        return command.to_owned();
    }
    let (mut text, mut length, mut quoted) = (String::new(), 0, false);
    for word in command.split_inclusive(' ') {
        let long = word.chars().count();
        // Within quotes a line break would be one.
        if !quoted && length > 0 && length + long + 1 > room {
            text.push_str(&format!("\\\n{:width$}", "", width = INDENT + 5));
            length = 0;
        }
        quoted = is_quoted_after(word, quoted);
        text.push_str(word);
        length += long;
    }
    text
}

/// Whether what follows is within quotes, as a shell reads it; a backslash before a quote is none within quotes.
fn is_quoted_after(word: &str, mut quoted: bool) -> bool {
    let mut escaped = false;
    for c in word.chars() {
        match c {
            '\'' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !quoted && !escaped;
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(outcome: Health, fix: Option<Fix>) -> Check {
        Check { name: "saved-rules", outcome, what: "what was found is said here ".repeat(5), fix }
    }

    #[test]
    fn everything_fits_eighty_columns_and_commands_can_be_copied() {
        let long = "dialgate-reconciler --config '/srv/a folder with spaces/and a long name/dialgate.toml' --once";
        let text = words(&[
            found(Health::Ok, None),
            found(Health::Warn, Some(Fix::Advice("do this and that ".repeat(9)))),
            found(Health::Fail, Some(Fix::Run(vec!["chmod 640 /x".to_owned(), long.to_owned()]))),
        ]);
        assert!(
            text.lines().filter(|line| !line.contains('\'')).all(|line| line.len() <= 80),
            "{text}"
        );
        assert!(text.contains("fix: chmod 640 /x\n"), "{text}");
        assert!(text.contains("1 failed, 1 to be watched, 0 skipped"), "{text}");
        let joined = broken(long).replace("\\\n", "");
        let words: Vec<&str> = joined.split_whitespace().collect();
        assert_eq!(words, long.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_command_is_not_broken_within_quotes() {
        let long = r"chmod 640 '/srv/it'\''s a folder with many spaces and a long name/in it'";
        assert_eq!(broken(long), long);
        let long = r"chown root:dialgate '/srv/an end\' /srv/another-folder-that-is-as-long";
        assert_eq!(
            broken(long).replace("\\\n", "").split_whitespace().count(),
            5,
            "{}",
            broken(long)
        );
    }

    #[test]
    fn what_was_skipped_is_counted() {
        assert!(words(&[found(Health::Ok, None)]).ends_with("All is well.\n"));
        let skipped = found(Health::Skip, Some(Fix::Advice("x".to_owned())));
        assert!(words(&[skipped]).ends_with("well; 1 skipped.\n"));
    }
}
