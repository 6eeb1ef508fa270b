//! What letters say, and the operator's own words for it.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use dialgate_contract::Language;
use dialgate_contract::ledger::letter::LetterKind;
use dialgate_letter::{Wording, Words, example};
use jiff::tz::TimeZone;

use super::MailError;
use crate::error::Error;
use crate::report::{Preview, Report, WrittenTemplates};
use crate::site::Site;

/// For all to read: the user who composes letters is one of them.
const FOLDER: u32 = 0o755;
const FILE: u32 = 0o644;

pub(super) fn preview(
    kind: LetterKind,
    language: Language,
    is_html: bool,
    site: &Site,
) -> Result<Report, Error> {
    let Some(letter) = example(kind, language, site.now) else { return Ok(Report::Printed) };
    let zone = TimeZone::system();
    let (Wording { subject, plain, html }, fault) =
        Wording::of(&letter, &zone, super::templates(site).as_ref());
    if let Some(fault) = fault {
        return Err(MailError::Fault(fault).into());
    }
    let words = Words::of(&letter, &zone);
    let words = words.values().into_keys().map(|word| format!("{{{word}}}")).collect();
    let plain = plain.replace("\r\n", "\n");
    let html = html.map(|html| html.replace("\r\n", "\n"));
    Ok(Report::Preview(Box::new(Preview { kind, subject, plain, html, words, is_html })))
}

/// Writes what letters say into files that can be changed.
pub(super) fn write(
    folder: &Path,
    kind: Option<LetterKind>,
    language: Option<Language>,
    site: &Site,
) -> Result<Report, Error> {
    // The configuration wants it so.
    let folder = std::path::absolute(folder).map_err(Error::io("finding", folder))?;
    let mut files = Vec::new();
    let wanted = LetterKind::ALL.iter().filter(|it| kind.is_none_or(|kind| **it == kind));
    for kind in wanted {
        let written_in = Language::ALL.iter().filter(|it| {
            let is_written = kind.is_for_travellers() || **it == Language::En;
            is_written && language.is_none_or(|language| **it == language)
        });
        for language in written_in {
            files.extend(letter_files(*kind, *language, site));
        }
    }
    if let Some((name, _)) =
        files.iter().find(|(name, _)| folder.join(name).symlink_metadata().is_ok())
    {
        return Err(MailError::Exists(folder.join(name)).into());
    }
    make_folder(&folder)?;
    for (name, text) in &files {
        let path = folder.join(name);
        make_file(&path, text).map_err(Error::io("writing", &path))?;
    }
    let is_configured = site.config.mail.templates == folder;
    let files = files.into_iter().map(|(name, _)| name).collect();
    Ok(Report::WrittenTemplates(WrittenTemplates { folder, files, is_configured }))
}

/// Names and contents.
fn letter_files(kind: LetterKind, language: Language, site: &Site) -> Vec<(String, String)> {
    let Some(letter) = example(kind, language, site.now) else { return Vec::new() };
    let words = Words::of(&letter, &TimeZone::UTC).as_template();
    [("subject", format!("{}\n", words.subject())), ("txt", words.plain()), ("html", words.html())]
        .into_iter()
        .map(|(ending, text)| (format!("{kind}.{language}.{ending}"), text.replace("\r\n", "\n")))
        .collect()
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // Whatever the umask is.
        Ok(()) => fs::set_permissions(folder, Permissions::from_mode(FOLDER))
            .map_err(Error::io("making", folder)),
        Err(error) => Err(Error::io("making", folder)(error)),
    }
}

fn make_file(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE))?;
    file.write_all(text.as_bytes())
}
