//! Bytes that have arrived and are not yet understood.

use zeroize::Zeroizing;

/// Bytes kept at most. The limits on the environment and on one reply are smaller, so that a
/// stream is refused for what it says before it is refused for its size.
pub const MAX_BUFFERED: usize = 16 * 1024;

/// The longest line that is accepted, line feed included. The longest that a reply to us can be
/// is a variable set by one of our own lines.
pub(super) const MAX_LINE: usize = 4096;

/// A bounded buffer that wipes what was consumed, for it may hold a PIN, and takes no memory while it is empty.
pub(super) struct ReceiveBuffer {
    bytes: Zeroizing<Vec<u8>>,
    taken: usize,
    overflowed: bool,
}

impl ReceiveBuffer {
    pub(super) fn new() -> Self {
        Self { bytes: Zeroizing::new(Vec::new()), taken: 0, overflowed: false }
    }

    /// Keeps what fits and remembers whether anything was lost.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        let unread = self.unread().len();
        let room = MAX_BUFFERED.saturating_sub(unread);
        self.overflowed |= bytes.len() > room;
        let bytes = bytes.get(..room).unwrap_or(bytes);
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            // A vector that grows by itself leaves its bytes behind.
            let mut grown = Zeroizing::new(Vec::with_capacity(2 * unread + bytes.len()));
            grown.extend_from_slice(self.unread());
            (self.bytes, self.taken) = (grown, 0);
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn clear(&mut self) {
        (self.bytes, self.taken) = (Zeroizing::default(), 0);
    }

    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// Takes the next whole line, without its line feed.
    pub(super) fn take_line(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, NoLine> {
        let unread = self.unread();
        let line =
            unread.get(..MAX_LINE).unwrap_or(unread).split_inclusive(|byte| *byte == b'\n').next();
        let Some((b'\n', line)) = line.and_then(<[u8]>::split_last) else {
            return match (unread.len() >= MAX_LINE, self.overflowed) {
                (true, _) => Err(NoLine::TooLong),
                (false, true) => Err(NoLine::Overflow),
                (false, false) => Ok(None),
            };
        };
        if line.len() + 1 == self.bytes.len() {
            // All that there is: an answer almost always comes alone.
            let mut line = std::mem::take(&mut self.bytes);
            line.pop();
            return Ok(Some(line));
        }
        let line = Zeroizing::new(line.to_vec());
        self.taken += line.len() + 1;
        if self.unread().is_empty() {
            self.clear();
        }
        Ok(Some(line))
    }
}

/// Why there will never be a next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoLine {
    TooLong,
    Overflow,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_not_a_line() {
        let mut buffer = ReceiveBuffer::new();
        buffer.append(b"200 result=1");
        assert_eq!(buffer.take_line(), Ok(None));
        buffer.append(b"2\nHANG");
        assert_eq!(buffer.take_line().unwrap().unwrap().as_slice(), b"200 result=12");
        assert_eq!(buffer.unread(), b"HANG");
    }

    #[test]
    fn the_longest_line_is_accepted_and_one_byte_more_is_not() {
        let mut buffer = ReceiveBuffer::new();
        buffer.append(&[b'x'; MAX_LINE - 1]);
        assert_eq!(buffer.take_line(), Ok(None));
        buffer.append(b"\n");
        assert_eq!(buffer.take_line().unwrap().unwrap().len(), MAX_LINE - 1);
        buffer.append(&[b'x'; MAX_LINE]);
        assert_eq!(buffer.take_line(), Err(NoLine::TooLong));
    }

    #[test]
    fn what_does_not_fit_is_not_forgotten() {
        let mut buffer = ReceiveBuffer::new();
        buffer.append(&b"x\n".repeat(MAX_BUFFERED));
        assert_eq!(buffer.unread().len(), MAX_BUFFERED);
        for _ in 0..MAX_BUFFERED / 2 {
            assert!(buffer.take_line().unwrap().is_some());
        }
        assert_eq!(buffer.take_line(), Err(NoLine::Overflow));
    }
}
