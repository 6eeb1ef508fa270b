//! A letter as a page of HTML for mail clients: tables for the layout, styles at each element, nothing that is loaded
//! and nothing that is run. Text and background have the client's own colours, light or dark; the few that are set can
//! be read on both.

use std::borrow::Cow;

use crate::words::{Fact, Words};

/// Grey with a contrast of 4.5 to 1 with white and with black.
const GREY: &str = "#767676";
const ACCENT: &str = "#2f7ed8";
const TABLE: &str = "role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"";
/// Outlook for Windows knows no greatest width: it alone reads this.
const NARROW: &str =
    "<!--[if mso]><table role=\"presentation\" width=\"600\" align=\"center\"><tr><td><![endif]-->";
const NARROW_END: &str = "<!--[if mso]></td></tr></table><![endif]-->";

/// The page.
pub(crate) fn page(words: &Words) -> String {
    let (language, subject) = (words.language, escaped(words.subject));
    let paragraph = |text: &str, margin: &str| {
        format!("<p style=\"margin:0 0 {margin}\">{}</p>\r\n", escaped(text))
    };
    let opening = paragraph(&words.greeting, "12px") + &paragraph(words.opening, "20px");
    let facts: String = words.facts.iter().map(row).collect();
    let closing: String = words.closing.iter().map(|text| paragraph(text, "12px")).collect();
    format!(
        "<!DOCTYPE html>\r\n<html lang=\"{language}\">\r\n<head>\r\n<meta charset=\"utf-8\">\r\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\r\n\
         <meta name=\"color-scheme\" content=\"light dark\">\r\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\r\n\
         <title>{subject}</title>\r\n</head>\r\n\
         <body style=\"margin:0;padding:0\">\r\n{NARROW}\r\n\
         <table {TABLE} align=\"center\" width=\"100%\" style=\"max-width:600px;margin:0 auto\">\r\n\
         <tr><td style=\"padding:24px 16px;border-top:4px solid {ACCENT};\
         font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5\">\r\n\
         <h1 style=\"margin:0 0 16px;font-size:22px;line-height:1.3\">{subject}</h1>\r\n\
         {opening}<table cellpadding=\"0\" cellspacing=\"0\" border=\"0\" width=\"100%\" \
         style=\"margin:0 0 20px;border-bottom:1px solid {GREY}\">\r\n{facts}</table>\r\n\
         {closing}</td></tr>\r\n</table>\r\n{NARROW_END}\r\n</body>\r\n</html>\r\n"
    )
}

fn row(Fact { label, value, .. }: &Fact) -> String {
    let cell =
        format!("padding:8px 0;border-top:1px solid {GREY};text-align:left;vertical-align:top");
    format!(
        "<tr><th scope=\"row\" width=\"34%\" style=\"{cell};padding-right:12px;font-weight:normal;color:{GREY}\">{}</th>\
         <td style=\"{cell};font-weight:bold;word-break:break-word\">{}</td></tr>\r\n",
        escaped(label),
        escaped(value)
    )
}

/// Text that is no markup, wherever it stands between tags or in quotes.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use dialgate_contract::Language;
    use dialgate_contract::ledger::Letter;
    use dialgate_contract::ledger::letter::LetterKind;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    /// The names of all tags, in their order.
    fn tags(page: &str) -> Vec<String> {
        let name = |tag: &str| tag.split(['>', ' ', '\r']).next().unwrap().to_owned();
        page.split('<').skip(1).map(name).collect()
    }

    fn words(name: &str, caller: &str) -> Words {
        let mut letter = example(LetterKind::Opened, Language::En, Timestamp::UNIX_EPOCH).unwrap();
        if let Letter::Opened { name: of, caller: from, .. } = &mut letter {
            name.clone_into(of);
            *from = Some(caller.to_owned());
        }
        Words::of(&letter, &TimeZone::UTC)
    }

    #[test]
    fn every_page_closes_what_it_opens_loads_nothing_and_runs_nothing() {
        for kind in LetterKind::ALL {
            for language in Language::ALL {
                let letter = example(*kind, *language, Timestamp::UNIX_EPOCH).unwrap();
                let page = page(&Words::of(&letter, &TimeZone::UTC));
                let mut open = Vec::new();
                for tag in tags(&page) {
                    match tag.strip_prefix('/') {
                        Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "{page}"),
                        None if tag == "meta" || tag.starts_with('!') => {}
                        None => open.push(tag),
                    }
                }
                assert!(open.is_empty(), "{open:?}: {page}");
                for banned in ["<script", "<style", "<img", "src=", "href", "url(", "http", " on"] {
                    let in_tags = page.split('<').filter_map(|part| part.split('>').next());
                    assert!(
                        in_tags.into_iter().all(|tag| !tag.contains(banned)),
                        "{banned}: {page}"
                    );
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_value_makes_a_tag_or_leaves_its_quotes(name in ".*[<>&\"'].*", caller in "[0-9<>&\"'/a-z ]*") {
            let page = page(&words(&name, &format!("1{caller}")));
            prop_assert_eq!(tags(&page), tags(&super::page(&words("Ann", "1"))));
            let escaped = escaped(&name);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']), "{}", escaped);
        }
    }
}
