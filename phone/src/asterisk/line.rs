/// The longest command line Asterisk reads at once, line feed included (20.16, 21.11, 22.6 and later); the rest of a
/// longer one is taken for the next command.
const LINE_LIMIT: usize = 8191;

/// Bytes from the server, cut into lines as `fgets` cuts them.
#[derive(Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
}

impl Lines {
    /// Where the next bytes of the server go, at the end.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The next line, without its line feed.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        let window = self.bytes.iter().take(LINE_LIMIT);
        if let Some(end) = window.clone().position(|byte| *byte == b'\n') {
            let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
            line.pop();
            return Some(line);
        }
        (window.len() == LINE_LIMIT).then(|| self.bytes.drain(..LINE_LIMIT).collect())
    }

    /// Whether the server has written more than it has been answered.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What is left when the server closes: a last line without a line feed is a command all the same.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_goes_on_as_the_next_command() {
        let mut lines = Lines::default();
        lines.buffer().extend_from_slice(&[b'x'; LINE_LIMIT]);
        lines.buffer().extend_from_slice(b"NOOP\nhalf");
        assert_eq!(lines.next().map(|line| line.len()), Some(LINE_LIMIT));
        assert_eq!(lines.next().as_deref(), Some(&b"NOOP"[..]));
        assert_eq!(lines.next(), None);
        assert_eq!(lines.rest(), b"half");
        assert!(lines.is_empty());
    }
}
