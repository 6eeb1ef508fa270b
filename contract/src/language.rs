use crate::text_enum::text_enum;

text_enum! {
    /// A language that callers are spoken to in and letters are written in, by its ISO 639-1 code.
    pub enum Language ("language") {
        /// English.
        En = "en",
        /// Spanish.
        Es = "es",
        /// French.
        Fr = "fr",
        /// German.
        De = "de",
    }
}

impl Language {
    /// The language of a tag such as Asterisk gives a channel: `de`, `de_AT`, `en-GB`. English where the tag is of
    /// no language that is spoken here.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let code = tag.split(['_', '-']).next().unwrap_or_default().to_ascii_lowercase();
        code.parse().unwrap_or(Self::En)
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_regional_tag_is_of_its_language_and_an_unknown_one_is_english() {
        for (tag, language) in [
            ("de", Language::De),
            ("es_MX", Language::Es),
            ("FR-ca", Language::Fr),
            ("ja", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
    }
}
