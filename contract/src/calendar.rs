//! The names of days and months, which jiff has in English alone.

use jiff::civil::{Date, Weekday};

use crate::Language;

/// From Monday on.
const DAYS: [[&str; 7]; 4] = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
];

#[rustfmt::skip]
const MONTHS: [[&str; 12]; 4] = [
    ["January", "February", "March", "April", "May", "June",
     "July", "August", "September", "October", "November", "December"],
    ["enero", "febrero", "marzo", "abril", "mayo", "junio",
     "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    ["janvier", "février", "mars", "avril", "mai", "juin",
     "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    ["Januar", "Februar", "März", "April", "Mai", "Juni",
     "Juli", "August", "September", "Oktober", "November", "Dezember"],
];

impl Language {
    /// The name of a day of the week, as in the middle of a sentence.
    #[must_use]
    pub fn weekday(self, day: Weekday) -> &'static str {
        named(&DAYS, self, day.to_monday_zero_offset())
    }

    /// The name of the month of `date`, as in the middle of a sentence.
    #[must_use]
    pub fn month(self, date: Date) -> &'static str {
        named(&MONTHS, self, date.month() - 1)
    }
}

fn named<const N: usize>(
    names: &[[&'static str; N]; 4],
    language: Language,
    index: i8,
) -> &'static str {
    let [en, es, fr, de] = names;
    let names = match language {
        Language::En => en,
        Language::Es => es,
        Language::Fr => fr,
        Language::De => de,
    };
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_day_and_month_has_its_name() {
        let named = |language: Language, date: Date| {
            format!("{} {}", language.weekday(date.weekday()), language.month(date))
        };
        assert_eq!(named(Language::En, date(2026, 11, 20)), "Friday November");
        assert_eq!(named(Language::Es, date(2026, 1, 7)), "miércoles enero");
        assert_eq!(named(Language::Fr, date(2026, 8, 16)), "dimanche août");
        assert_eq!(named(Language::De, date(2026, 12, 28)), "Montag Dezember");
        for date in date(2026, 1, 1).series(jiff::Span::new().days(1)).take(365) {
            let jiffs = date.strftime("%A %B").to_string();
            assert_eq!(named(Language::En, date), jiffs);
        }
    }
}
