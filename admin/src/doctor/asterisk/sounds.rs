//! The recordings: there in each language that is offered, and in forms that Asterisk can play to a telephone.

mod formats;
mod recording;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dialgate_contract::Language;
use serde::Deserialize;

use super::super::check::{Check, Fix};
use super::Asked;
use formats::{Formats, Translations};
use recording::{Folder, Problem};

const NAME: &str = "prompts";
const CODECS: &str = "codecs";
/// What links the recordings of the package into Asterisk's folder.
const LINK_SOUNDS: &str = "/usr/lib/dialgate/link-sounds";
/// What of Asterisk's own is said by name, in all languages and in some.
const CORE: [&str; 19] = [
    "digits/0",
    "digits/1",
    "digits/2",
    "digits/3",
    "digits/4",
    "digits/5",
    "digits/6",
    "digits/7",
    "digits/8",
    "digits/9",
    "digits/oclock",
    "digits/today",
    "digits/tomorrow",
    "letters/a",
    "letters/b",
    "letters/c",
    "letters/d",
    "letters/e",
    "letters/dot",
];
const CORE_EN: [&str; 4] = ["digits/at", "digits/oh", "digits/a-m", "digits/p-m"];
const CORE_ES: [&str; 4] = ["digits/at", "digits/at_s", "digits/es-el", "digits/100"];
const CORE_FR: [&str; 3] = ["digits/at", "digits/1F", "digits/et"];
const CORE_DE: [&str; 3] = ["digits/1F", "digits/1N", "digits/1-and"];

/// The list that the recordings are made from.
#[derive(Deserialize)]
struct Prompts {
    en: BTreeMap<String, String>,
    es: BTreeMap<String, String>,
    fr: BTreeMap<String, String>,
    de: BTreeMap<String, String>,
}

/// What is wrong in one language.
#[derive(Debug, Default, PartialEq, Eq)]
struct Recordings {
    /// How many of ours are there.
    ours: usize,
    bad: Vec<(String, Problem)>,
    /// The formats that its recordings are in.
    formats: BTreeSet<String>,
}

/// `wanted`: languages that accounts have.
pub(super) fn check(asked: &Asked<'_>, wanted: &[Language]) -> Vec<Check> {
    let formats = match asked.ask(NAME, "core show file formats") {
        Ok(said) => Formats::parse(&said),
        Err(check) => return vec![check],
    };
    let sounds = asked.settings.data.join("sounds");
    let prompts: Prompts = match toml::from_str(include_str!("../../../../sounds/prompts.toml")) {
        Ok(prompts) => prompts,
        Err(error) => {
            let fix = Fix::advice("install dialgate again");
            return vec![Check::fail(NAME, format!("the list that was built in: {error}"), fix)];
        }
    };
    let found: BTreeMap<&str, Recordings> = Language::ALL
        .iter()
        .copied()
        .map(|language| (language.as_str(), look(language, &prompts, &sounds, &formats)))
        .collect();
    let used: BTreeSet<&str> =
        found.values().flat_map(|language| language.formats.iter().map(String::as_str)).collect();
    let mut checks = vec![judge(&found, wanted, &sounds)];
    if !used.is_empty() {
        checks.push(match asked.ask(CODECS, "core show translation") {
            Ok(said) => codecs(&used, &Translations::parse(&said), asked),
            Err(check) => check,
        });
    }
    checks
}

fn look(language: Language, prompts: &Prompts, sounds: &Path, formats: &Formats) -> Recordings {
    let (ours, core): (&BTreeMap<String, String>, &[&str]) = match language {
        Language::En => (&prompts.en, &CORE_EN),
        Language::Es => (&prompts.es, &CORE_ES),
        Language::Fr => (&prompts.fr, &CORE_FR),
        Language::De => (&prompts.de, &CORE_DE),
    };
    let own = sounds.join(language.as_str());
    let mut found = Recordings::default();
    let mut folder = Folder::open(&own.join("dialgate"));
    for name in ours.keys() {
        match folder.find(name, formats) {
            Ok(format) => {
                found.ours += 1;
                found.formats.insert(format);
            }
            Err(problem) => found.bad.push((format!("dialgate/{name}"), problem)),
        }
    }
    if found.ours == 0 {
        return found;
    }
    let mut folders =
        BTreeMap::from(["digits", "letters"].map(|part| (part, Folder::open(&own.join(part)))));
    for name in CORE.iter().chain(core) {
        let part =
            name.split_once('/').and_then(|(part, name)| Some((folders.get_mut(part)?, name)));
        let Some((folder, file)) = part else { continue };
        match folder.find(file, formats) {
            Ok(format) => {
                found.formats.insert(format);
            }
            Err(problem) => found.bad.push(((*name).to_owned(), problem)),
        }
    }
    found
}

