//! `parse_args` of `res_agi.c`: a command line into words.

/// `MAX_ARGS - 1` of `res_agi.c`; what comes after is dropped.
pub(super) const MAX_ARGS: usize = 127;

/// The words of `line`, which carries no line feed. Like every C string it ends at the first NUL.
///
/// Space and tab part words, `"` begins and ends a quotation, `\` makes the next byte ordinary inside and outside of
/// one, and an open quotation is accepted.
pub(super) fn argv(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let (mut quoted, mut escaped, mut between_words) = (false, false, true);
    for &byte in line.split(|byte| *byte == 0).next().unwrap_or_default() {
        match byte {
            b'"' if !escaped => {
                quoted = !quoted;
                if quoted && between_words {
                    words.push(Vec::new());
                    between_words = false;
                }
            }
            b' ' | b'\t' if !quoted && !escaped => between_words = true,
            b'\\' if !escaped => escaped = true,
            _ => {
                if between_words {
                    words.push(Vec::new());
                    between_words = false;
                }
                if let Some(word) = words.last_mut() {
                    word.push(byte);
                }
                escaped = false;
            }
        }
    }
    words.truncate(MAX_ARGS);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Vec<String> {
        argv(line.as_bytes())
            .iter()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect()
    }

    #[test]
    fn words_are_parted_as_asterisk_parts_them() {
        assert_eq!(words("SET VARIABLE V \"a b\""), ["SET", "VARIABLE", "V", "a b"]);
        assert_eq!(words("  GET\tDATA \"\" 1000 "), ["GET", "DATA", "", "1000"]);
        assert_eq!(words(r#"V a"b c"d"#), ["V", "ab cd"]);
        assert_eq!(words(r"V unquoted\ space"), ["V", "unquoted space"]);
        assert_eq!(words(r#"V "a\"b\\c""#), ["V", r#"a"b\c"#]);
        assert_eq!(words("V \"unterminated quote"), ["V", "unterminated quote"]);
        assert_eq!(words("V \"x\0y\""), ["V", "x"]);
        assert!(words("").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_quoted_and_escaped_comes_back(value in "[^\0\n]{0,40}") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            prop_assert_eq!(words(&format!("V \"{escaped}\" end")), ["V", &value, "end"]);
        }
    }
}
