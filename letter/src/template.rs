//! A letter of the operator's own: text with words in braces.

use std::collections::{BTreeMap, BTreeSet};

use crate::html::escaped;

mod markup;

use markup::Markup;

/// The longest that may come of it, in bytes.
const LONGEST: usize = 128 * 1024;
/// The longest word in braces that is taken for one, in bytes.
const LONGEST_WORD: usize = 32;

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Plain text.
    Plain,
    /// HTML: values are escaped.
    Html,
}

/// Text of the operator's in which words in braces stand for what a letter is about. All words are known.
#[derive(Debug, Clone)]
pub struct Template {
    form: Form,
    lines: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    /// The word, without its braces.
    Value(String),
}

/// What is wrong with a template, and in which line of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The kind of letter has no such word.
    #[error("line {line}: this letter has no {{{word}}}: use some of {known}")]
    Unknown {
        /// Counted from 1.
        line: usize,
        /// The word, without its braces.
        word: String,
        /// All that it has.
        known: String,
    },
    /// Where it stands, escaping what it stands for does not keep it from doing harm.
    #[error("line {line}: {{{word}}} is within a tag, a script or a style: put it between tags")]
    Within {
        /// Counted from 1.
        line: usize,
        /// The word, without its braces.
        word: String,
    },
    /// Something that no editor writes.
    #[error("line {line}: there is a control character: take it out")]
    Control {
        /// Counted from 1.
        line: usize,
    },
}

impl Template {
    /// Reads a template; `known` are the words that its kind of letter has.
    ///
    /// # Errors
    /// When it has a word in braces that is not known, or where it must not be.
    pub fn parse(text: &str, form: Form, known: &BTreeSet<&str>) -> Result<Self, TemplateError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut markup = Markup::default();
        let lines = text.lines().enumerate();
        let lines = lines.map(|(index, line)| pieces(line, index + 1, form, known, &mut markup));
        Ok(Self { form, lines: lines.collect::<Result<_, _>>()? })
    }

    /// Puts values for the words; `None` when that becomes longer than any letter may be. A line whose words all stand
    /// for nothing is left out.
    #[must_use]
    pub fn filled(&self, values: &BTreeMap<&str, &str>) -> Option<String> {
        let mut text = String::new();
        for line in &self.lines {
            let value = |word: &String| values.get(word.as_str()).copied().unwrap_or_default();
            let mut words = line.iter().filter_map(|piece| match piece {
                Piece::Value(word) => Some(word),
                Piece::Text(_) => None,
            });
            let has_words = words.clone().next().is_some();
            if has_words && words.all(|word| value(word).is_empty()) {
                continue;
            }
            for piece in line {
                match (piece, self.form) {
                    (Piece::Text(piece), _) => text.push_str(piece),
                    (Piece::Value(word), Form::Plain) => text.push_str(value(word)),
                    (Piece::Value(word), Form::Html) => text.push_str(&escaped(value(word))),
                }
                if text.len() > LONGEST {
                    return None;
                }
            }
            text.push_str("\r\n");
        }
        Some(text)
    }
}