fn judge(found: &BTreeMap<&str, Recordings>, wanted: &[Language], sounds: &Path) -> Check {
    let again = || Fix::advice("put it there again, as sounds/README.md says");
    let offered = |language: &str| found.get(language).is_some_and(|found| found.ours > 0);
    if !offered(Language::En.as_str()) {
        let bad = found.get("en").and_then(|found| found.bad.first());
        let what = match bad {
            Some((
                name,
                problem @ (Problem::NoModule(_) | Problem::Form(_) | Problem::Unreadable),
            )) => {
                format!("Asterisk cannot play en/{name}: {problem}")
            }
            Some((_, Problem::Missing)) | None => {
                format!(
                    "none of ours is in {}/en/dialgate: callers hear digits only",
                    sounds.display()
                )
            }
        };
        return Check::fail(NAME, what, install(sounds));
    }
    let bad =
        found.iter().filter(|(language, _)| offered(language)).find_map(|(language, found)| {
            let (name, problem) = found.bad.first()?;
            Some((language, found.bad.len(), name, problem))
        });
    if let Some((language, count, name, problem)) = bad {
        let more = match count {
            1 => String::new(),
            more => format!(", and {} more like it", more - 1),
        };
        let what = format!("Asterisk cannot play {language}/{name}: {problem}{more}");
        let fix = problem.fix().unwrap_or_else(again);
        return Check::fail(NAME, what, fix);
    }
    if let Some(missing) = wanted.iter().find(|language| !offered(language.as_str())) {
        let what =
            format!("accounts want {}, and its recordings are not installed", missing.as_str());
        return Check::warn(NAME, what, install(sounds));
    }
    let offered: Vec<&str> = found.keys().copied().filter(|language| offered(language)).collect();
    Check::ok(NAME, format!("all recordings of {} can be played", offered.join(", ")))
}

/// What puts all of them there.
fn install(sounds: &Path) -> Fix {
    if Path::new(LINK_SOUNDS).exists() {
        return Fix::run(&[LINK_SOUNDS, &sounds.to_string_lossy()]);
    }
    Fix::advice("install the recordings as sounds/README.md says")
}

fn codecs(used: &BTreeSet<&str>, translations: &Translations, asked: &Asked<'_>) -> Check {
    match used.iter().find(|format| !translations.reach_telephones(format)) {
        None => {
            let used: Vec<&str> = used.iter().copied().collect();
            Check::ok(
                CODECS,
                format!("recordings in {} become what telephones hear", used.join(", ")),
            )
        }
        Some(format) => {
            let what =
                format!("Asterisk cannot turn recordings in {format} into what telephones hear");
            let module = if *format == "slin" { "ulaw" } else { format };
            Check::fail(CODECS, what, asked.tell(&format!("module load codec_{module}.so")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    fn language(ours: usize, bad: &[(&str, Problem)]) -> Recordings {
        let bad = bad.iter().map(|(name, problem)| ((*name).to_owned(), problem.clone())).collect();
        Recordings { ours, bad, formats: BTreeSet::new() }
    }

    fn judged(en: Recordings, de: Recordings, wanted: &[Language]) -> Check {
        judge(&[("en", en), ("de", de)].into(), wanted, Path::new("/usr/share/asterisk/sounds"))
    }

    #[test]
    fn english_is_needed_and_others_where_an_account_wants_them() {
        let whole = || language(58, &[]);
        let none = || language(0, &[("dialgate/welcome", Problem::Missing)]);
        let half = || language(57, &[("dialgate/welcome", Problem::Missing)]);
        for (en, de, wanted, outcome) in [
            (whole(), whole(), &[Language::De][..], Health::Ok),
            (whole(), none(), &[], Health::Ok),
            (whole(), none(), &[Language::De], Health::Warn),
            (whole(), half(), &[], Health::Fail),
            (half(), none(), &[], Health::Fail),
            (none(), whole(), &[], Health::Fail),
        ] {
            let check = judged(en, de, wanted);
            assert_eq!(check.outcome, outcome, "{check:?}");
        }
    }

    #[test]
    fn the_lists_have_a_name_for_each_prompt_that_there_is_a_recording_of() {
        let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sounds");
        let prompts: Prompts =
            toml::from_str(include_str!("../../../../sounds/prompts.toml")).unwrap();
        let formats = Formats::parse("slin wav wav\ngsm gsm gsm\n");
        for (name, list) in [("en", &prompts.en), ("de", &prompts.de)] {
            let mut folder = Folder::open(&sounds.join(name));
            for prompt in list.keys() {
                assert!(folder.find(prompt, &formats).is_ok(), "{name}/{prompt}");
            }
        }
    }
}
