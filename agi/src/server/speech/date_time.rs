//! A date and time as a format of `SAY DATETIME`: letters as in `voicemail.conf`, recordings in quotes. What each letter
//! says in each language is in Asterisk's `say.c` (`ast_say_date_with_format_es` and so on).

use dialgate_contract::Language;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// Nothing is said to be today or tomorrow that is not when the caller has heard it.
const LONG_ENOUGH_TO_SAY: SignedDuration = SignedDuration::from_mins(2);

/// How a time is said, and in which time zone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DateTime {
    pub(super) format: String,
    /// An IANA name; empty for Asterisk's own.
    pub(super) time_zone: String,
}

impl DateTime {
    /// Said at `now`, of `at`. An empty zone is this machine's.
    pub(super) fn new(at: Timestamp, time_zone: &str, language: Language, now: Timestamp) -> Self {
        let zone = match time_zone {
            "" => Some(TimeZone::system()).filter(|zone| !zone.is_unknown()),
            name => TimeZone::get(name).ok(),
        };
        let known = zone.filter(|zone| zone.iana_name().is_some());
        let name = known.as_ref().and_then(TimeZone::iana_name).unwrap_or(time_zone).to_owned();
        let local = known.map(|zone| (at.to_zoned(zone.clone()), now.to_zoned(zone)));
        let day = local.as_ref().and_then(|(at, now)| near(at, now));
        let day = day.unwrap_or_else(|| far(language));
        let time = match local {
            Some((at, _)) => time(language, at.hour(), at.minute()),
            None => any_time(language).to_owned(),
        };
        Self { format: format!("{day} {time}"), time_zone: name }
    }
}

/// Today or tomorrow. Asterisk's own `Q` says "today" of any day to come, but for English.
fn near(at: &Zoned, now: &Zoned) -> Option<&'static str> {
    let heard = now.checked_add(LONG_ENOUGH_TO_SAY).ok()?;
    if heard.date() != now.date() {
        return None;
    }
    if at.date() == now.date() {
        return Some("'digits/today'");
    }
    (at.date() == now.date().tomorrow().ok()?).then_some("'digits/tomorrow'")
}

/// Such as "Friday November twentieth".
fn far(language: Language) -> &'static str {
    match language {
        Language::En => "ABd",
        Language::Es => "'digits/es-el' Ad 'digits/es-de' B",
        Language::Fr | Language::De => "AdB",
    }
}

/// Such as "at ten fifteen p m", whenever that is.
fn any_time(language: Language) -> &'static str {
    match language {
        Language::En => "'digits/at' IMp",
        Language::Es => "'digits/at' H 'digits/and' M",
        Language::Fr => "'digits/at' HM",
        Language::De => "HM",
    }
}

/// The same, with the gender that `H` and `M` do not know: "a la una", "à vingt et une heures".
fn time(language: Language, hour: i8, minute: i8) -> String {
    match language {
        Language::En | Language::De => any_time(language).to_owned(),
        Language::Es => {
            let hour = match hour {
                1 => "'digits/at_s' 'digits/1F'",
                21 => "'digits/at' 'digits/20-and' 'digits/1F'",
                _ => "'digits/at' H",
            };
            // "En punto", for `M` would say "cero".
            format!("{hour} {}", if minute == 0 { "'digits/oclock'" } else { "'digits/and' M" })
        }
        Language::Fr => {
            let hour = french_with_one(hour).map(|hour| hour + " 'digits/oclock'");
            let (hour, minute) = (hour.unwrap_or("H".into()), french_with_one(minute));
            format!("'digits/at' {hour} {}", minute.unwrap_or("M".into()))
        }
    }
}

