//! What Asterisk can read from a file, and turn into what.

use std::collections::{BTreeMap, BTreeSet};

/// What telephones are spoken to in, where nothing better was agreed on.
const OF_TELEPHONES: [&str; 2] = ["ulaw", "alaw"];

/// The kinds of files that it plays.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Formats(BTreeMap<String, String>);

impl Formats {
    /// `core show file formats`: format, name and extensions, in columns (`main/file.c`).
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [format, _, extensions] = words.as_slice() else { return None };
            Some(
                extensions.split('|').map(|extension| (extension.to_owned(), (*format).to_owned())),
            )
        });
        Self(lines.flatten().collect())
    }

    /// The format of files with this extension.
    pub(super) fn of(&self, extension: &str) -> Option<&str> {
        self.0.get(extension).map(String::as_str)
    }
}

/// What it can turn into what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Translations(BTreeSet<(String, String)>);

impl Translations {
    /// `core show translation`: a row for each source and a column for each destination, with the time it takes, or
    /// a dash (`main/translate.c`).
    pub(super) fn parse(text: &str) -> Self {
        let mut lines = text.lines().skip_while(|line| !line.contains("Source Format")).skip(1);
        let header = lines.by_ref().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let columns: Vec<&str> = header.split_whitespace().collect();
        let mut ways = BTreeSet::new();
        for line in lines {
            let mut words = line.split_whitespace();
            let Some(from) = words.next() else { continue };
            for (to, time) in columns.iter().zip(words) {
                if time.parse::<u64>().is_ok() {
                    ways.insert((plain(from), plain(to)));
                }
            }
        }
        Self(ways)
    }

    /// Whether what is in this format can be heard by telephones.
    pub(super) fn reach_telephones(&self, format: &str) -> bool {
        let way = |to: &str| self.0.contains(&(format.to_owned(), to.to_owned()));
        OF_TELEPHONES.contains(&format) || OF_TELEPHONES.iter().any(|to| way(to))
    }
}

/// Samples at 8 kHz are called by their rate in this table alone.
fn plain(format: &str) -> String {
    if format == "slin8" { "slin" } else { format }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHOWN: &str = "         Translation times between formats (in microseconds) for one second of data\n          \
        Source Format (Rows) Destination Format (Columns)\n\n           ulaw   gsm slin8 slin16\n     \
        ulaw     - 15000  9000  17000\n      gsm 15000     -  9000  17000\n    slin8     -  6000     -   8000\n";

    #[test]
    fn what_can_be_played_to_telephones_is_read() {
        let translations = Translations::parse(SHOWN);
        for (format, reaches) in
            [("gsm", true), ("slin", false), ("ulaw", true), ("alaw", true), ("g722", false)]
        {
            assert_eq!(translations.reach_telephones(format), reaches, "{format}");
        }
    }

    #[test]
    fn extensions_are_read_with_their_formats() {
        let shown = "Format     Name       Extensions          \n------     ----       ----------          \n\
            slin       wav        wav                 \nulaw       pcm        pcm|ulaw|ul|mu|ulw  \n2 file formats registered.\n";
        let formats = Formats::parse(shown);
        assert_eq!(
            (formats.of("wav"), formats.of("ul"), formats.of("gsm")),
            (Some("slin"), Some("ulaw"), None)
        );
    }

    proptest! {
        #[test]
        fn whatever_asterisk_says_is_read_without_harm(text in any::<String>()) {
            Formats::parse(&text);
            Translations::parse(&format!("Source Format\n{text}"));
        }
    }
}
