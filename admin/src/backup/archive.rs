//! A backup as a file: a tar archive of plain files with known names, each once and in order. Nothing else is taken
//! from one, and nothing of it says where anything is put.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tar::{Archive, Builder, EntryType, Header};

use super::error::BackupError;
use super::manifest::{Manifest, Sum};
use super::{CONFIG, LEDGER, MANIFEST, PEPPER};
use crate::error::Error;

/// What is in a backup besides the manifest, and how long it is at most.
const FILES: [(&str, u64); 3] = [(LEDGER, 4 << 30), (PEPPER, 4 << 10), (CONFIG, 1 << 20)];
const LONGEST_MANIFEST: u64 = 64 << 10;

/// Writes what is in `folder` under the known names.
pub(super) fn write(
    folder: &Path,
    made_at: jiff::Timestamp,
    to: impl Write,
) -> io::Result<Manifest> {
    let mut sums = std::collections::BTreeMap::new();
    for (name, _) in FILES {
        sums.insert(name.to_owned(), Sum::of(File::open(folder.join(name))?)?);
    }
    let manifest = Manifest::new(made_at, sums);
    let text = serde_json::to_vec_pretty(&manifest)?;
    let mut archive = Builder::new(to);
    append(&mut archive, MANIFEST, text.len() as u64, made_at, &*text)?;
    for (name, sum) in &manifest.files {
        // Only as much as was summed, whoever writes to it.
        let file = File::open(folder.join(name))?.take(sum.size);
        append(&mut archive, name, sum.size, made_at, file)?;
    }
    archive.into_inner()?.flush()?;
    Ok(manifest)
}

fn append(
    archive: &mut Builder<impl Write>,
    name: &str,
    size: u64,
    made_at: jiff::Timestamp,
    content: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_mode(0o600);
    header.set_size(size);
    header.set_mtime(u64::try_from(made_at.as_second()).unwrap_or_default());
    header.set_cksum();
    archive.append(&header, content)
}

/// Reads a backup: its files are put into `folder`, under names of ours, once all of them are found to be what the
/// manifest says.
pub(super) fn read(from: impl Read, folder: &Path) -> Result<Manifest, Error> {
    let mut archive = Archive::new(from);
    // Raw: nothing is read as an order to take other names or sizes for what follows.
    let entries = archive.entries().map_err(foreign)?.raw(true);
    let mut manifest: Option<Manifest> = None;
    for entry in entries {
        let mut entry = entry.map_err(|error| match &manifest {
            None => foreign(error),
            Some(_) => damaged(error),
        })?;
        let name = name(entry.header(), manifest.is_some())?;
        let Some(manifest) = &manifest else {
            let mut text = Vec::new();
            let size = bounded(entry.header(), LONGEST_MANIFEST)?;
            (&mut entry).take(size).read_to_end(&mut text).map_err(damaged)?;
            manifest = Some(Manifest::read(&text)?);
            continue;
        };
        let longest = FILES.iter().find(|(known, _)| *known == name).map(|(_, longest)| *longest);
        let Some(longest) = longest else { return Err(stray(&name)) };
        let size = bounded(entry.header(), longest)?;
        let path = folder.join(&name);
        if path.exists() {
            return Err(damaged(format!("{name} is in it twice")));
        }
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&path).map_err(Error::io("making", &path))?;
        io::copy(&mut (&mut entry).take(size), &mut file).map_err(damaged)?;
        let sum = Sum::of(File::open(&path).map_err(Error::io("reading", &path))?);
        if manifest.files.get(&name) != Some(&sum.map_err(Error::io("reading", &path))?) {
            return Err(damaged(format!("{name} is not what was put into it")));
        }
    }
    let manifest = manifest.ok_or_else(|| foreign("it is empty"))?;
    match FILES.iter().find(|(name, _)| !folder.join(name).exists()) {
        None => Ok(manifest),
        Some((name, _)) => Err(damaged(format!("{name} is not in it, or not all of it"))),
    }
}

/// The name of a plain file.
fn name(header: &Header, is_ours: bool) -> Result<String, Error> {
    let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
    if !is_ours && name != MANIFEST {
        return Err(foreign(format!("it does not begin with {MANIFEST}")));
    }
    if header.entry_type() != EntryType::Regular || header.as_ustar().is_none() {
        return Err(stray(&name));
    }
    Ok(name)
}

fn bounded(header: &Header, longest: u64) -> Result<u64, Error> {
    let size = header.entry_size().map_err(damaged)?;
    if size > longest {
        return Err(damaged(format!("a file of {size} bytes is in it")));
    }
    Ok(size)
}

fn stray(name: &str) -> Error {
    let name: String = name.chars().take(60).collect();
    damaged(format!("{name:?} is in it, which is none of its files"))
}

fn damaged(problem: impl ToString) -> Error {
    BackupError::Damaged(problem.to_string()).into()
}

fn foreign(problem: impl ToString) -> Error {
    BackupError::Foreign(problem.to_string()).into()
}
