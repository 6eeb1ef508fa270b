use dialgate_contract::ledger::Letter;
use jiff::tz::TimeZone;

use crate::template::Template;
use crate::templates::{Fault, FaultKind, Templates};
use crate::{Words, clean};

/// The longest subject of the operator's own, in characters.
const LONGEST_SUBJECT: usize = 150;

/// A letter as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// One line, with nothing invisible in it.
    pub subject: String,
    /// Plain text, with CR and LF.
    pub plain: String,
    /// The same as HTML; `None` where the operator's own words have none.
    pub html: Option<String>,
}

impl Wording {
    /// Puts a letter into words, the operator's own where there are some and nothing is wrong with them; otherwise it
    /// comes with what is wrong. `machine` is the zone of this machine.
    #[must_use]
    pub fn of(
        letter: &Letter,
        machine: &TimeZone,
        templates: Option<&Templates>,
    ) -> (Self, Option<Fault>) {
        let words = Words::of(letter, machine);
        match templates.map(|templates| own(letter, &words, templates)) {
            None => (Self::ours(&words), None),
            Some(Ok(own)) => (own, None),
            Some(Err(fault)) => (Self::ours(&words), Some(fault)),
        }
    }

    fn ours(words: &Words) -> Self {
        Self { subject: words.subject().to_owned(), plain: words.plain(), html: Some(words.html()) }
    }
}