fn pieces(
    line: &str,
    number: usize,
    form: Form,
    known: &BTreeSet<&str>,
    markup: &mut Markup,
) -> Result<Vec<Piece>, TemplateError> {
    let (mut pieces, mut text) = (Vec::new(), String::new());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some((word, after)) = word(rest) {
            if !known.contains(word) {
                let known =
                    known.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>().join(", ");
                return Err(TemplateError::Unknown { line: number, word: word.to_owned(), known });
            }
            if form == Form::Html && !markup.is_text() {
                return Err(TemplateError::Within { line: number, word: word.to_owned() });
            }
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Value(word.to_owned()));
            rest = after;
            continue;
        }
        if c.is_control() && c != '\t' {
            return Err(TemplateError::Control { line: number });
        }
        markup.step(rest);
        text.push(c);
        let mut chars = rest.chars();
        chars.next();
        rest = chars.as_str();
    }
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// The word in braces that a text begins with, and what follows it. Braces around anything but a word stand for
/// themselves.
fn word(text: &str) -> Option<(&str, &str)> {
    let (word, after) = text.strip_prefix('{')?.split_once('}')?;
    let is_word =
        word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    ((1..=LONGEST_WORD).contains(&word.len()) && is_word).then_some((word, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str, form: Form) -> Result<Template, TemplateError> {
        Template::parse(text, form, &BTreeSet::from(["name", "replaced"]))
    }

    fn filled(text: &str, form: Form, name: &str, replaced: &str) -> String {
        let values = BTreeMap::from([("name", name), ("replaced", replaced)]);
        parse(text, form).unwrap().filled(&values).unwrap()
    }

    #[test]
    fn words_in_braces_become_what_they_stand_for_and_other_braces_stay() {
        let text = "\u{feff}Dear {name},\r\na { brace }, {}, {\n{replaced} {name}";
        let expected = "Dear Zoë <b>,\r\na { brace }, {}, {\r\n1.2.3.4 Zoë <b>\r\n";
        assert_eq!(filled(text, Form::Plain, "Zoë <b>", "1.2.3.4"), expected);
        assert_eq!(filled("<p>{name}</p>", Form::Html, "<b>", ""), "<p>&lt;b&gt;</p>\r\n");
        // What a value says is not read again.
        assert_eq!(filled("{name}", Form::Plain, "{replaced}", "x"), "{replaced}\r\n");
    }

    #[test]
    fn a_line_whose_words_all_stand_for_nothing_is_left_out() {
        let text = "Hello\nno longer open: {replaced}\n{name}: {replaced}\n\nbye";
        assert_eq!(filled(text, Form::Plain, "Ann", ""), "Hello\r\nAnn: \r\n\r\nbye\r\n");
    }

    #[test]
    fn an_unknown_word_is_named_with_its_line_and_what_there_is() {
        let error = parse("Hello\n\n{nmae}", Form::Plain).unwrap_err();
        let said = error.to_string();
        assert_eq!(said, "line 3: this letter has no {nmae}: use some of {name}, {replaced}");
        assert!(matches!(
            parse("{NAME}", Form::Plain),
            Err(TemplateError::Unknown { line: 1, .. })
        ));
        assert_eq!(parse("a\nb\0", Form::Plain).unwrap_err(), TemplateError::Control { line: 2 });
    }

    #[test]
    fn a_word_is_not_within_a_tag_a_script_or_a_style() {
        for bad in [
            "<a {name}>",
            "<a title='>'\n{name}>",
            "<a title=\"{name}\">",
            "<SCRIPT>x\n{name}</script>",
            "<style>a { b }\n{name}</style>",
            "<!-- {name} -->",
            "<!-- a > b {name} -->",
            "<!-- > <a title=\" --> <a title=\">{name}\">",
            "<!--[if mso]><p>{name}</p><![endif]-->",
            "</p {name}>",
        ] {
            let error = parse(bad, Form::Html).unwrap_err();
            assert!(matches!(error, TemplateError::Within { .. }), "{bad}: {error}");
            assert!(parse(bad, Form::Plain).is_ok(), "{bad}");
        }
        for good in [
            "<a title='>'>{name}</a>",
            "1 < 2 {name}",
            "<style>p { color: red }</style>{name}",
            "<script>x < 1</script>{name}",
            "<!-- don't -->{name}",
            "<!-->{name}",
            "<!--->{name}",
            "<!-- \n > --!>{name}",
            "<![if !mso]>{name}<![endif]>",
            "<styled>{name}",
            "<!--[if mso]><table><![endif]-->{name}",
        ] {
            assert!(parse(good, Form::Html).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_letter_that_grows_beyond_measure_is_none() {
        let template = parse(&"{name}".repeat(10_000), Form::Plain).unwrap();
        assert!(template.filled(&BTreeMap::from([("name", "x".repeat(64).as_str())])).is_none());
    }

    proptest! {
        #[test]
        fn no_value_adds_markup_and_no_text_makes_it_panic(text in any::<String>(), name in ".*") {
            let _ = parse(&text, Form::Html).map(|template| template.filled(&BTreeMap::from([("name", name.as_str())])));
            let filled = filled("<p>{name}!</p>", Form::Html, &name, "");
            let is_markup = |c: &char| matches!(c, '<' | '>' | '"' | '\'');
            let markup: String = filled.chars().filter(is_markup).collect();
            prop_assert!(markup == "<><>" || markup.is_empty(), "{}", filled);
        }
    }
}
