use crate::repository::{read, sources};

const PROGRAMS: [&str; 5] = ["agi", "reconciler", "contract", "pin", "letter"];
/// Where what is said to a person or to the log stands in the sources.
const MARKS: [&str; 3] = ["#[error(", "warn!(", "error!("];

#[test]
fn what_the_programs_say_is_among_the_meanings() {
    let rows = rows();
    let (mut missing, mut found) = (Vec::new(), 0);
    for package in PROGRAMS {
        for (path, source) in sources(package) {
            let said = MARKS.iter().flat_map(|mark| said(&source, mark));
            let texts: Vec<_> = said.filter(|text| has_words(text)).collect();
            found += texts.len();
            let unknown = texts.iter().filter(|text| !is_told(text, &rows));
            missing.extend(unknown.map(|text| format!("{}: {text}", path.display())));
        }
    }
    assert!(found >= 150, "{found} texts: are they still found?");
    assert!(missing.is_empty(), "not in docs/messages.md:\n{}", missing.join("\n"));
}

#[test]
fn what_has_a_meaning_is_said() {
    // These are toml's own words.
    let all = plain(&(everything() + "TOML parse error"));
    let forgotten: Vec<_> =
        rows().into_iter().filter(|row| !row.iter().all(|part| all.contains(part))).collect();
    assert!(forgotten.is_empty(), "nobody says that any more: {forgotten:#?}");
}

#[test]
fn what_the_audit_trail_says_has_a_meaning_and_is_said() {
    let text = read("docs/messages.md");
    let (_, trail) = text.split_once("\n## The audit trail").unwrap();
    let cells = trail.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let told: Vec<_> = cells.flat_map(|cell| cell.split(['`', ',', ' '])).collect();
    let all = everything();
    let unsaid: Vec<_> = told
        .iter()
        .filter(|word| !word.is_empty() && !all.contains(&format!("\"{word}\"")))
        .collect();
    assert!(unsaid.is_empty(), "nobody says that any more: {unsaid:?}");
    let refusals = dialgate_contract::Refusal::ALL.iter().map(ToString::to_string);
    let missing: Vec<_> = refusals.filter(|word| !told.contains(&word.as_str())).collect();
    assert!(missing.is_empty(), "not in docs/messages.md: {missing:?}");
}

#[test]
fn texts_are_found_behind_their_marks() {
    let source = r#"tracing::warn!(host = %name, "it \"is\" \
                     so: {why}"); error!("{error}");"#;
    assert_eq!(said(source, "warn!("), [r#"it "is" so: {why}"#]);
    assert!(!has_words("{error}") && has_words("{a} is wrong"));
    assert!(is_told("it is so: {why}", &[vec!["it is".to_owned(), ": ".to_owned()]]));
    assert!(!is_told("it is so", &[vec!["so".to_owned(), "it".to_owned()]]));
}

/// The sources of all programs.
fn everything() -> String {
    let packages = PROGRAMS.iter().chain(&["admin"]);
    packages.flat_map(|package| sources(package)).map(|(_, text)| text).collect()
}

/// The fixed parts of the words in each row of the tables.
fn rows() -> Vec<Vec<String>> {
    let text = read("docs/messages.md");
    let (tables, _) = text.split_once("\n## The audit trail").unwrap();
    let cells = tables.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let words = cells.filter(|cell| *cell != "Words");
    let parts = |cell: &str| {
        let parts = cell.split('…').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    words.map(parts).collect()
}

/// The first text behind each mark.
fn said(source: &str, mark: &str) -> Vec<String> {
    let source = plain(source);
    let behind = source.split(mark).skip(1);
    let texts = behind.filter_map(|rest| {
        let statement = rest.split(");").next()?.split_once('"')?.1;
        Some(statement.split('"').next()?.replace('\u{1}', "\""))
    });
    texts.collect()
}

/// Without what continues a text on the next line, and with quotes within texts as another character.
fn plain(source: &str) -> String {
    let mut parts = source.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    let joined = parts.fold(first, |text, part| text + part.trim_start());
    joined.replace("\\\"", "\u{1}").replace("\\n", " ")
}

fn has_words(text: &str) -> bool {
    let parts = text.split('{').flat_map(|part| part.split('}').next_back());
    parts.map(|part| part.chars().filter(|c| c.is_alphabetic()).count()).sum::<usize>() >= 6
}

/// Whether a row's parts stand in the text, one behind the other.
fn is_told(text: &str, rows: &[Vec<String>]) -> bool {
    rows.iter().any(|row| {
        let behind = |rest: Option<usize>, part: &String| {
            let from = rest?;
            Some(from + text.get(from..)?.find(part.as_str())? + part.len())
        };
        row.iter().fold(Some(0), behind).is_some()
    })
}