fn own(letter: &Letter, words: &Words, templates: &Templates) -> Result<Wording, Fault> {
    let (kind, language) = (letter.kind(), words.language);
    let own = templates.own(kind, language)?;
    let values = words.values();
    let at =
        |ending, kind_of| Fault { path: templates.path(kind, language, ending), kind: kind_of };
    let filled = |template: &Template, ending| {
        template.filled(&values).ok_or_else(|| at(ending, FaultKind::Grown))
    };
    let mut wording = Wording::ours(words);
    if let Some(subject) = &own.subject {
        let text = filled(subject, "subject")?;
        wording.subject = clean(text.lines().next().unwrap_or_default(), LONGEST_SUBJECT);
        if wording.subject.is_empty() {
            return Err(at("subject", FaultKind::NoSubject));
        }
    }
    if let Some(plain) = &own.plain {
        wording.plain = filled(plain, "txt")?;
        wording.html = own.html.as_ref().map(|html| filled(html, "html")).transpose()?;
    }
    Ok(wording)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use dialgate_contract::Language;
    use dialgate_contract::ledger::letter::LetterKind;
    use jiff::Timestamp;
    use rustix::process::getuid;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn fixture(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates").join(name)
    }

    /// A copy of a fixture that nobody else may write, whatever the umask was when the tree was fetched.
    fn folder(fixture_name: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(fixture(fixture_name)).unwrap() {
            let from = entry.unwrap().path();
            if from.file_name().unwrap() != "expected" {
                let to = folder.path().join(from.file_name().unwrap());
                fs::write(&to, fs::read(&from).unwrap()).unwrap();
                fs::set_permissions(&to, Permissions::from_mode(0o644)).unwrap();
            }
        }
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        folder
    }

    fn templates(folder: &Path) -> Templates {
        Templates::new(folder, getuid().as_raw()).unwrap()
    }

    fn worded(folder: &Path, kind: LetterKind) -> (Wording, Option<String>) {
        let letter = example(kind, Language::De, Timestamp::UNIX_EPOCH).unwrap();
        let (wording, fault) = Wording::of(&letter, &TimeZone::UTC, Some(&templates(folder)));
        (wording, fault.map(|fault| fault.to_string()))
    }

    /// What each folder of `tests/templates` makes of a reminder in German: the letter, or what is wrong.
    #[test]
    fn each_folder_makes_the_letter_or_the_complaint_that_it_expects() {
        let mut wrong = Vec::new();
        let mut seen = 0;
        for entry in fs::read_dir(fixture("")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let folder = folder(&name);
            let (wording, fault) = worded(folder.path(), LetterKind::Reminder);
            let ours = Wording::of(
                &example(LetterKind::Reminder, Language::De, Timestamp::UNIX_EPOCH).unwrap(),
                &TimeZone::UTC,
                None,
            );
            let (found, faults) = templates(folder.path()).faults(None);
            let said = match fault {
                Some(fault) => {
                    assert_eq!(wording, ours.0, "{name}");
                    assert_eq!(faults.len(), 1, "{name}: {faults:?}");
                    fault.replace(&format!("{}/", folder.path().display()), "") + "\n"
                }
                None => {
                    assert!(faults.is_empty() && found > 0, "{name}: {faults:?}");
                    let html = match &wording.html {
                        html if *html == ours.0.html => "the HTML that dialgate comes with\n",
                        Some(html) => html,
                        None => "no HTML\n",
                    };
                    let said = format!("Subject: {}\n\n{}\n{html}", wording.subject, wording.plain);
                    said.replace("\r\n", "\n")
                }
            };
            let expected = fs::read_to_string(fixture(&name).join("expected")).unwrap_or_default();
            if said != expected {
                wrong.push(format!("=== {name}/expected should be:\n{said}"));
            }
            seen += 1;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(seen >= 5, "{seen}");
    }

    #[test]
    fn files_that_others_could_have_written_are_not_believed() {
        let folder = folder("whole");
        let file = folder.path().join("reminder.de.txt");
        let fault = || worded(folder.path(), LetterKind::Reminder).1;
        assert_eq!(fault(), None);
        for (path, mode) in [(&*file, 0o646), (&*file, 0o664), (folder.path(), 0o777)] {
            let before = fs::metadata(path).unwrap().permissions();
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
            assert!(fault().unwrap().contains("nobody else's to write"), "{path:?}");
            fs::set_permissions(path, before).unwrap();
        }
        let other = Templates::new(folder.path(), getuid().as_raw() + 1).unwrap();
        let letter = example(LetterKind::Reminder, Language::De, Timestamp::UNIX_EPOCH).unwrap();
        let fault_of_other = Wording::of(&letter, &TimeZone::UTC, Some(&other)).1;
        assert_eq!(fault_of_other.is_some(), !getuid().is_root());

        fs::remove_file(&file).unwrap();
        symlink("/etc/passwd", &file).unwrap();
        assert!(fault().unwrap().contains("not a link"), "{:?}", fault());
        fs::remove_file(&file).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::RUSR).unwrap();
        assert!(fault().unwrap().contains("must be a file"), "{:?}", fault());
        fs::remove_file(&file).unwrap();
        fs::write(&file, "x".repeat(64 * 1024 + 1)).unwrap();
        assert!(fault().unwrap().contains("longer than 64 KiB"), "{:?}", fault());
        fs::write(&file, b"\xff").unwrap();
        assert!(fault().unwrap().contains("not UTF-8"), "{:?}", fault());
        let missing = worded(Path::new("/nonexistent/letters"), LetterKind::Test);
        assert!(missing.1.unwrap().contains("/nonexistent/letters"));
    }

    #[test]
    fn files_that_the_composer_may_not_read_and_names_that_no_letter_has_are_told() {
        let folder = folder("whole");
        fs::set_permissions(folder.path().join("reminder.de.txt"), Permissions::from_mode(0o600))
            .unwrap();
        fs::write(folder.path().join("remindre.de.txt"), "x").unwrap();
        fs::write(folder.path().join("test.de.txt"), "x").unwrap();
        fs::write(folder.path().join("reminder.de.txt~"), "x").unwrap();
        let user =
            dialgate_contract::SystemUser { name: "mailer".to_owned(), uid: 54_321, gid: 54_321 };
        let (letters, faults) = templates(folder.path()).faults(Some(&user));
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!((letters, faults.len()), (1, 3), "{faults:?}");
        assert!(faults[0].contains("the user mailer may not read it"), "{faults:?}");
        assert!(faults[1].contains("remindre.de.txt: no letter has this name"), "{faults:?}");
    }

    /// What is written out to be changed says the same as before, but for where lines are empty.
    #[test]
    fn what_we_come_with_is_a_template_that_says_the_same() {
        for kind in LetterKind::ALL {
            let folder = tempfile::tempdir().unwrap();
            let letter = example(*kind, Language::En, Timestamp::UNIX_EPOCH).unwrap();
            let words = Words::of(&letter, &TimeZone::UTC).as_template();
            for (ending, text) in [
                ("subject", words.subject().to_owned()),
                ("txt", words.plain()),
                ("html", words.html()),
            ] {
                fs::write(folder.path().join(format!("{kind}.en.{ending}")), text).unwrap();
            }
            let (own, fault) =
                Wording::of(&letter, &TimeZone::UTC, Some(&templates(folder.path())));
            assert!(fault.is_none(), "{fault:?}");
            assert_eq!(own, Wording::of(&letter, &TimeZone::UTC, None).0);
        }
    }
}
