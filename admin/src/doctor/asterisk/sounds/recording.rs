//! A folder of recordings.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::super::super::check::Fix;
use super::formats::Formats;

/// Why a recording cannot be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    Missing,
    /// There is one, but no module for files with this extension.
    NoModule(String),
    /// It is not what its extension says.
    Form(&'static str),
    /// Asterisk, which is not root, cannot open it.
    Unreadable,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file"),
            Self::NoModule(extension) => write!(f, "no module for .{extension} is loaded"),
            Self::Form(form) => f.write_str(form),
            Self::Unreadable => f.write_str("only root may read it"),
        }
    }
}

impl Problem {
    /// What mends it, where that is known.
    pub(super) fn fix(&self) -> Option<Fix> {
        match self {
            Self::NoModule(extension) => {
                let module = format!("module load format_{extension}.so");
                Some(Fix::run(&["asterisk", "-rx", &module]))
            }
            Self::Form(_) => Some(Fix::advice(
                "make it mono, 16 bits at 8 kHz: `sox OLD.wav -r 8000 -c 1 -b 16 NEW.wav`",
            )),
            Self::Unreadable => Some(Fix::advice("let everybody read it: `chmod -R a+rX FOLDER`")),
            Self::Missing => None,
        }
    }
}

/// A folder, and the extensions of each name in it.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    names: BTreeMap<String, Vec<String>>,
}

impl Folder {
    /// One that cannot be opened has nothing in it.
    pub(super) fn open(path: &Path) -> Self {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            let file = entry.file_name();
            if let Some((name, extension)) = file.to_str().and_then(|file| file.rsplit_once('.')) {
                names.entry(name.to_owned()).or_default().push(extension.to_owned());
            }
        }
        Self { path: path.to_owned(), names }
    }

    /// The format in which Asterisk plays this recording.
    pub(super) fn find(&mut self, name: &str, formats: &Formats) -> Result<String, Problem> {
        let extensions = self.names.get(name).map(Vec::as_slice).unwrap_or_default();
        let known =
            extensions.iter().find_map(|extension| Some((extension, formats.of(extension)?)));
        match (known, extensions.first()) {
            (Some((extension, format)), _) => {
                look(&self.path.join(format!("{name}.{extension}")), extension)?;
                Ok(format.to_owned())
            }
            (None, Some(extension)) => Err(Problem::NoModule(extension.clone())),
            (None, None) => Err(Problem::Missing),
        }
    }
}

fn look(path: &Path, extension: &str) -> Result<(), Problem> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblocking).open(path);
    let file = file.map_err(|_| Problem::Unreadable)?;
    let found = file.metadata().map_err(|_| Problem::Unreadable)?;
    if !found.is_file() || found.len() == 0 {
        return Err(Problem::Form("it is empty, or no file"));
    }
    if found.uid() == 0 && found.gid() == 0 && found.mode() & 0o004 == 0 {
        return Err(Problem::Unreadable);
    }
    if extension == "wav" { wave(file) } else { Ok(()) }
}

/// Asterisk plays files named so at 8 kHz, with one channel of 16 bits, and no others (`formats/format_wav.c`).
fn wave(file: impl Read) -> Result<(), Problem> {
    let mut bytes = Vec::new();
    file.take(4_096).read_to_end(&mut bytes).map_err(|_| Problem::Unreadable)?;
    let format = bytes.windows(4).position(|four| four == b"fmt ").and_then(|at| {
        let body = bytes.get(at + 8..at + 24)?;
        let two =
            |from: usize| Some(u16::from_le_bytes(body.get(from..from + 2)?.try_into().ok()?));
        let rate = u32::from_le_bytes(body.get(4..8)?.try_into().ok()?);
        Some((two(0)?, two(2)?, rate, two(14)?))
    });
    match format {
        Some((1, 1, 8_000, 16)) => Ok(()),
        Some((1, _, 8_000, _)) => Err(Problem::Form("it is not mono with 16 bits")),
        Some((1, ..)) => Err(Problem::Form("it is not at 8 kHz")),
        Some(_) | None => Err(Problem::Form("it is no plain WAV")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data\0\0\0\0");
        bytes
    }

    #[test]
    fn only_what_asterisk_plays_as_wav_is_right() {
        assert_eq!(wave(header(1, 8_000, 16).as_slice()), Ok(()));
        for (channels, rate, bits) in [(1, 16_000, 16), (2, 8_000, 16), (1, 8_000, 8)] {
            assert!(wave(header(channels, rate, bits).as_slice()).is_err());
        }
        assert!(wave(b"".as_slice()).is_err());
    }

    #[test]
    fn a_recording_is_found_in_a_form_that_has_a_module() {
        let folder = tempfile::tempdir().unwrap();
        for (file, content) in [
            ("both.gsm", b"x".to_vec()),
            ("both.mp3", b"x".to_vec()),
            ("other.mp3", b"x".to_vec()),
            ("empty.gsm", Vec::new()),
            ("wide.wav", header(1, 16_000, 16)),
        ] {
            std::fs::write(folder.path().join(file), content).unwrap();
        }
        let formats = Formats::parse("slin wav wav\ngsm gsm gsm\n");
        let mut recordings = Folder::open(folder.path());
        assert_eq!(recordings.find("both", &formats), Ok("gsm".to_owned()));
        assert_eq!(recordings.find("other", &formats), Err(Problem::NoModule("mp3".to_owned())));
        assert_eq!(recordings.find("none", &formats), Err(Problem::Missing));
        for bad in ["empty", "wide"] {
            assert!(matches!(recordings.find(bad, &formats), Err(Problem::Form(_))), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in any::<Vec<u8>>()) {
            let _ = wave([b"fmt ".as_slice(), &bytes].concat().as_slice());
        }
    }
}
