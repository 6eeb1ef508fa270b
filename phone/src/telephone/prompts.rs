use std::collections::BTreeMap;

use dialgate_contract::Language;
use serde::Deserialize;

/// The words of the recordings in each language, by their name under `dialgate/`.
#[derive(Deserialize)]
pub(crate) struct Prompts {
    en: BTreeMap<String, String>,
    es: BTreeMap<String, String>,
    fr: BTreeMap<String, String>,
    de: BTreeMap<String, String>,
}

/// The list of prompts that was built in cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("sounds/prompts.toml, as built in: {0}")]
pub(crate) struct PromptsError(#[from] toml::de::Error);

impl Prompts {
    /// The list that the recordings are made from.
    pub(crate) fn built_in() -> Result<Self, PromptsError> {
        Ok(toml::from_str(include_str!("../../../sounds/prompts.toml"))?)
    }

    /// What the recording `file` says; its name in brackets when that is not known.
    pub(crate) fn words(&self, file: &str, language: Language) -> String {
        let prompts = match language {
            Language::En => &self.en,
            Language::Es => &self.es,
            Language::Fr => &self.fr,
            Language::De => &self.de,
        };
        let ours = file.strip_prefix("dialgate/").and_then(|name| prompts.get(name));
        let words = ours.map(String::as_str).or_else(|| core(file, language));
        words.map_or_else(|| format!("[{file}]"), str::to_owned)
    }
}

/// What a recording of Asterisk's own says, of those that are asked for by name.
fn core(file: &str, language: Language) -> Option<&'static str> {
    let [en, es, fr, de] = match file.strip_prefix("digits/")? {
        "today" => ["today", "hoy", "aujourd'hui", "heute"],
        "tomorrow" => ["tomorrow", "mañana", "demain", "morgen"],
        "at" => ["at", "a las", "à", "um"],
        "at_s" => ["at", "a la", "à", "um"],
        "es-el" => ["the", "el", "le", "der"],
        "es-de" => ["of", "de", "de", "von"],
        "and" | "et" => ["and", "y", "et", "und"],
        "oclock" => ["o'clock", "en punto", "heure", "Uhr"],
        "1F" => ["one", "una", "une", "eine"],
        "1M" => ["one", "un", "un", "ein"],
        "20-and" => ["twenty", "veinti", "vingt et", "zwanzig"],
        "20" => ["20"; 4],
        "30" => ["30"; 4],
        "40" => ["40"; 4],
        "50" => ["50"; 4],
        _ => return None,
    };
    Some(match language {
        Language::En => en,
        Language::Es => es,
        Language::Fr => fr,
        Language::De => de,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_recording_are_found_by_its_name() {
        let prompts = Prompts::built_in().unwrap();
        assert!(prompts.words("dialgate/enter-pin", Language::En).contains("PIN"));
        assert_eq!(prompts.words("dialgate/goodbye", Language::De), "Auf Wiederhören.");
        assert_eq!(prompts.words("digits/tomorrow", Language::Es), "mañana");
        assert_eq!(prompts.words("beep", Language::En), "[beep]");
        assert_eq!(prompts.words("dialgate/no-such", Language::En), "[dialgate/no-such]");
    }
}