/// "Une", "vingt et une", "trente et une": those that are feminine like hour and minute, of the numbers below 60.
fn french_with_one(number: i8) -> Option<String> {
    match (number / 10, number % 10) {
        (0, 1) => Some("'digits/1F'".to_owned()),
        (tens @ 2.., 1) => Some(format!("'digits/{tens}0' 'digits/et' 'digits/1F'")),
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format for a time in Paris that is said at noon of Friday, 20 November 2026, or at another time of that day.
    fn said(language: Language, at: &str, now: &str) -> String {
        let at = format!("{at}[Europe/Paris]").parse::<Zoned>().unwrap().timestamp();
        let now = format!("2026-11-20T{now}[Europe/Paris]").parse::<Zoned>().unwrap().timestamp();
        let said = DateTime::new(at, "Europe/Paris", language, now);
        assert_eq!(said.time_zone, "Europe/Paris");
        said.format
    }

    #[test]
    fn each_language_says_a_date_in_its_own_order() {
        for (language, format) in [
            (Language::En, "ABd 'digits/at' IMp"),
            (Language::Es, "'digits/es-el' Ad 'digits/es-de' B 'digits/at' H 'digits/and' M"),
            (Language::Fr, "AdB 'digits/at' H M"),
            (Language::De, "AdB HM"),
        ] {
            assert_eq!(said(language, "2026-11-22T18:05", "12:00"), format, "{language}");
        }
    }

    #[test]
    fn today_and_tomorrow_are_said_so_unless_the_day_may_end_meanwhile() {
        let english = |at, now| said(Language::En, at, now);
        assert_eq!(english("2026-11-20T18:00", "12:00"), "'digits/today' 'digits/at' IMp");
        assert_eq!(english("2026-11-21T18:00", "12:00"), "'digits/tomorrow' 'digits/at' IMp");
        assert_eq!(english("2026-11-21T18:00", "23:57"), "'digits/tomorrow' 'digits/at' IMp");
        assert_eq!(english("2026-11-21T18:00", "23:59"), "ABd 'digits/at' IMp");
        assert_eq!(english("2026-11-22T00:00", "00:00"), "ABd 'digits/at' IMp");
    }

    #[test]
    fn hours_and_minutes_have_the_gender_of_their_language() {
        for (language, time, format) in [
            (Language::Es, "01:00", "'digits/at_s' 'digits/1F' 'digits/oclock'"),
            (Language::Es, "21:21", "'digits/at' 'digits/20-and' 'digits/1F' 'digits/and' M"),
            (Language::Es, "00:30", "'digits/at' H 'digits/and' M"),
            (Language::Fr, "01:00", "'digits/at' 'digits/1F' 'digits/oclock' M"),
            (Language::Fr, "11:31", "'digits/at' H 'digits/30' 'digits/et' 'digits/1F'"),
            (
                Language::Fr,
                "21:11",
                "'digits/at' 'digits/20' 'digits/et' 'digits/1F' 'digits/oclock' M",
            ),
            (Language::De, "01:01", "HM"),
        ] {
            let at = format!("2026-11-21T{time}");
            let expected = format!("'digits/tomorrow' {format}");
            assert_eq!(said(language, &at, "12:00"), expected, "{language} {time}");
        }
    }

    #[test]
    fn in_a_zone_that_only_asterisk_may_know_the_date_is_said_whole() {
        let now = Timestamp::from_second(1_795_159_489).unwrap();
        let said = DateTime::new(now, "Mars/Olympus", Language::Es, now);
        let format = "'digits/es-el' Ad 'digits/es-de' B 'digits/at' H 'digits/and' M";
        assert_eq!(
            said,
            DateTime { format: format.to_owned(), time_zone: "Mars/Olympus".to_owned() }
        );
    }

    #[test]
    fn no_time_makes_a_format_that_asterisk_would_misread() {
        for language in Language::ALL {
            for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |m| (hour, m))) {
                let format = time(*language, hour, minute);
                let outside: String = format.split('\'').step_by(2).collect();
                assert!(outside.chars().all(|c| "IHMp ".contains(c)), "{format}");
                assert_eq!(format.matches('\'').count() % 2, 0, "{format}");
            }
        }
    }
}
