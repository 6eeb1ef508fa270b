//! `dialgate import`: the files of those who did this before.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use dialgate_contract::ServiceName;

use super::{Consent, Found, ImportError, carry_out, lines, tm3};
use crate::cli::{ImportCommand, ImportFile};
use crate::error::Error;
use crate::report::Report;
use crate::service;
use crate::site::Site;

/// A list of addresses that is longer is none.
const LONGEST: u64 = 1 << 20;
/// Accounts that are looked for in a folder.
const MOST_FILES: usize = 10_000;

pub(crate) fn run(command: ImportCommand, site: &Site) -> Result<Report, Error> {
    let private = site.config.firewall.allow_private;
    let (file, found) = match command {
        ImportCommand::Tm3(file) => {
            let found = travelin_man(&file, private, site)?;
            (file, found)
        }
        ImportCommand::AllowSites(file) => {
            let services = required(&file, "a list of sites", "sip,rtp", site)?;
            let found = lines::sites(&read(&file.path)?, &services, private);
            (file, found)
        }
        ImportCommand::FreepbxTrusted(file) => {
            let services =
                required(&file, "the zone trusted", "all, as FreePBX means it, or sip,rtp", site)?;
            let found = lines::freepbx(&read(&file.path)?, &services, private)
                .map_err(|problem| Error::from(ImportError::Foreign(problem)))?;
            (file, found)
        }
    };
    if found.is_empty() {
        return Err(ImportError::Nothing(file.path.display().to_string()).into());
    }
    carry_out(found, Consent { yes: file.yes, skip_bad: file.skip_bad }, site)
}

fn travelin_man(file: &ImportFile, private: bool, site: &Site) -> Result<Vec<Found>, Error> {
    if file.path.is_dir() {
        let services = required(file, "a folder of NAME.iptables files", "sip", site)?;
        return accounts(&file.path)?
            .iter()
            .map(|path| account(path, &services, private))
            .collect();
    }
    let text = read(&file.path)?;
    if tm3::is_rules(&text) {
        let mut found = tm3::rules(&text, private);
        if !file.services.is_empty() {
            let services = chosen(file, site)?;
            for entry in found.iter_mut().filter_map(|found| found.entry.as_mut().ok()) {
                entry.services.clone_from(&services);
            }
        }
        return Ok(found);
    }
    let what = "this is no file of iptables, and a NAME.iptables file";
    let services = required(file, what, "sip", site)?;
    Ok(vec![account(&file.path, &services, private)?])
}

fn account(path: &Path, services: &BTreeSet<ServiceName>, private: bool) -> Result<Found, Error> {
    let place = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(tm3::account(place, &name, &read(path)?, services, private))
}

fn accounts(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = Error::io("reading", folder);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries.take(MOST_FILES),
        Err(error) => return Err(failed(error)),
    };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|ext| ext == "iptables") && path.is_file())
        .collect();
    paths.sort();
    Ok(paths)
}

fn required(
    file: &ImportFile,
    what: &str,
    such_as: &'static str,
    site: &Site,
) -> Result<BTreeSet<ServiceName>, Error> {
    if file.services.is_empty() {
        return Err(ImportError::Services { what: what.to_owned(), such_as }.into());
    }
    chosen(file, site)
}

fn chosen(file: &ImportFile, site: &Site) -> Result<BTreeSet<ServiceName>, Error> {
    service::known(site.reader()?.connection(), file.services.clone())
}

/// The text of a file, or of standard input for `-`.
fn read(path: &Path) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(&bytes(path, LONGEST)?).into_owned())
}

/// A file that has so many bytes at most, or standard input for `-`.
pub(crate) fn bytes(path: &Path, longest: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        let input = std::io::stdin().take(longest + 1).read_to_end(&mut bytes);
        input.map_err(Error::io("reading", path))?;
    } else {
        let found = std::fs::metadata(path).map_err(Error::io("reading", path))?;
        if !found.is_file() {
            let path = path.display().to_string();
            return Err(ImportError::Unreadable { path, what: "not a plain file" }.into());
        }
        let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
        file.take(longest + 1).read_to_end(&mut bytes).map_err(Error::io("reading", path))?;
    }
    if bytes.len() as u64 > longest {
        let path = path.display().to_string();
        return Err(ImportError::Unreadable { path, what: "longer than any such list" }.into());
    }
    Ok(bytes)
}
