//! The shape of netlink's messages (`linux/netlink.h`): a length and a kind, a header, and attributes in attributes.
//! Nothing here trusts a length.

/// The answer is an error, or that there is none.
pub(super) const ERROR: u16 = 2;
/// The last of several answers.
pub(super) const DONE: u16 = 3;

/// One message, without its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// What it says.
    pub kind: u16,
    /// What follows the header.
    pub body: &'a [u8],
}

/// The messages that one read brought.
pub(super) fn messages(bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::try_from(u32::from_ne_bytes(*rest.first_chunk()?)).ok()?;
        let kind = u16::from_ne_bytes(*rest.get(4..)?.first_chunk()?);
        let body = rest.get(16..length)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some(Message { kind, body })
    })
}

/// The attributes in a message's or another attribute's content: their numbers and contents.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    /// The upper two bits say how the content is written, not what it is.
    const NUMBER: u16 = 0x3fff;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(*rest.first_chunk()?));
        let kind = u16::from_ne_bytes(*rest.get(2..)?.first_chunk()?);
        let content = rest.get(4..length)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some((kind & NUMBER, content))
    })
}

/// The content of the first attribute with this number.
pub(crate) fn attribute(bytes: &[u8], number: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(found, _)| *found == number).map(|(_, content)| content)
}

/// A number as nf_tables writes it.
pub(crate) fn number(content: &[u8]) -> Option<u32> {
    content.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// A name as it may be shown: other people choose them.
pub(crate) fn name(content: &[u8]) -> String {
    let text = content.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text)
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { '?' })
        .take(64)
        .collect()
}

/// A message to the kernel.
pub(super) fn request(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len().saturating_add(16)).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend(body);
    bytes
}

/// An attribute, with what fills it up to the next one.
pub(crate) fn written(number: u16, content: &[u8]) -> Vec<u8> {
    let length = content.len().saturating_add(4);
    let mut bytes = u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes().to_vec();
    bytes.extend(number.to_ne_bytes());
    bytes.extend(content);
    bytes.resize(aligned(length), 0);
    bytes
}

const fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut body = written(3, b"INPUT\0");
        body.extend(written(5, &7u32.to_be_bytes()));
        let mut bytes = request(1, 0, &body);
        bytes.extend(request(2, 0, &[]));
        let read: Vec<_> = messages(&bytes).collect();
        assert_eq!(read, [Message { kind: 1, body: &body }, Message { kind: 2, body: &[] }]);
        assert_eq!(name(attribute(&body, 3).unwrap()), "INPUT");
        assert_eq!(number(attribute(&body, 5).unwrap()), Some(7));
        assert_eq!(attribute(&body, 4), None);
    }

    #[test]
    fn a_name_that_somebody_else_chose_cannot_leave_its_line() {
        assert_eq!(name(b"a b\n\x1b[2J\0hidden"), "a?b??[2J");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for message in messages(&bytes) {
                prop_assert!(attributes(message.body).count() <= 50);
            }
            let _ = attributes(&bytes).count();
        }
    }
}
