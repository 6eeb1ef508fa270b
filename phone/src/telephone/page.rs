use super::style::Style;

/// The width that everything fits into.
pub(crate) const WIDTH: usize = 80;

/// Words laid out in lines of at most [`WIDTH`] columns, going on wherever the last ones ended.
pub(crate) struct Page {
    column: usize,
    indent: usize,
    /// Whether a word stands before the next one.
    after_word: bool,
}

impl Page {
    /// A page whose further lines begin after `indent` columns.
    pub(crate) fn new(indent: usize) -> Self {
        Page { column: 0, indent, after_word: false }
    }

    /// Ends the line that has been begun, if any.
    pub(crate) fn end_line(&mut self) -> &'static str {
        self.after_word = false;
        if std::mem::take(&mut self.column) == 0 { "" } else { "\n" }
    }

    /// Whether nothing stands in the line yet.
    pub(crate) fn at_start(&self) -> bool {
        self.column == 0
    }

    /// `text` as it is; it is `width` columns wide.
    pub(crate) fn raw(&mut self, text: &str, width: usize) -> String {
        self.column += width;
        self.after_word = false;
        text.to_owned()
    }

    /// `text` with the blanks it has if it fits into the line, else as [`Page::words`] after the blanks that it begins
    /// with and those that make a column of it; further lines begin `hang` columns further in.
    pub(crate) fn line(&mut self, text: &str, hang: usize) -> String {
        let start = self.column.max(self.indent);
        let blanks = " ".repeat(start - self.column);
        let width = visible_width(text);
        if text.is_empty() {
            return String::new();
        }
        if start + width <= WIDTH {
            return blanks + &self.raw(text, start - self.column + width);
        }
        let margin = text.len() - text.trim_start().len();
        let column = text.trim_start().find("  ").map_or(margin, |end| margin + end + 2);
        let (head, rest) = text.split_at_checked(column).unwrap_or(("", text));
        self.column = start;
        self.indent += 2 * margin + hang;
        let gap = " ".repeat(rest.len() - rest.trim_start().len());
        let head = self.raw(head, visible_width(head)) + &self.raw(&gap, gap.len());
        blanks + &head + &self.words(rest)
    }

    /// `words`, parted by blanks and line breaks.
    pub(crate) fn words(&mut self, words: &str) -> String {
        let mut out = String::new();
        for word in words.split_whitespace() {
            let width = visible_width(word);
            if self.after_word && self.column + 1 + width > WIDTH {
                out.push_str(self.end_line());
            }
            let blanks = match self.column {
                0 => self.indent,
                _ => usize::from(self.after_word),
            };
            out.extend(std::iter::repeat_n(' ', blanks));
            out.push_str(word);
            self.column += blanks + width;
            self.after_word = true;
        }
        out
    }
}

/// The line above a call, which says how to make it.
pub(crate) fn lift(style: Style) -> String {
    format!("\n{}", rule("keys 0-9 * #   Enter is #   h hangs up", style))
}

/// A line across the page that begins with a few words.
pub(super) fn rule(words: &str, style: Style) -> String {
    let line = "─".repeat(WIDTH - 3 - words.len());
    format!("  {}\n", style.faint(&format!("{words} {line}")))
}

/// The columns that `word` takes; sequences that only emphasise (`ESC [ … m`) take none.
fn visible_width(word: &str) -> usize {
    let mut emphasis = false;
    let visible = word.chars().filter(|character| match character {
        '\x1b' => {
            emphasis = true;
            false
        }
        'm' if emphasis => {
            emphasis = false;
            false
        }
        _ => !emphasis,
    });
    visible.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn emphasis_takes_no_room() {
        assert_eq!(visible_width("\x1b[1mmmm\x1b[0m"), 3);
    }

    #[test]
    fn a_fact_that_is_too_long_keeps_its_column() {
        let mut page = Page::new(14);
        let text = page.line(
            "  Bis:      Samstag, 21. November 2026, 13:53 Uhr (Europe/Berlin und anderswo)",
            0,
        );
        let expected = "  Bis:      Samstag, 21. November 2026, 13:53 Uhr (Europe/Berlin\n\
                        \x20                 und anderswo)";
        assert_eq!(text, format!("{}{expected}", " ".repeat(14)));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_page(words in "([a-z.]{1,20} ){0,40}") {
            let mut page = Page::new(4);
            let text = page.words(&words) + &page.words(&words);
            prop_assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{}", text);
            let twice = words.split_whitespace().chain(words.split_whitespace());
            prop_assert!(text.split_whitespace().eq(twice));
        }
    }
}
