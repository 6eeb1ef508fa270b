//! Looking for digits where none may be.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// So much of a PIN is a trace of it.
const TELLING: usize = 6;

/// A secret of digits that must leave no trace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canary(pub(crate) &'static str);

/// Which of the canaries left a trace in `bytes`, with what there is around it.
pub(crate) fn in_bytes(bytes: &[u8], canaries: &[Canary]) -> Vec<String> {
    let mut finder = Finder { canaries, ..Finder::default() };
    finder.read(bytes);
    finder.end_run();
    finder.found
}

/// The same for all files in a folder and its folders.
pub(crate) fn in_files(folder: &Path, canaries: &[Canary]) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = fs::symlink_metadata(&path)?;
        if kind.is_dir() {
            found.extend(in_files(&path, canaries)?);
        } else if kind.is_file() {
            let here = in_bytes(&fs::read(&path)?, canaries);
            found.extend(here.into_iter().map(|trace| format!("{}: {trace}", path.display())));
        }
    }
    Ok(found)
}

/// The same for all that a process may write to, which is what a core file of it holds.
pub(crate) fn in_memory(process: u32, canaries: &[Canary]) -> io::Result<Vec<String>> {
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let mut found = Vec::new();
    let mut pages = vec![0; 1 << 20];
    for line in fs::read_to_string(format!("/proc/{process}/maps"))?.lines() {
        let Some((begin, end)) = writable(line) else { continue };
        let mut finder = Finder { canaries, ..Finder::default() };
        let mut at = begin;
        while at < end {
            let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(pages.len());
            let part = pages.get_mut(..wanted).unwrap_or_default();
            match memory.read_at(part, at) {
                Ok(0) => break,
                Ok(count) => {
                    finder.read(part.get(..count).unwrap_or_default());
                    at += count as u64;
                }
                // Gone since the list was made.
                Err(error) if error.raw_os_error() == Some(5) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        finder.end_run();
        found.extend(finder.found.into_iter().map(|trace| format!("{line}: {trace}")));
    }
    Ok(found)
}

/// The addresses of a line of `/proc/PID/maps`.
fn writable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (begin, end) = range.split_once('-')?;
    let address = |hex| u64::from_str_radix(hex, 16).ok();
    if rest.starts_with("rw") { Some((address(begin)?, address(end)?)) } else { None }
}

/// Finds digits in a row, also where NULs stand between them, as in characters of four bytes.
#[derive(Default)]
struct Finder<'a> {
    canaries: &'a [Canary],
    run: String,
    found: Vec<String>,
}

impl Finder<'_> {
    fn read(&mut self, bytes: &[u8]) {
        const ZEROS: [u8; 4096] = [0; 4096];
        for page in bytes.chunks(ZEROS.len()) {
            // Most of them are: it is faster.
            if ZEROS.get(..page.len()) == Some(page) {
                continue;
            }
            for &byte in page {
                match byte {
                    b'0'..=b'9' => self.run.push(char::from(byte)),
                    0 => {}
                    _ if self.run.is_empty() => {}
                    _ => self.end_run(),
                }
            }
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        let telling = |canary: &&Canary| {
            let Canary(digits) = canary;
            let parts = digits.as_bytes().windows(TELLING);
            parts.into_iter().any(|part| run.as_bytes().windows(TELLING).any(|it| it == part))
        };
        if run.len() >= TELLING
            && let Some(Canary(digits)) = self.canaries.iter().find(telling)
        {
            self.found.push(format!("{digits} in {run}"));
        }
    }
}

#[test]
fn six_digits_in_a_row_are_a_trace_wherever_they_stand() {
    let canary = [Canary("40718365")];
    let wide: Vec<u8> = "40718365".chars().flat_map(|it| u32::from(it).to_le_bytes()).collect();
    let mut far = vec![b'x'; 4093];
    far.extend(b"40718365\n");
    for bytes in [b"200 result=40718365\n".as_slice(), b"9071836", &wide, &far] {
        assert_eq!(in_bytes(bytes, &canary).len(), 1, "{}", bytes.escape_ascii());
    }
    assert_eq!(in_bytes(b"07183 65407 1836", &canary), Vec::<String>::new());
}
