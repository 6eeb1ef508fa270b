//! Colours for people who sit at a terminal. They are put on last, over words that are known.

use std::io::stdout;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// Words at the beginning of a line that something is wrong.
const ALARMS: [&str; 7] = ["BANNED", "BROKEN", "BUT", "DENIED", "DROPPED", "PROBLEM", "SILENCED"];
/// Words in a column of their own.
const STATES: [(&str, AnsiColor); 4] = [
    ("open", AnsiColor::Green),
    ("partly open", AnsiColor::Yellow),
    ("closed", AnsiColor::Red),
    ("disabled", AnsiColor::Yellow),
];

/// How a check went, at the beginning of its line.
const OUTCOMES: [(&str, AnsiColor); 3] =
    [("ok    ", AnsiColor::Green), ("warn  ", AnsiColor::Yellow), ("fail  ", AnsiColor::Red)];

/// The same with colours, where standard output is a terminal that shows them and `NO_COLOR` is not set.
pub(crate) fn coloured(text: &str) -> String {
    match AutoStream::choice(&stdout()) {
        ColorChoice::Never => text.to_owned(),
        ColorChoice::Always | ColorChoice::AlwaysAnsi | ColorChoice::Auto => painted(text),
    }
}

fn painted(text: &str) -> String {
    text.split_inclusive('\n').map(line).collect()
}

fn line(line: &str) -> String {
    let alarm = AnsiColor::Red.on_default().bold();
    if let Some((word, rest)) =
        ALARMS.iter().find_map(|word| Some((word, line.strip_prefix(word)?)))
        && rest.starts_with(' ')
    {
        return style(alarm, word) + rest;
    }
    for (word, colour) in OUTCOMES {
        if let Some(rest) = line.strip_prefix(word) {
            return style(colour.on_default(), word) + rest;
        }
    }
    for (word, colour) in STATES {
        if let Some((before, after)) = line.split_once(&format!("  {word}"))
            && (after.starts_with("  ") || after.trim_start().is_empty())
        {
            return format!("{before}  {}{after}", style(colour.on_default(), word));
        }
    }
    line.to_owned()
}

fn style(style: Style, word: &str) -> String {
    format!("{style}{word}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_and_states_are_painted_and_other_words_are_not() {
        let text = "PROBLEM      it is late\nsip      open    lease L1\nweb      partly open  x\nPROBLEMS\nan open  door\nwarn  disk  x\nokay  x\n";
        let said = painted(text);
        assert_eq!(
            said,
            "\u{1b}[1m\u{1b}[31mPROBLEM\u{1b}[0m      it is late\n\
             sip      \u{1b}[32mopen\u{1b}[0m    lease L1\n\
             web      \u{1b}[33mpartly open\u{1b}[0m  x\nPROBLEMS\nan open  door\n\
             \u{1b}[33mwarn  \u{1b}[0mdisk  x\nokay  x\n"
        );
    }
}
