/// Where in HTML a text has come to. What is not sure to be between tags counts as within one.
#[derive(Debug, Default)]
pub(super) struct Markup {
    place: Place,
}

#[derive(Debug, Default, Clone, Copy)]
enum Place {
    #[default]
    Text,
    /// Within a tag, and what its element holds; whether quotes mean something, and within which they are.
    Tag {
        holds: Holds,
        has_quotes: bool,
        quote: Option<char>,
    },
    /// Within an element whose text is not text for readers, by its name.
    Raw(&'static str),
    Comment,
}

#[derive(Debug, Clone, Copy)]
enum Holds {
    Text,
    Raw(&'static str),
}

/// Elements whose text is not for readers.
const RAW: [&str; 2] = ["script", "style"];

impl Markup {
    /// Goes on by the first character of a text.
    pub(super) fn step(&mut self, rest: &str) {
        let Some(c) = rest.chars().next() else { return };
        self.place = match self.place {
            Place::Text if c == '<' => opened(rest).unwrap_or(Place::Text),
            Place::Text => Place::Text,
            Place::Raw(name) if c == '<' && is_named(rest, "</", name) => {
                Place::Tag { holds: Holds::Text, has_quotes: true, quote: None }
            }
            Place::Raw(name) => Place::Raw(name),
            // Its last character ends it as it would a tag (HTML, 13.2.5.50 and 13.2.5.52).
            Place::Comment if rest.starts_with("-->") || rest.starts_with("--!>") => {
                Place::Tag { holds: Holds::Text, has_quotes: false, quote: None }
            }
            Place::Comment => Place::Comment,
            Place::Tag { holds, has_quotes, quote } => match (quote, c) {
                (Some(open), c) if open == c => Place::Tag { holds, has_quotes, quote: None },
                (None, '"' | '\'') if has_quotes => {
                    Place::Tag { holds, has_quotes, quote: Some(c) }
                }
                (None, '>') => match holds {
                    Holds::Text => Place::Text,
                    Holds::Raw(name) => Place::Raw(name),
                },
                (Some(_) | None, _) => self.place,
            },
        };
    }

    /// Whether what stands here is read as text.
    pub(super) const fn is_text(&self) -> bool {
        matches!(self.place, Place::Text)
    }
}

/// The tag that a text begins with, if it does (HTML, 13.2.5.6: a letter, `!`, `/` or `?` after `<`).
fn opened(rest: &str) -> Option<Place> {
    if rest.starts_with("<!--") {
        return Some(Place::Comment);
    }
    let next = rest.chars().nth(1)?;
    if !next.is_ascii_alphabetic() && !matches!(next, '!' | '/' | '?') {
        return None;
    }
    let raw = RAW.into_iter().find(|name| is_named(rest, "<", name));
    let holds = raw.map_or(Holds::Text, Holds::Raw);
    Some(Place::Tag { holds, has_quotes: !matches!(next, '!' | '?'), quote: None })
}

/// Whether a tag begins with this, whatever the case, and then this name.
fn is_named(rest: &str, begin: &str, name: &str) -> bool {
    let Some(rest) = rest.strip_prefix(begin) else { return false };
    let found = rest.chars().take_while(char::is_ascii_alphanumeric);
    found.map(|c| c.to_ascii_lowercase()).eq(name.chars())
}
