use dialgate_contract::Language;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::date_time;
use super::prompts::Prompts;
use crate::Sound;

/// How Asterisk says a time when it is not told how, in English.
const DATE_AND_TIME: &str = "ABdY 'digits/at' IMp";

/// What a caller hears, in words of `language`; `None` for silence. Times are told in `zone` when the server names none.
pub(crate) fn words(
    sound: &Sound,
    prompts: &Prompts,
    language: Language,
    zone: &TimeZone,
) -> Option<String> {
    if sound.silence().is_some() {
        return None;
    }
    Some(match sound {
        Sound::File(name) => prompts.words(name, language),
        Sound::Alpha(text) | Sound::Digits(text) => spelled(text),
        Sound::Number(number) => number.to_string(),
        Sound::DateTime { at, format, zone: named } => {
            let named = named.as_deref().and_then(|name| TimeZone::get(name).ok());
            let format = format.as_deref().unwrap_or(DATE_AND_TIME);
            match Timestamp::from_second(*at) {
                Ok(at) => {
                    let at = at.to_zoned(named.unwrap_or_else(|| zone.clone()));
                    date_time::words(format, &at, prompts, language)
                }
                Err(_) => "[a time that no calendar has]".into(),
            }
        }
    })
}

/// One character at a time, as a voice reads them out.
fn spelled(text: &str) -> String {
    let characters: Vec<String> = text.chars().map(String::from).collect();
    characters.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(sound: Sound) -> Option<String> {
        words(&sound, &Prompts::built_in().unwrap(), Language::En, &TimeZone::UTC)
    }

    #[test]
    fn an_address_is_spelled() {
        assert_eq!(say(Sound::Alpha("12.3".into())).as_deref(), Some("1 2 . 3"));
    }

    #[test]
    fn a_time_is_told_in_the_zone_of_the_server_or_else_of_the_caller() {
        let at = |zone: Option<&str>| Sound::DateTime {
            at: 1_795_159_489,
            format: None,
            zone: zone.map(str::to_owned),
        };
        let here = "Friday November 20 2026 at 7:24 am";
        assert_eq!(say(at(None)).as_deref(), Some(here));
        assert_eq!(
            say(at(Some("Asia/Tokyo"))).as_deref(),
            Some("Friday November 20 2026 at 4:24 pm")
        );
        assert_eq!(say(at(Some("No/Where"))).as_deref(), Some(here));
    }

    #[test]
    fn silence_has_no_words() {
        assert_eq!(say(Sound::File("silence/2".into())), None);
    }
}
