//! What people read, in eighty columns.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use crate::report::LockedOut;

/// How wide it is at most, in columns.
const WIDTH: u16 = 80;
const GAP: u16 = 2;
/// The longest that stays whole: an IPv6 network.
const WHOLE: u16 = 43;
/// How many of those who would lose access are shown.
const SHOWN: usize = 20;

/// Rows below a header. A cell is broken over lines when the row does not fit; one of the columns `whole` is only when
/// it is very long.
pub(crate) fn table(
    header: &[&str],
    whole: &[usize],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    let widths = table.column_max_content_widths();
    for (index, width) in widths.into_iter().enumerate() {
        if let Some(column) = table.column_mut(index)
            && whole.contains(&index)
            && width <= WHOLE + GAP
        {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt() + "\n"
}

/// Words after a label, on as many lines as they need, indented alike.
pub(crate) fn wrapped(label: &str, words: &str) -> String {
    let indent = " ".repeat(label.len());
    let (mut text, mut line) = (String::new(), label.to_owned());
    let room = usize::from(WIDTH).saturating_sub(label.len()).max(1);
    for word in words.split_whitespace().flat_map(|word| pieces(word, room)) {
        if !line.trim_start().is_empty()
            && line.chars().count() + word.chars().count() > usize::from(WIDTH)
        {
            text.push_str(line.trim_end());
            text.push('\n');
            line.clone_from(&indent);
        }
        line.push_str(&word);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
    text
}

/// Lines that are too long for a terminal, on as many as they need; commands stay whole, to be copied.
pub(crate) fn fitted(text: &str) -> String {
    let one = |line: &str| {
        let words = line.trim_start();
        if line.chars().count() <= usize::from(WIDTH) || words.starts_with("dialgate ") {
            return format!("{line}\n");
        }
        wrapped(&" ".repeat(line.len().saturating_sub(words.len())), words)
    };
    text.lines().map(one).collect()
}

/// A word that is longer than a line, in pieces.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(room).map(|piece| piece.iter().collect()).collect()
}

/// Who would lose access, each with the commands that would let him in.
pub(crate) fn locked_out(lost: &[LockedOut]) -> String {
    let one = |lost: &LockedOut| {
        let remedy = lost.remedy.iter().map(|command| format!("      {command}\n"));
        wrapped("  ", &lost.to_string()) + &remedy.collect::<String>()
    };
    let more = match lost.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("  and {more} more: `dialgate firewall plan --json` shows all\n"),
    };
    lost.iter().take(SHOWN).map(one).collect::<String>() + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_after_a_label_are_wrapped_and_indented() {
        let text = wrapped("PROBLEM      ", &"iptables ".repeat(20));
        assert!(text.lines().count() > 1 && text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("             iptables")));
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_and_keeps_its_letters() {
        let word = "wö".repeat(100);
        let text = wrapped("PROBLEM      ", &format!("see {word} there"));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(text.split_whitespace().collect::<String>(), format!("PROBLEMsee{word}there"));
    }

    #[test]
    fn only_lines_that_are_too_long_are_broken_and_no_command() {
        let command = format!("      dialgate allow add --name '{}'", "wide ".repeat(20));
        let wide = format!("  {}", "wide ".repeat(20));
        let text = fitted(&format!("a  |\n\n{command}\n{wide}"));
        let (kept, broken) = text.split_once(&command).unwrap();
        assert_eq!(kept, "a  |\n\n");
        assert_eq!(broken.trim_start().lines().count(), 2, "{text}");
        assert!(broken.lines().skip(1).all(|line| line.starts_with("  wide") && line.len() <= 80));
    }

    #[test]
    fn a_row_that_does_not_fit_is_broken_but_not_in_the_column_that_stays_whole() {
        let address = "2a00:1450:4001:82a::/64";
        let row = vec!["many services ".repeat(8), address.to_owned(), "end".to_owned()];
        let text = table(&["services", "address", "state"], &[1], std::iter::once(row));
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(text.lines().count() > 2 && text.contains(address), "{text}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
    }
}
