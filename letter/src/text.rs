//! Text that others wrote, made fit to be shown.

/// What of `text` may stand in a letter: no control characters, nothing invisible that changes the direction or the
/// meaning of what is read, at most `longest` characters. Joiners stay, because names and emoji are written with them.
#[must_use]
pub fn clean(text: &str, longest: usize) -> String {
    let kept: String = text
        .trim()
        .chars()
        .filter(|&c| !c.is_control() && !is_deceptive(c))
        .take(longest)
        .collect();
    kept.trim().to_owned()
}

/// What of `text` may stand in a log line: all of it, with escapes for whatever cannot be seen, at most `longest`
/// characters.
#[must_use]
pub fn escaped(text: &str, longest: usize) -> String {
    let mut line = String::new();
    for c in text.chars().take(longest) {
        match c {
            '"' | '\'' => line.push(c),
            _ => line.extend(c.escape_debug()),
        }
    }
    line.chars().take(longest).collect()
}

/// Format characters and separators that are not seen themselves (Unicode, general categories Cf, Zl and Zp).
fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_letters_and_loses_what_cannot_be_seen() {
        assert_eq!(clean("Zoë O'Brien-Ødegård", 64), "Zoë O'Brien-Ødegård");
        assert_eq!(clean(" Ann\r\nBcc: x@example.net\0 ", 64), "AnnBcc: x@example.net");
        assert_eq!(clean("\u{202e}nnA\u{2066}", 64), "nnA");
        assert_eq!(clean("\u{1f468}\u{200d}\u{1f469}", 64), "\u{1f468}\u{200d}\u{1f469}");
        assert_eq!(clean(&"x".repeat(10_000), 64).len(), 64);
        assert_eq!(clean("\r\n\t", 64), "");
    }

    #[test]
    fn a_reason_is_one_visible_line() {
        assert_eq!(escaped("no\r\nsuch \"user\"\x1b[2J", 200), "no\\r\\nsuch \"user\"\\u{1b}[2J");
        assert_eq!(escaped("\u{202e}x", 200), "\\u{202e}x");
        assert_eq!(escaped(&"\0".repeat(500), 200).chars().count(), 200);
    }
}
