use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::{CallerEvent, Key};

/// How long the reading thread takes at most to see that nobody listens any more.
const LOOK_UP: Duration = Duration::from_millis(100);

/// The terminal's keyboard, key by key. Lines are cooked again when it is dropped.
pub(crate) struct Keyboard {
    events: UnboundedReceiver<CallerEvent>,
    over: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Keyboard {
    /// Takes over the keyboard of the terminal this program runs in.
    pub(crate) fn open() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let (sender, events) = mpsc::unbounded_channel();
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let reader = thread::spawn(move || read(&sender, &seen));
        Ok(Keyboard { events, over, reader: Some(reader) })
    }

    /// The next key that means something; a keyboard that has gone counts as hung up.
    pub(crate) async fn next(&mut self) -> CallerEvent {
        self.events.recv().await.unwrap_or(CallerEvent::HangUp)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            // The thread holds nothing that could be lost; a panic in it has been reported already.
            let _ = reader.join();
        }
        // There is nobody to tell when the terminal itself has gone.
        let _ = terminal::disable_raw_mode();
    }
}

fn read(sender: &UnboundedSender<CallerEvent>, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let pressed = match event::poll(LOOK_UP) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
        let Ok(pressed) = pressed else { return };
        if let Some(event) = interpret(&pressed)
            && sender.send(event).is_err()
        {
            return;
        }
    }
}

/// What a key of the keyboard is on a telephone: 0-9, `*` and `#` are themselves, Enter is `#`; h, Esc and Ctrl-C hang
/// up.
fn interpret(event: &Event) -> Option<CallerEvent> {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event else {
        return None;
    };
    if *code == KeyCode::Esc {
        return Some(CallerEvent::HangUp);
    }
    if *code == KeyCode::Enter {
        return Some(CallerEvent::Key(Key::POUND));
    }
    match code.as_char()? {
        'c' if modifiers.contains(KeyModifiers::CONTROL) => Some(CallerEvent::HangUp),
        'h' | 'H' => Some(CallerEvent::HangUp),
        label @ ('0'..='9' | '*' | '#') => Key::new(label).ok().map(CallerEvent::Key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Option<CallerEvent> {
        interpret(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn the_keyboard_is_a_telephone_s() {
        for label in "0123456789*#".chars() {
            let key = Key::new(label).unwrap();
            assert_eq!(
                press(KeyCode::Char(label), KeyModifiers::NONE),
                Some(CallerEvent::Key(key))
            );
        }
        let hang_up = Some(CallerEvent::HangUp);
        assert_eq!(press(KeyCode::Char('h'), KeyModifiers::NONE), hang_up);
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), hang_up);
        assert_eq!(press(KeyCode::Esc, KeyModifiers::NONE), hang_up);
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::NONE), None);
        let pound = Some(CallerEvent::Key(Key::POUND));
        assert_eq!(press(KeyCode::Enter, KeyModifiers::NONE), pound);
        assert_eq!(press(KeyCode::Char('A'), KeyModifiers::SHIFT), None, "no military keypad");
    }
}
