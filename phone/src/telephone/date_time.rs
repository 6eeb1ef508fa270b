use dialgate_contract::Language;
use jiff::Zoned;

use super::prompts::Prompts;

/// A time in the words that Asterisk says it in for a format of `SAY DATETIME`; numbers in figures. Of the format's
/// letters, those that a server in these languages needs.
pub(crate) fn words(format: &str, at: &Zoned, prompts: &Prompts, language: Language) -> String {
    let mut said: Vec<String> = Vec::new();
    for (place, part) in format.split('\'').enumerate() {
        if place % 2 == 1 {
            said.push(prompts.words(part, language));
            continue;
        }
        for letter in part.chars() {
            match (letter, language) {
                // "12:41" is one word where no word for the hour is between.
                ('M', Language::En) => match said.last_mut() {
                    Some(hour) => *hour += &format!(":{:02}", at.minute()),
                    None => said.push(at.minute().to_string()),
                },
                (' ', _) => {}
                _ => said.extend(spoken(letter, at, language)),
            }
        }
    }
    said.join(" ")
}

fn spoken(letter: char, at: &Zoned, language: Language) -> Option<String> {
    Some(match letter {
        'A' => language.weekday(at.weekday()).to_owned(),
        'B' => language.month(at.date()).to_owned(),
        'd' => day(at, language),
        'I' => at.strftime("%-I").to_string(),
        'H' => match language {
            Language::En | Language::Es => at.hour().to_string(),
            Language::Fr if at.hour() < 2 => format!("{} heure", at.hour()),
            Language::Fr => format!("{} heures", at.hour()),
            Language::De => format!("{} Uhr", at.hour()),
        },
        'M' if at.minute() == 0 && language != Language::Es => return None,
        'M' => at.minute().to_string(),
        'p' => at.strftime("%P").to_string(),
        'Y' => at.year().to_string(),
        unknown => format!("[{unknown}]"),
    })
}

fn day(at: &Zoned, language: Language) -> String {
    match (language, at.day()) {
        (Language::De, day) => format!("{day}."),
        (Language::Fr, 1) => "1er".to_owned(),
        (Language::En | Language::Es | Language::Fr, day) => day.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(format: &str, language: Language, at: &str) -> String {
        let at: Zoned = format!("{at}[Europe/Paris]").parse().unwrap();
        words(format, &at, &Prompts::built_in().unwrap(), language)
    }

    #[test]
    fn each_language_reads_as_it_is_said() {
        for (language, format, at, words) in [
            (
                Language::En,
                "ABd 'digits/at' IMp",
                "2026-11-20T07:05",
                "Friday November 20 at 7:05 am",
            ),
            (
                Language::Es,
                "'digits/es-el' Ad 'digits/es-de' B 'digits/at' H 'digits/and' M",
                "2026-11-20T20:45",
                "el viernes 20 de noviembre a las 20 y 45",
            ),
            (
                Language::Fr,
                "AdB 'digits/at' H M",
                "2026-08-01T20:00",
                "samedi 1er août à 20 heures",
            ),
            (Language::De, "AdB HM", "2026-03-01T20:45", "Sonntag 1. März 20 Uhr 45"),
            (Language::De, "'digits/tomorrow' HM", "2026-03-01T01:00", "morgen 1 Uhr"),
            (
                Language::Es,
                "'digits/today' 'digits/at_s' 'digits/1F' 'digits/oclock'",
                "2026-03-01T01:00",
                "hoy a la una en punto",
            ),
        ] {
            assert_eq!(said(format, language, at), words);
        }
    }

    #[test]
    fn a_letter_that_is_not_known_is_shown() {
        assert_eq!(said("x", Language::En, "2026-03-01T01:00"), "[x]");
    }
}
