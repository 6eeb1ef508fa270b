//! The list of prompts and the recordings agree, in every language.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dialgate_contract::Language;
use dialgate_tests::real::{self, Need};

/// RIFF/WAVE, PCM, one channel, 8000 samples and 16000 bytes a second, two bytes a sample, 16 bits:
/// bytes 20 to 36 of a canonical header, which has 44.
const TELEPHONE_PCM: [u8; 16] = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0];
const WAV_HEADER: usize = 44;
/// A frame of GSM 06.10 has 33 bytes, the first of which begins with 0xd.
const GSM_FRAME: usize = 33;
const TOOLS: [Need; 3] = [Need::Tool("flite"), Need::Tool("espeak-ng"), Need::Tool("sox")];

fn sounds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sounds")
}

fn manifest() -> toml::Table {
    fs::read_to_string(sounds().join("prompts.toml")).unwrap().parse().unwrap()
}

fn prompts(language: &str) -> BTreeSet<String> {
    manifest()[language].as_table().unwrap().keys().cloned().collect()
}

fn languages() -> impl Iterator<Item = &'static str> {
    Language::ALL.iter().map(|language| language.as_str())
}

/// The recordings of a language, by prompt.
fn recordings(language: &str) -> Vec<(String, PathBuf)> {
    let files = fs::read_dir(sounds().join(language)).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), file)).collect()
}

#[test]
fn every_language_has_the_prompts_of_english_and_no_other() {
    for language in languages() {
        assert_eq!(prompts(language), prompts("en"), "{language}");
    }
    let known: BTreeSet<_> = languages().chain(["pronunciation"]).map(str::to_owned).collect();
    assert_eq!(manifest().keys().cloned().collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_prompt_has_words() {
    for language in languages() {
        for (name, words) in manifest()[language].as_table().unwrap() {
            let words = words.as_str().unwrap();
            assert!(!words.is_empty() && words == words.trim(), "{language} {name}: {words:?}");
        }
    }
}

#[test]
fn every_prompt_has_one_recording_and_every_recording_a_prompt() {
    for language in languages() {
        let recordings = recordings(language);
        assert_eq!(recordings.len(), prompts(language).len(), "{language}");
        let names: BTreeSet<_> = recordings.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, prompts(language), "{language}");
    }
}

#[test]
fn every_recording_is_in_a_form_that_asterisk_plays_and_not_empty() {
    for (_, file) in languages().flat_map(recordings) {
        let bytes = fs::read(&file).unwrap();
        match file.extension().unwrap().to_str().unwrap() {
            "wav" => {
                assert!(bytes.len() > WAV_HEADER, "{file:?}");
                assert_eq!(
                    (&bytes[..4], &bytes[8..16]),
                    (&b"RIFF"[..], &b"WAVEfmt "[..]),
                    "{file:?}"
                );
                assert_eq!(bytes[20..36], TELEPHONE_PCM, "{file:?}");
            }
            "gsm" => {
                assert!(!bytes.is_empty() && bytes.len() % GSM_FRAME == 0, "{file:?}");
                assert!(bytes.chunks(GSM_FRAME).all(|frame| frame[0] >> 4 == 0xd), "{file:?}");
            }
            _ => panic!("{file:?} is in no form that is kept here"),
        }
    }
}

#[test]
fn the_same_words_give_the_same_recording() {
    if real::skipped("the_same_words_give_the_same_recording", &TOOLS) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    for file in ["build", "prompts.toml"] {
        fs::copy(sounds().join(file), scratch.path().join(file)).unwrap();
    }
    let built = command(scratch.path().join("build")).arg("enter-pin").status().unwrap();
    assert!(built.success());
    for language in languages() {
        let (_, kept) =
            recordings(language).into_iter().find(|(name, _)| name == "enter-pin").unwrap();
        let again = scratch.path().join(language).join(kept.file_name().unwrap());
        assert!(
            fs::read(&kept).unwrap() == fs::read(again).unwrap(),
            "{kept:?} is not what sounds/build of Debian 12 makes"
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "the script that makes the recordings is tried")]
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}
