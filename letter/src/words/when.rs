//! Times as each language writes them.

use dialgate_contract::Language;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Such as `Friday, 20 November 2026, 18:05 (Europe/Paris)`.
pub(super) fn spoken(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let at = at.to_zoned(zone.clone());
    let zone = match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => format!("UTC{}", at.strftime("%:z")),
    };
    let (weekday, month) = (language.weekday(at.weekday()), language.month(at.date()));
    let (day, year) = (at.day(), at.year());
    let time = at.strftime("%H:%M");
    let when = match language {
        Language::En => format!("{weekday}, {day} {month} {year}, {time}"),
        Language::Es => format!("{weekday}, {day} de {month} de {year}, {time}"),
        Language::Fr => {
            let day = if day == 1 { "1er".to_owned() } else { day.to_string() };
            format!("{weekday} {day} {month} {year} à {}", at.strftime("%-H h %M"))
        }
        Language::De => format!("{weekday}, {day}. {month} {year}, {time} Uhr"),
    };
    format!("{when} ({zone})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_own_order_and_words() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let spoken_at = |text, language| spoken(at(text), &paris, language);
        for (language, expected) in [
            (Language::En, "Friday, 20 November 2026, 08:05 (Europe/Paris)"),
            (Language::Es, "viernes, 20 de noviembre de 2026, 08:05 (Europe/Paris)"),
            (Language::Fr, "vendredi 20 novembre 2026 à 8 h 05 (Europe/Paris)"),
            (Language::De, "Freitag, 20. November 2026, 08:05 Uhr (Europe/Paris)"),
        ] {
            assert_eq!(spoken_at("2026-11-20T07:05:00Z", language), expected);
        }
        let first = spoken_at("2026-08-01T07:05:00Z", Language::Fr);
        assert_eq!(first, "samedi 1er août 2026 à 9 h 05 (Europe/Paris)");
    }

    #[test]
    fn a_zone_without_a_name_is_told_by_its_offset() {
        let fixed = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(
            spoken(Timestamp::UNIX_EPOCH, &fixed, Language::En),
            "Wednesday, 31 December 1969, 19:00 (UTC-05:00)"
        );
    }
}
