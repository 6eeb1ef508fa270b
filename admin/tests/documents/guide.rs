use clap::error::ErrorKind;

use crate::repository::read;

/// What a document has the operator type.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    /// A whole command, on a line of its own.
    Line(String),
    /// One within a sentence, which may leave out what it is about.
    Mention(String),
}

#[test]
fn every_command_of_the_guide_can_be_typed_so() {
    assert_understood("docs/guide.md", 60);
}

#[test]
fn every_command_of_the_readme_can_be_typed_so() {
    assert_understood("README.md", 15);
}

#[test]
fn every_command_that_the_meanings_of_messages_name_can_be_typed_so() {
    assert_understood("docs/messages.md", 10);
}

#[test]
fn commands_are_found_in_lines_and_in_sentences() {
    let text = "Say `dialgate status`, then `dialgate-reconciler --once`:\n\n    \
                dialgate why 4711       why?\n    gpg -d x | dialgate restore - --yes\n    \
                dialgate setup --yes \\\n        --name 'Ann Bell'\n";
    let expected = [
        Typed::Mention("dialgate status".to_owned()),
        Typed::Line("dialgate why 4711".to_owned()),
        Typed::Line("dialgate restore - --yes".to_owned()),
        Typed::Line("dialgate setup --yes --name 'Ann Bell'".to_owned()),
    ];
    assert_eq!(typed(text), expected);
    assert_eq!(words("a --name 'Ann Bell'"), ["a", "--name", "Ann Bell"]);
}

fn assert_understood(path: &str, at_least: usize) {
    let found = typed(&read(path));
    assert!(found.len() >= at_least, "{path} has {} commands: are they still found?", found.len());
    let faults: Vec<String> = found.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{path}:\n{}", faults.join("\n"));
}

/// What the real command line says against it.
fn fault(typed: &Typed) -> Option<String> {
    let (Typed::Line(text) | Typed::Mention(text)) = typed;
    let words = words(text).into_iter().take_while(|word| !is_placeholder(word));
    let error = dialgate_admin::command().try_get_matches_from(words).err()?;
    let is_shortened = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::InvalidValue
    );
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let is_right = is_help || is_shortened && matches!(typed, Typed::Mention(_));
    (!is_right).then(|| format!("{text}: {error}"))
}

fn is_placeholder(word: &str) -> bool {
    word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase())
}

fn typed(text: &str) -> Vec<Typed> {
    let mut found = Vec::new();
    for line in joined(text).lines() {
        if line.starts_with("    ") {
            found.extend(line.split('|').filter_map(|part| command(part).map(Typed::Line)));
        } else {
            let quoted = line.split('`').skip(1).step_by(2);
            found.extend(quoted.filter_map(|part| command(part).map(Typed::Mention)));
        }
    }
    found
}

/// Lines that go on behind a backslash, made one.
fn joined(text: &str) -> String {
    let mut parts = text.split(" \\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + " " + part.trim_start())
}

/// The command at the beginning, without what is explained two blanks behind it, and where its output goes.
fn command(text: &str) -> Option<String> {
    let text = text.trim_start();
    let is_command = text.strip_prefix("dialgate ").is_some_and(|rest| !rest.starts_with(' '));
    let end = ["  ", " > ", " < ", " …"].iter().filter_map(|end| text.find(end)).min();
    let command = end.and_then(|end| text.get(..end)).unwrap_or(text);
    is_command.then(|| command.trim_end().to_owned())
}

/// As a shell would have it, as far as documents go.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in text.split('\'').enumerate() {
        if place % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
