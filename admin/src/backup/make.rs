//! `dialgate backup`.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Read, Write, stdout};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use dialgate_contract::ledger::{account, whole};
use dialgate_pin::{Pepper, PepperError};
use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

use super::error::BackupError;
use super::manifest::Manifest;
use super::{CONFIG, LEDGER, MANIFEST, PEPPER, archive};
use crate::error::Error;
use crate::files;
use crate::report::{BackedUp, Report};
use crate::site::Site;

/// What a folder of ours is called, before some letters of its own.
const PREFIX: &str = ".backup-";

/// Writes a backup to a file, or to standard output for `-`.
pub(crate) fn run(file: &Path, config_file: &Path, site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    if file == Path::new("-") {
        if stdout().is_terminal() {
            return Err(BackupError::Terminal.into());
        }
        let folder = collect(reader.connection(), config_file, site)?;
        archive::write(folder.path(), site.now, stdout().lock()).map_err(Error::Print)?;
        return Ok(Report::Printed);
    }
    refuse_others(file)?;
    let folder = collect(reader.connection(), config_file, site)?;
    let manifest = write(file, folder.path(), site)?;
    let accounts = account::all(reader.connection())?.len();
    Ok(Report::BackedUp(BackedUp { file: file.to_owned(), accounts, manifest }))
}

/// Keeps what is there before something else is put in its place.
pub(super) fn keep(ledger: &Connection, config_file: &Path, site: &Site) -> Result<PathBuf, Error> {
    let time = site.now.strftime("%Y%m%dT%H%M%SZ");
    let file = site.config.data_dir.join(format!("before-restore-{time}.tar"));
    let folder = collect(ledger, config_file, site)?;
    write(&file, folder.path(), site)?;
    Ok(file)
}

/// A folder for root alone, that goes when it is dropped.
pub(super) fn folder(site: &Site) -> Result<TempDir, Error> {
    let data = &site.config.data_dir;
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(PREFIX).permissions(std::fs::Permissions::from_mode(0o700));
    if data.is_dir() {
        if !site.config.user.is_empty() {
            site.require_own_folder()?;
        }
        sweep(data, site.now);
        return builder.tempdir_in(data).map_err(Error::io("making a folder in", data));
    }
    let other = std::env::temp_dir();
    builder.tempdir_in(&other).map_err(Error::io("making a folder in", &other))
}

/// Takes away what one left that was killed: its folder holds secrets. None takes a day.
fn sweep(data: &Path, now: Timestamp) {
    let Ok(entries) = std::fs::read_dir(data) else { return };
    let old = now.as_second().saturating_sub(24 * 60 * 60);
    for entry in entries.flatten() {
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        if is_ours && entry.metadata().is_ok_and(|found| found.is_dir() && found.mtime() < old) {
            // The next one tries again.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Everything that a backup holds, all of one moment.
fn collect(ledger: &Connection, config_file: &Path, site: &Site) -> Result<TempDir, Error> {
    let pepper = Pepper::load(&site.config.pepper_file).map_err(|error| match error {
        PepperError::Read { path, source }
            if source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            Error::NotTheirs(path)
        }
        other @ (PepperError::Read { .. } | PepperError::Content { .. }) => other.into(),
    })?;
    let config = std::fs::read(config_file).map_err(Error::io("reading", config_file))?;
    let folder = folder(site)?;
    whole::copy(ledger, &folder.path().join(LEDGER))?;
    for (name, content) in [(PEPPER, pepper.to_file().as_bytes()), (CONFIG, &config)] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).map_err(Error::io("writing", &path))?;
    }
    Ok(folder)
}

/// A file that only its owner can read: whole, or not at all.
fn write(file: &Path, folder: &Path, site: &Site) -> Result<Manifest, Error> {
    let draft = files::draft_path(file);
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let mut to = options.open(&draft).map_err(Error::io("making", &draft))?;
    let written = archive::write(folder, site.now, &mut to)
        .and_then(|manifest| to.flush().and_then(|()| to.sync_all()).map(|()| manifest))
        .map_err(Error::io("writing", &draft))
        .and_then(|manifest| {
            std::fs::rename(&draft, file).map_err(Error::io("making", file))?;
            Ok(manifest)
        });
    if written.is_err() {
        // What went wrong first is what is told.
        let _ = std::fs::remove_file(&draft);
    }
    let manifest = written?;
    files::sync_folder_of(file)?;
    Ok(manifest)
}

/// Only an older backup is replaced.
fn refuse_others(file: &Path) -> Result<(), Error> {
    let Ok(found) = std::fs::symlink_metadata(file) else { return Ok(()) };
    let mut begin = vec![0; MANIFEST.len()];
    let is_backup = found.is_file()
        && File::open(file).and_then(|mut file| file.read_exact(&mut begin)).is_ok()
        && begin == MANIFEST.as_bytes();
    if is_backup { Ok(()) } else { Err(BackupError::There(file.to_owned()).into()) }
}
