use dialgate_contract::Language;
use jiff::tz::TimeZone;

use super::page::{Page, rule};
use super::prompts::Prompts;
use super::speech;
use super::style::Style;
use crate::{Ending, Key, Sound};

const INDENT: usize = 4;

/// What a call looks like: each event as the text that is added at the end.
///
/// Lines end with a line feed alone. The digits of a PIN are shown as dots.
pub(crate) struct Screen {
    prompts: Prompts,
    language: Language,
    zone: TimeZone,
    style: Style,
    page: Page,
    last: Last,
    secret: bool,
}

#[derive(PartialEq, Eq)]
enum Last {
    Nothing,
    Speech,
    Keys,
}

impl Screen {
    pub(crate) fn new(prompts: Prompts, zone: TimeZone, style: Style) -> Self {
        Screen {
            prompts,
            language: Language::En,
            zone,
            style,
            page: Page::new(INDENT),
            last: Last::Nothing,
            secret: false,
        }
    }

    /// The call goes on in this language.
    pub(crate) fn speak(&mut self, language: Language) {
        self.language = language;
    }

    /// The caller hears this.
    pub(crate) fn hear(&mut self, sound: &Sound) -> String {
        if let Some(name) = sound.file() {
            self.secret = name.contains("-pin");
        }
        let Some(words) = speech::words(sound, &self.prompts, self.language, &self.zone) else {
            return String::new();
        };
        // What is read out belongs to the recording before it, and so does a recording that begins no sentence:
        // "Your access from" 1 2 . 3 4 "is open for another" 5 "hours"
        let begins = sound.file().is_some() && begins_a_sentence(&words);
        let goes_on = !begins && self.last == Last::Speech;
        self.last = Last::Speech;
        if goes_on {
            return self.page.words(&words);
        }
        let mark = self.style.faint("»");
        [
            self.page.end_line(),
            &self.page.raw(&format!("  {mark} "), INDENT),
            &self.page.words(&words),
        ]
        .concat()
    }

    /// The caller has pressed a key, and the call took it.
    pub(crate) fn press(&mut self, key: Key) -> String {
        let mut text = String::new();
        if self.last != Last::Keys {
            text.push_str(self.page.end_line());
            text.push_str(&self.page.raw(&" ".repeat(INDENT), INDENT));
        }
        self.last = Last::Keys;
        let shown = match key {
            Key::POUND => '#',
            _ if self.secret => '•',
            _ => key.label(),
        };
        text.push_str(&self.style.own(&self.page.raw(&shown.to_string(), 1)));
        text
    }

    /// The call is over.
    pub(crate) fn end(&mut self, ending: Ending) -> String {
        let how = match ending {
            Ending::Caller => "you hung up",
            Ending::Server | Ending::Dialplan => "the call is over",
            Ending::Autohangup => "the call took too long and was cut off",
        };
        let blank = if self.page.at_start() { "" } else { "\n" };
        format!("{}{blank}{}", self.page.end_line(), rule(how, self.style))
    }
}

/// German has capitals amid a sentence: "Stunden" begins none, "Welcome." and "Ihr Zugang von" do.
fn begins_a_sentence(words: &str) -> bool {
    let is_word = !words.contains(char::is_whitespace) && !words.ends_with('.');
    !words.starts_with(char::is_lowercase) && !is_word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen() -> Screen {
        Screen::new(Prompts::built_in().unwrap(), TimeZone::UTC, Style::Plain)
    }

    fn prompt(name: &str) -> Sound {
        Sound::File(format!("dialgate/{name}"))
    }

    fn type_all(screen: &mut Screen, keys: &str) -> String {
        Key::parse_all(keys).unwrap().into_iter().map(|key| screen.press(key)).collect()
    }

    #[test]
    fn a_call_reads_like_a_conversation() {
        let mut screen = screen();
        let mut text = screen.hear(&prompt("welcome"));
        text += &screen.hear(&prompt("enter-address"));
        text += &type_all(&mut screen, "12*34*56*78#");
        text += &screen.hear(&prompt("you-entered"));
        text += &screen.hear(&Sound::Alpha("12.34.56.78".into()));
        text += &screen.hear(&prompt("goodbye"));
        text += &screen.end(Ending::Server);
        let expected = "  » Welcome to dialgate.
  » Please enter the IP address of your network. Press star for each dot, and
    pound at the end.
    12*34*56*78#
  » You entered 1 2 . 3 4 . 5 6 . 7 8
  » Goodbye.

  the call is over ─────────────────────────────────────────────────────────────
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_digits_of_a_pin_are_dots() {
        let mut screen = screen();
        let mut text = screen.hear(&prompt("enter-account"));
        text += &type_all(&mut screen, "4711#");
        text += &screen.hear(&prompt("enter-pin"));
        text += &type_all(&mut screen, "90817263#");
        assert!(text.ends_with("\n    ••••••••#"), "{text}");
        assert!(text.contains("\n    4711#\n"), "{text}");
        for new in ["enter-new-pin", "enter-new-pin-again"] {
            screen.hear(&prompt(new));
            assert_eq!(type_all(&mut screen, "55#").trim(), "••#", "{new}");
        }
    }

    #[test]
    fn a_sentence_of_several_recordings_is_one_line() {
        let mut screen = screen();
        let mut text = screen.hear(&prompt("your-access-from"));
        text += &screen.hear(&Sound::Alpha("1.2".into()));
        text += &screen.hear(&prompt("is-open-for-another"));
        text += &screen.hear(&Sound::Number(5));
        text += &screen.hear(&prompt("hours"));
        assert_eq!(text.trim(), "» Your access from 1 . 2 is open for another 5 hours");
    }

    #[test]
    fn the_words_are_those_of_the_language_that_the_call_goes_on_in() {
        let mut screen = screen();
        screen.speak(Language::De);
        let mut text = screen.hear(&prompt("your-access-from"));
        text += &screen.hear(&Sound::Alpha("1.2".into()));
        text += &screen.hear(&prompt("is-open-for-another"));
        text += &screen.hear(&Sound::Number(5));
        text += &screen.hear(&prompt("hours"));
        text += &screen.hear(&prompt("goodbye"));
        let said =
            "» Ihr Zugang von 1 . 2 ist offen. Verbleibende Zeit: 5 Stunden\n  » Auf Wiederhören.";
        assert_eq!(text.trim(), said);
    }

    #[test]
    fn a_call_without_a_word_ends_without_a_blank_line() {
        assert!(screen().end(Ending::Caller).starts_with("  you hung up ──"));
    }
}
