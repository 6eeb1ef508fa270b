//! Whatever the conversation can say has words and a recording, and nothing else has.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use dialgate_agi::Prompt;

fn sounds() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "sounds"].iter().collect()
}

fn prompts() -> BTreeSet<String> {
    let name = |prompt: &Prompt| prompt.file().trim_start_matches("dialgate/").to_owned();
    Prompt::ALL.iter().map(name).collect()
}

#[test]
fn every_prompt_has_words_and_all_words_have_a_prompt() {
    let text = fs::read_to_string(sounds().join("prompts.toml")).unwrap();
    let languages: toml::Table = text.parse().unwrap();
    let words = languages["en"].as_table().unwrap();
    assert_eq!(words.keys().cloned().collect::<BTreeSet<_>>(), prompts());
    for (name, words) in words {
        assert!(words.as_str().is_some_and(|words| !words.trim().is_empty()), "{name}");
    }
}

#[test]
fn every_prompt_has_a_recording_and_every_recording_a_prompt() {
    let recordings = fs::read_dir(sounds().join("en")).unwrap().map(|entry| {
        let entry = entry.unwrap();
        // 44 bytes are the header of an empty one.
        assert!(entry.metadata().unwrap().len() > 44, "{:?} is empty", entry.path());
        let name = entry.file_name().into_string().unwrap();
        name.strip_suffix(".wav").expect("recordings are .wav files").to_owned()
    });
    assert_eq!(recordings.collect::<BTreeSet<_>>(), prompts());
}
