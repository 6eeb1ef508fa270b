//! The folder with the operator's own letters.

mod file;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use dialgate_contract::ledger::letter::LetterKind;
use dialgate_contract::{Language, SystemUser};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::template::{Form, Template, TemplateError};
use crate::{Wording, Words, example};

/// So many files are looked at by [`Templates::faults`].
const MOST: usize = 1_000;

/// A folder with letters in the operator's own words: `KIND.LANGUAGE.subject`, `.txt` and `.html`.
#[derive(Debug, Clone)]
pub struct Templates {
    folder: PathBuf,
    /// Whose folder and files must be, besides root's.
    owner: u32,
}

/// The operator's own words for a kind of letter in a language.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) subject: Option<Template>,
    pub(crate) plain: Option<Template>,
    pub(crate) html: Option<Template>,
}

/// What is wrong with the folder or a file in it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct Fault {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub kind: FaultKind,
}

/// What can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum FaultKind {
    /// The system refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A link, a pipe or the like.
    #[error("it must be a {0} itself, not a link or anything else")]
    Foreign(&'static str),
    /// Others could write letters in the operator's name.
    #[error("it must be root's and nobody else's to write: chown root:root, and chmod go-w")]
    Writable,
    /// Letters are composed by a user with no rights.
    #[error("the user {0} may not read it: chmod go+rX")]
    Unreadable(String),
    /// A wrong file.
    #[error("it is longer than {} KiB", file::LONGEST / 1024)]
    TooLong,
    /// In another encoding.
    #[error("it is not UTF-8 text")]
    NotText,
    /// A file that no letter is made of.
    #[error(
        "no letter has this name: it is KIND.LANGUAGE.subject, .txt or .html, with a kind out of {0}"
    )]
    Name(String),
    /// HTML alone, which not everybody reads.
    #[error("there must be a {0} beside it, for those who read plain text")]
    Alone(String),
    /// What it says.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// With what it is about, it is longer than any letter may be.
    #[error("the letter would be too long")]
    Grown,
    /// Nothing but invisible characters.
    #[error("the subject would be empty: write it into the first line")]
    NoSubject,
}

impl Templates {
    /// Those in a folder that is root's or `owner`'s; `None` where the folder has no name.
    #[must_use]
    pub fn new(folder: &Path, owner: u32) -> Option<Self> {
        (!folder.as_os_str().is_empty()).then(|| Self { folder: folder.to_owned(), owner })
    }

    /// The words for a kind of letter in a language.
    pub(crate) fn own(&self, kind: LetterKind, language: Language) -> Result<Own, Fault> {
        file::check_folder(&self.folder, self.owner)
            .map_err(|kind| Fault { path: self.folder.clone(), kind })?;
        let known = known(kind, language);
        let read = |ending: &str, form: Form| {
            let path = self.path(kind, language, ending);
            let template = file::read(&path, self.owner).and_then(|text| {
                Ok(text.map(|text| Template::parse(&text, form, &known)).transpose()?)
            });
            template.map_err(|kind| Fault { path, kind })
        };
        let own = Own {
            subject: read("subject", Form::Plain)?,
            plain: read("txt", Form::Plain)?,
            html: read("html", Form::Html)?,
        };
        if own.html.is_some() && own.plain.is_none() {
            let beside = format!("{kind}.{language}.txt");
            let path = self.path(kind, language, "html");
            return Err(Fault { path, kind: FaultKind::Alone(beside) });
        }
        Ok(own)
    }

    pub(crate) fn path(&self, kind: LetterKind, language: Language, ending: &str) -> PathBuf {
        self.folder.join(format!("{kind}.{language}.{ending}"))
    }

    /// How many letters there are in the folder, and all that is wrong with them and with what else there is. `reader`
    /// is who composes letters. Hidden files and what editors leave behind do not count.
    #[must_use]
    pub fn faults(&self, reader: Option<&SystemUser>) -> (usize, Vec<Fault>) {
        let at = |path: &Path, kind: FaultKind| Fault { path: path.to_owned(), kind };
        let names = match file::check_folder(&self.folder, self.owner)
            .and_then(|()| file::check_reader(&self.folder, reader))
            .and_then(|()| Ok(file::names(&self.folder, MOST)?))
        {
            Ok(names) => names,
            Err(kind) => return (0, vec![at(&self.folder, kind)]),
        };
        let (mut letters, mut faults) = (BTreeSet::new(), Vec::new());
        for name in names {
            let path = self.folder.join(&name);
            match letter(&name) {
                Some(letter) => {
                    letters.insert(letter);
                    faults.extend(
                        file::check_reader(&path, reader).err().map(|kind| at(&path, kind)),
                    );
                }
                None => {
                    let kinds = LetterKind::ALL.iter().map(|kind| kind.as_str());
                    let kinds = kinds.collect::<Vec<_>>().join(", ");
                    faults.push(at(&path, FaultKind::Name(kinds)));
                }
            }
        }
        faults.extend(letters.iter().filter_map(|(kind, language)| {
            let letter = example(*kind, *language, Timestamp::UNIX_EPOCH)?;
            Wording::of(&letter, &TimeZone::UTC, Some(self)).1
        }));
        (letters.len(), faults)
    }
}

/// What a file with this name is part of.
fn letter(name: &str) -> Option<(LetterKind, Language)> {
    let mut parts = name.split('.');
    let (kind, language, ending) = (parts.next()?, parts.next()?, parts.next()?);
    let (kind, language): (LetterKind, Language) = (kind.parse().ok()?, language.parse().ok()?);
    let is_read = kind.is_for_travellers() || language == Language::En;
    let is_form = matches!(ending, "subject" | "txt" | "html") && parts.next().is_none();
    (is_read && is_form).then_some((kind, language))
}

/// The words in braces that a kind of letter has: those of a letter with everything in it.
fn known(kind: LetterKind, language: Language) -> BTreeSet<&'static str> {
    let letter = example(kind, language, Timestamp::UNIX_EPOCH);
    let values = letter.map(|letter| Words::of(&letter, &TimeZone::UTC));
    values.map(|words| words.values().into_keys().collect()).unwrap_or_default()
}
