//! The list of prompts and the recordings agree, in every language.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dialgate_contract::Language;
use dialgate_tests::real::{self, Need};

/// RIFF/WAVE, PCM, one channel, 8000 samples and 16000 bytes a second, two bytes a sample, 16 bits:
/// bytes 20 to 36 of a canonical header, which has 44.
const TELEPHONE_PCM: [u8; 16] = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0];
const WAV_HEADER: usize = 44;
/// A frame of GSM 06.10 has 33 bytes, the first of which begins with 0xd.
const GSM_FRAME: usize = 33;
/// The tools of Debian 12: how each is asked for its version, and what it says.
const VERSIONS: [(&str, &str, &str); 3] = [
    ("flite", "--version", "flite-2.2-current Sep 2018"),
    ("espeak-ng", "--version", "1.51"),
    ("sox", "--version", "v14.4.2"),
];
const TOOLS: [Need; 3] = [Need::Tool("flite"), Need::Tool("espeak-ng"), Need::Tool("sox")];

fn sounds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sounds")
}

fn manifest() -> toml::Table {
    fs::read_to_string(sounds().join("prompts.toml")).unwrap().parse().unwrap()
}

fn names(prompts: &toml::Value) -> BTreeSet<String> {
    prompts.as_table().unwrap().keys().cloned().collect()
}

fn prompts(language: &str) -> BTreeSet<String> {
    names(&manifest()[language])
}

/// What Asterisk itself says and Debian has no recording of, by language.
fn core() -> toml::Table {
    manifest()["core"].as_table().unwrap().clone()
}

fn core_prompts(language: &str) -> BTreeSet<String> {
    names(&core()[language])
}

fn languages() -> impl Iterator<Item = &'static str> {
    Language::ALL.iter().map(|language| language.as_str())
}

/// The recordings in a folder, by name.
fn recordings(folder: &str) -> Vec<(String, PathBuf)> {
    let files = fs::read_dir(sounds().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), file)).collect()
}

fn core_recordings(language: &str) -> Vec<(String, PathBuf)> {
    let folders = fs::read_dir(sounds().join("core").join(language)).unwrap();
    let parts = folders.map(|part| part.unwrap().file_name().into_string().unwrap());
    let named = |part: String| {
        let recordings = recordings(&format!("core/{language}/{part}")).into_iter();
        recordings.map(move |(name, file)| (format!("{part}/{name}"), file)).collect::<Vec<_>>()
    };
    parts.flat_map(named).collect()
}

#[test]
fn every_language_has_the_prompts_of_english_and_no_other() {
    for language in languages() {
        assert_eq!(prompts(language), prompts("en"), "{language}");
    }
    let known: BTreeSet<_> =
        languages().chain(["core", "pronunciation"]).map(str::to_owned).collect();
    assert_eq!(manifest().keys().cloned().collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_prompt_has_words() {
    let manifest = manifest();
    let core = core();
    for prompts in languages().map(|language| &manifest[language]).chain(core.values()) {
        for (name, words) in prompts.as_table().unwrap() {
            let words = words.as_str().unwrap();
            assert!(!words.is_empty() && words == words.trim(), "{name}: {words:?}");
        }
    }
}

#[test]
fn every_prompt_has_one_recording_and_every_recording_a_prompt() {
    let ours = languages().map(|language| (prompts(language), recordings(language)));
    let core = core();
    let core = core.keys().map(|language| (core_prompts(language), core_recordings(language)));
    for (prompts, recordings) in ours.chain(core) {
        assert_eq!(recordings.len(), prompts.len(), "{recordings:?}");
        assert_eq!(recordings.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), prompts);
    }
}

/// What `ast_say_number_full_de` of Asterisk's `say.c` plays for a number below a thousand that is no multiple of 100.
fn german(number: u32) -> Vec<String> {
    match (number / 100, number / 10 % 10, number % 10) {
        (0, 0 | 1, _) => vec![format!("digits/{number}")],
        (0, tens, 0) => vec![format!("digits/{tens}0")],
        (0, tens, ones) => vec![format!("digits/{ones}-and"), format!("digits/{tens}0")],
        (1, ..) => {
            [vec!["digits/1N".into(), "digits/hundred".into()], german(number % 100)].concat()
        }
        (hundreds, ..) => {
            [vec![format!("digits/{hundreds}"), "digits/hundred".into()], german(number % 100)]
                .concat()
        }
    }
}

/// A number without its recording is not left out: Asterisk says the rest of it, 20 for 24.
#[test]
fn german_has_all_that_asterisk_says_numbers_addresses_and_times_with() {
    let mut wanted: BTreeSet<String> = (0..1000).flat_map(german).collect();
    wanted.extend((1..=20).chain([30]).map(|day| format!("digits/h-{day}")));
    wanted.extend((0..7).map(|day| format!("digits/day-{day}")));
    wanted.extend((0..12).map(|month| format!("digits/mon-{month}")));
    wanted.extend(('a'..='f').map(|letter| format!("letters/{letter}")));
    let others = ["digits/oclock", "digits/today", "digits/tomorrow", "letters/dot"];
    wanted.extend(others.map(str::to_owned));
    assert_eq!(wanted.difference(&core_prompts("de")).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_recording_is_in_a_form_that_asterisk_plays_and_not_empty() {
    let core = core();
    let core = core.keys().flat_map(|language| core_recordings(language));
    for (_, file) in languages().flat_map(recordings).chain(core) {
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
fn every_recording_is_what_is_made_of_its_words() {
    if real::skipped("every_recording_is_what_is_made_of_its_words", &TOOLS) || other_tools() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    for file in ["build", "prompts.toml"] {
        fs::copy(sounds().join(file), scratch.path().join(file)).unwrap();
    }
    let built = command(scratch.path().join("build")).stdout(Stdio::null()).status().unwrap();
    assert!(built.success());
    let core = core();
    let core = core.keys().flat_map(|language| core_recordings(language));
    for (_, kept) in languages().flat_map(recordings).chain(core) {
        let again = scratch.path().join(kept.strip_prefix(sounds()).unwrap());
        assert!(
            fs::read(&kept).unwrap() == fs::read(again).unwrap(),
            "{kept:?} is not what sounds/build makes of its words on Debian 12"
        );
    }
}

/// Whether the machine has other versions of the tools than Debian 12, which make other recordings; says so.
fn other_tools() -> bool {
    let others: Vec<String> = VERSIONS
        .iter()
        .filter_map(|(program, argument, version)| {
            let output = command(program).arg(argument).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said).into_owned();
            (!said.contains(version)).then(|| format!("{program} is not {version}"))
        })
        .collect();
    if !others.is_empty() {
        let why = others.join("; ");
        let skipped = "SKIPPED every_recording_is_what_is_made_of_its_words";
        // Not eprintln!, which the harness keeps to itself. A closed stderr changes nothing.
        let _ = writeln!(std::io::stderr(), "{skipped}: needs the tools of Debian 12: {why}");
    }
    !others.is_empty()
}

#[expect(clippy::disallowed_methods, reason = "the script that makes the recordings is tried")]
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}
