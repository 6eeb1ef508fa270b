//! The list of prompts and the recordings agree.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// RIFF/WAVE, PCM, one channel, 8000 samples and 16000 bytes a second, two bytes a sample, 16 bits:
/// bytes 20 to 36 of a canonical header.
const TELEPHONE_PCM: [u8; 16] = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0];

fn sounds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sounds")
}

fn recordings() -> BTreeSet<String> {
    fs::read_dir(sounds().join("en"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_prompt_has_a_recording_and_every_recording_a_prompt() {
    let manifest = fs::read_to_string(sounds().join("prompts.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let prompts: BTreeSet<String> = manifest["en"].as_table().unwrap().keys().cloned().collect();
    assert_eq!(prompts, recordings());
}

#[test]
fn every_recording_is_in_the_form_that_asterisk_plays_as_wav() {
    for name in recordings() {
        let bytes = fs::read(sounds().join(format!("en/{name}.wav"))).unwrap();
        assert_eq!((&bytes[..4], &bytes[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]), "{name}");
        assert_eq!(bytes[20..36], TELEPHONE_PCM, "{name}");
    }
}
