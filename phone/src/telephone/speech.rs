use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::prompts::Prompts;
use crate::Sound;

/// What a caller hears, in words; `None` for silence. Times are told in `zone` when the server names none.
pub(crate) fn words(sound: &Sound, prompts: &Prompts, zone: &TimeZone) -> Option<String> {
    if sound.silence().is_some() {
        return None;
    }
    Some(match sound {
        Sound::File(name) => prompts.words(name),
        Sound::Alpha(text) | Sound::Digits(text) => spelled(text),
        Sound::Number(number) => number.to_string(),
        Sound::DateTime { at, zone: named, .. } => {
            let named = named.as_deref().and_then(|name| TimeZone::get(name).ok());
            date_time(*at, named.unwrap_or_else(|| zone.clone()))
        }
    })
}

/// One character at a time, as a voice reads them out.
fn spelled(text: &str) -> String {
    let characters: Vec<String> = text.chars().map(String::from).collect();
    characters.join(" ")
}

fn date_time(at: i64, zone: TimeZone) -> String {
    match Timestamp::from_second(at) {
        Ok(time) => time.to_zoned(zone).strftime("%A, %-d %B, %-I:%M %P").to_string(),
        Err(_) => "[a time that no calendar has]".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(sound: Sound) -> Option<String> {
        words(&sound, &Prompts::built_in().unwrap(), &TimeZone::UTC)
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
        assert_eq!(say(at(None)).as_deref(), Some("Friday, 20 November, 7:24 am"));
        assert_eq!(say(at(Some("Asia/Tokyo"))).as_deref(), Some("Friday, 20 November, 4:24 pm"));
        assert_eq!(say(at(Some("No/Where"))).as_deref(), Some("Friday, 20 November, 7:24 am"));
    }

    #[test]
    fn silence_has_no_words() {
        assert_eq!(say(Sound::File("silence/2".into())), None);
    }
}
