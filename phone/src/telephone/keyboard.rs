use std::collections::VecDeque;
use std::io::{self, Stdin};

use crossterm::terminal;
use nix::errno::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::{CallerEvent, Key};

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const ESCAPE: u8 = 27;

/// The terminal's keyboard, key by key. Lines are cooked again when it is dropped.
pub(crate) struct Keyboard {
    terminal: AsyncFd<Stdin>,
    typed: VecDeque<CallerEvent>,
}

impl Keyboard {
    /// Takes over the keyboard of the terminal this program runs in.
    #[expect(
        deprecated,
        reason = "its successor is unsafe, for descriptors that are closed too early; standard input never is"
    )]
    pub(crate) fn open() -> io::Result<Self> {
        let terminal = AsyncFd::with_interest(io::stdin(), Interest::READABLE)?;
        terminal::enable_raw_mode()?;
        Ok(Keyboard { terminal, typed: VecDeque::new() })
    }

    /// The next key that means something; a keyboard that has gone counts as hung up.
    pub(crate) async fn next(&mut self) -> CallerEvent {
        loop {
            if let Some(event) = self.typed.pop_front() {
                return event;
            }
            let Ok(mut ready) = self.terminal.readable().await else {
                return CallerEvent::HangUp;
            };
            let mut bytes = [0; 64];
            match nix::unistd::read(ready.get_inner(), &mut bytes) {
                Err(Errno::EINTR) => {}
                Ok(0) | Err(_) => return CallerEvent::HangUp,
                Ok(length) => {
                    if length < bytes.len() {
                        ready.clear_ready();
                    }
                    self.typed.extend(interpret(bytes.get(..length).unwrap_or_default()));
                }
            }
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // There is nobody to tell when the terminal itself has gone.
        let _ = terminal::disable_raw_mode();
    }
}

/// What the keys that were typed are on a telephone: 0-9, `*` and `#` are themselves, Enter is `#`; h, Esc, Ctrl-C and
/// Ctrl-D hang up. What begins with an escape is a key that no telephone has, an arrow for instance.
fn interpret(typed: &[u8]) -> Vec<CallerEvent> {
    match typed {
        [ESCAPE] => vec![CallerEvent::HangUp],
        [ESCAPE, ..] => Vec::new(),
        keys => keys.iter().filter_map(|key| interpret_one(*key)).collect(),
    }
}

fn interpret_one(key: u8) -> Option<CallerEvent> {
    match key {
        b'0'..=b'9' | b'*' | b'#' => Key::new(char::from(key)).ok().map(CallerEvent::Key),
        b'\r' | b'\n' => Some(CallerEvent::Key(Key::POUND)),
        b'h' | b'H' | CTRL_C | CTRL_D => Some(CallerEvent::HangUp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyboard_is_a_telephone_s() {
        let keys = Key::parse_all("0123456789*#").unwrap();
        let pressed: Vec<_> = keys.into_iter().map(CallerEvent::Key).collect();
        assert_eq!(interpret(b"0123456789*#"), pressed);
        assert_eq!(interpret(b"\r"), [CallerEvent::Key(Key::POUND)]);
        for hang_up in [&b"h"[..], b"H", b"\x03", b"\x04", b"\x1b"] {
            assert_eq!(interpret(hang_up), [CallerEvent::HangUp], "{hang_up:?}");
        }
    }

    #[test]
    fn other_keys_do_nothing() {
        for other in [&b"abcdefg"[..], b"A", b"\x1b[A", b"\x1bh", b"\x1a", "é".as_bytes(), b" ."] {
            assert_eq!(interpret(other), [], "{other:?}");
        }
    }
}
