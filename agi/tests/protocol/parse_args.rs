//! How Asterisk takes a command line apart, after the behaviour of `parse_args` in `res_agi.c`.

/// Splits a line, without its line feed, into words: on spaces and tabs outside quotes; `"` toggles
/// quoting and `\` takes the next byte literally, inside quotes and outside.
pub(super) fn parse_args(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quoted = false;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            b' ' | b'\t' if !quoted => words.extend(word.take()),
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words
}

/// The lines that Asterisk reads from a stream: it knows only LF, and NUL ends what it sees.
pub(super) fn lines(stream: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = stream.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines.pop(), Some(&b""[..]), "a stream of commands ends with a line feed");
    lines
}

#[test]
fn words_are_split_as_recorded_from_asterisk() {
    let cases: [(&str, &[&str]); 8] = [
        (r#"SET VARIABLE V """#, &["SET", "VARIABLE", "V", ""]),
        (r#"SET VARIABLE V "a\"b\\c""#, &["SET", "VARIABLE", "V", r#"a"b\c"#]),
        (r"SET VARIABLE V unquoted\ space", &["SET", "VARIABLE", "V", "unquoted space"]),
        (r#"SET VARIABLE V a"b c"d"#, &["SET", "VARIABLE", "V", "ab cd"]),
        (r#"SET VARIABLE V "unterminated quote"#, &["SET", "VARIABLE", "V", "unterminated quote"]),
        ("SET VARIABLE V \"tab\there\"", &["SET", "VARIABLE", "V", "tab\there"]),
        ("  A \t B  ", &["A", "B"]),
        ("", &[]),
    ];
    for (line, words) in cases {
        let expected: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        assert_eq!(parse_args(line.as_bytes()), expected, "{line}");
    }
}
