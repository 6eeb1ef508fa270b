//! Lines of ours in a file of Asterisk's, between two markers. What stands around them is any bytes, and stays as it is.

/// The first line of the block.
pub(super) const BEGIN: &str =
    "; BEGIN dialgate: made by `dialgate setup`, taken back by `dialgate setup --undo`";
/// The last line of the block.
pub(super) const END: &str = "; END dialgate";

/// A file that cannot be trusted to hold the block whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the lines `; BEGIN dialgate...` and `; END dialgate` do not stand in it once each, in this order"
)]
pub(crate) struct Torn;

/// A file in three parts: what is before the block, its lines, and what comes after it.
struct Parts<'a> {
    before: &'a [u8],
    lines: &'a [u8],
    after: &'a [u8],
}

/// The lines of the block; `None` when there is none.
pub(super) fn find(text: &[u8]) -> Result<Option<String>, Torn> {
    Ok(split(text)?.map(|parts| String::from_utf8_lossy(parts.lines).into_owned()))
}

/// The file with a block of these lines: where it was, or at the end.
pub(super) fn insert(text: &[u8], lines: &str) -> Result<Vec<u8>, Torn> {
    let block = format!("{BEGIN}\n{lines}{END}\n");
    Ok(match split(text)? {
        Some(Parts { before, lines: old, after }) => {
            let context = context_behind(old, lines.as_bytes(), after);
            [before, block.as_bytes(), &context, after].concat()
        }
        // The line break also ends a last line that has none of its own.
        None => [text, b"\n", block.as_bytes()].concat(),
    })
}

/// The file without the block: as it was before [`insert`], with what was added behind it.
pub(super) fn remove(text: &[u8]) -> Result<Vec<u8>, Torn> {
    let Some(Parts { before, lines, after }) = split(text)? else { return Ok(text.to_owned()) };
    // Of the line break before the block only that is kept which now has to end the last line of a file gone on with.
    let whole = before.strip_suffix(b"\n").unwrap_or(before);
    let ends_a_line = whole.is_empty() || whole.ends_with(b"\n") || after.is_empty();
    let before = if ends_a_line { whole } else { before };
    Ok([before, &context_behind(lines, b"", after), after].concat())
}

/// The line `[context]` without which lines behind the block would be in another context than they are in now.
fn context_behind(old: &[u8], new: &[u8], after: &[u8]) -> Vec<u8> {
    let first = code_of(after).next();
    let goes_on = first.is_some_and(|line| !line.starts_with(b"["));
    let last_of = |lines| code_of(lines).filter(|line| line.starts_with(b"[")).last();
    match last_of(old) {
        Some(context) if goes_on && last_of(new) != Some(context) => [context, b"\n"].concat(),
        Some(_) | None => Vec::new(),
    }
}

/// The lines that are neither empty nor comments.
fn code_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty() && !line.starts_with(b";"))
}

fn split(text: &[u8]) -> Result<Option<Parts<'_>>, Torn> {
    let (begins, ends) = (lines_like(text, BEGIN), lines_like(text, END));
    match (begins.as_slice(), ends.as_slice()) {
        ([], []) => Ok(None),
        ([(begin, lines)], [(end, after)]) if lines <= end => {
            let part = |from: usize, to: usize| text.get(from..to).ok_or(Torn);
            Ok(Some(Parts {
                before: part(0, *begin)?,
                lines: part(*lines, *end)?,
                after: part(*after, text.len())?,
            }))
        }
        _ => Err(Torn),
    }
}

/// Where each line that is `wanted` begins, and where the one after it does.
fn lines_like(text: &[u8], wanted: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut begin = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let next = begin + line.len();
        if line.trim_ascii() == wanted.as_bytes() {
            found.push((begin, next));
        }
        begin = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINES: &str =
        "#include dialgate.conf\n\n[from-carrier]\nexten => 15125550100,1,Goto(dialgate,s,1)\n";

    #[test]
    fn a_block_goes_to_the_end_and_is_told_from_what_was_there() {
        let text = insert(b"[general]\nstatic=yes", "#include dialgate.conf\n").unwrap();
        let expected = format!("[general]\nstatic=yes\n{BEGIN}\n#include dialgate.conf\n{END}\n");
        assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
        assert_eq!(find(&text).unwrap().unwrap(), "#include dialgate.conf\n");
        assert_eq!(find(b"[general]\n").unwrap(), None);
    }

    #[test]
    fn other_lines_take_the_place_of_those_that_were_there() {
        let first = insert(b"[a]\n", "one\n").unwrap();
        let first = [first, b"[b]\n".to_vec()].concat();
        let second = insert(&first, LINES).unwrap();
        assert_eq!(find(&second).unwrap().unwrap(), LINES);
        assert_eq!(remove(&second).unwrap(), b"[a]\n[b]\n");
    }

    #[test]
    fn a_line_is_never_joined_to_one_that_was_added_behind_the_block() {
        let text = [insert(b"[a]", LINES).unwrap(), b"[b]\n".to_vec()].concat();
        assert_eq!(remove(&text).unwrap(), b"[a]\n[b]\n");
        let tidied = format!("[a]\n{BEGIN}\n{END}\n[b]\n");
        assert_eq!(remove(tidied.as_bytes()).unwrap(), b"[a]\n[b]\n");
    }

    #[test]
    fn half_a_block_and_two_of_them_are_left_alone() {
        for text in [
            BEGIN.to_owned(),
            END.to_owned(),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{BEGIN}\n{END}\n"),
            format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n"),
        ] {
            let text = text.as_bytes();
            assert_eq!(
                (find(text), insert(text, LINES), remove(text)),
                (Err(Torn), Err(Torn), Err(Torn))
            );
        }
    }

    proptest! {
        #[test]
        fn what_was_inserted_and_removed_leaves_the_file_as_it_was(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b';'), any::<u8>()], 0..200)
        ) {
            let inserted = insert(&text, LINES).unwrap();
            prop_assert_eq!(insert(&inserted, LINES).unwrap(), inserted.clone());
            prop_assert_eq!(find(&inserted).unwrap().unwrap(), LINES);
            prop_assert_eq!(remove(&inserted).unwrap(), text.clone());
            prop_assert_eq!(remove(&text).unwrap(), text);
        }

        #[test]
        fn what_others_add_at_either_end_stays(before in "[a-z\n]{0,20}", after in "[a-z\n]{0,20}") {
            let inserted = insert(b"[own]\n", "#include dialgate.conf\n").unwrap();
            let text = [before.as_bytes(), b"\n", &inserted, after.as_bytes()].concat();
            let expected = [before.as_bytes(), b"\n[own]\n", after.as_bytes()].concat();
            prop_assert_eq!(remove(&text).unwrap(), expected);
        }
    }
}
