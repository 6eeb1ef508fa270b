use std::collections::BTreeMap;

use serde::Deserialize;

/// The words of the recordings, by their name under `dialgate/`.
pub(crate) struct Prompts(BTreeMap<String, String>);

/// The list of prompts that was built in cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("sounds/prompts.toml, as built in: {0}")]
pub(crate) struct PromptsError(#[from] toml::de::Error);

#[derive(Deserialize)]
struct File {
    en: BTreeMap<String, String>,
}

impl Prompts {
    /// The list that the recordings are made from, in English.
    pub(crate) fn built_in() -> Result<Self, PromptsError> {
        let file: File = toml::from_str(include_str!("../../../sounds/prompts.toml"))?;
        Ok(Prompts(file.en))
    }

    /// What the recording `file` says; its name in brackets when that is not known.
    pub(crate) fn words(&self, file: &str) -> String {
        let words = file.strip_prefix("dialgate/").and_then(|name| self.0.get(name));
        words.cloned().unwrap_or_else(|| format!("[{file}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_recording_are_found_by_its_name() {
        let prompts = Prompts::built_in().unwrap();
        assert!(prompts.words("dialgate/enter-pin").contains("PIN"));
        assert_eq!(prompts.words("beep"), "[beep]");
        assert_eq!(prompts.words("dialgate/no-such"), "[dialgate/no-such]");
    }
}
