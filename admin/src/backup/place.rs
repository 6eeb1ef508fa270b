//! The files beside the ledger, put in their places.

use std::io::ErrorKind;
use std::path::Path;

use dialgate_contract::config::Config;
use dialgate_pin::Pepper;

use super::error::BackupError;
use super::{LEDGER, compare};
use crate::error::Error;
use crate::files;
use crate::init::{Owners, TEMPLATE};

/// What becomes of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConfigFate {
    /// There is none, or one that nobody has written in.
    Placed,
    Same,
    /// The one that is here stays; where the other one differs.
    Kept(Vec<String>),
}

impl ConfigFate {
    pub(super) fn of(here: Option<&[u8]>, there: &[u8]) -> Self {
        match here {
            None => Self::Placed,
            Some(here) if here == there => Self::Same,
            Some(here) if here == TEMPLATE.as_bytes() => Self::Placed,
            Some(here) => Self::Kept(compare::keys(here, there)),
        }
    }
}

/// Refuses a configuration from elsewhere that would have files of others changed, or given to dialgate's user.
pub(super) fn refuse_elsewhere(config: &Config, config_file: &Path) -> Result<(), Error> {
    let Config { data_dir, pepper_file, .. } = config;
    let (usual, elsewhere) =
        (Config::default(), |path: &Path| Err(BackupError::Elsewhere(path.to_owned()).into()));
    if *data_dir != usual.data_dir && !is_ours(data_dir) {
        return elsewhere(data_dir);
    }
    let is_pepper = |file: &Path| file.is_file() && Pepper::load(file).is_ok();
    // A new file would be an order in some folders.
    let is_beside = pepper_file.parent() == config_file.parent();
    let is_free = is_beside && std::fs::symlink_metadata(pepper_file).is_err();
    if *pepper_file != usual.pepper_file && !is_free && !is_pepper(pepper_file) {
        return elsewhere(pepper_file);
    }
    Ok(())
}

/// A folder with a ledger, or with nothing in it, or none.
fn is_ours(folder: &Path) -> bool {
    if std::fs::symlink_metadata(folder).is_err() {
        return true;
    }
    let mut entries = std::fs::read_dir(folder).into_iter().flatten();
    folder.join(LEDGER).is_file() || (folder.is_dir() && entries.next().is_none())
}

/// Puts the configuration where there is none that somebody has written.
pub(super) fn config(path: &Path, text: &[u8], config: &Config) -> Result<(), Error> {
    let rights = Owners::of(config)?.shared(0o640);
    files::parent(path)?;
    files::replace(path, rights, text)
}

/// Removes the queue where there was no ledger with accounts: whoever has a request in it was let in by one that is lost,
/// with its verdict, and it would be decided again. `dialgate-agi` begins another one.
pub(super) fn forget_requests(config: &Config) -> Result<(), Error> {
    for suffix in ["", "-wal", "-shm"] {
        let mut path = config.queue_file().into_os_string();
        path.push(suffix);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("removing", Path::new(&path))(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Puts the pepper in the place of the one that is there.
pub(super) fn pepper(pepper: &Pepper, config: &Config) -> Result<(), Error> {
    let rights = Owners::of(config)?.shared(0o640);
    files::replace(&config.pepper_file, rights, pepper.to_file().as_bytes())
}

/// Keeps the pepper that another one takes the place of.
pub(super) fn pepper_before(pepper: &Pepper, config: &Config) -> Result<(), Error> {
    let rights = Owners::of(config)?.shared(0o640);
    let mut path = config.pepper_file.clone().into_os_string();
    path.push(".before-restore");
    files::replace(Path::new(&path), rights, pepper.to_file().as_bytes())
}

/// Whether that pepper is there already.
pub(super) fn is_same(pepper: &Pepper, config: &Config) -> bool {
    let here = Pepper::load(&config.pepper_file);
    here.is_ok_and(|here| *here.to_file() == *pepper.to_file())
}
