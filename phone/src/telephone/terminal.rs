use std::io::{self, Write};

use dialgate_contract::Language;

use super::keyboard::Keyboard;
use super::screen::Screen;
use crate::{Caller, CallerEvent, Ending, Key, Sound};

/// A person at a terminal.
pub(crate) struct Terminal {
    keyboard: Keyboard,
    screen: Screen,
}

/// Another caller, whose call is shown as if a person had made it.
pub(crate) struct Echo<C> {
    caller: C,
    screen: Screen,
}

impl Terminal {
    /// Takes over the terminal until it is dropped.
    pub(crate) fn open(screen: Screen) -> io::Result<Self> {
        Ok(Terminal { keyboard: Keyboard::open()?, screen })
    }

    /// Waits, without hurry, until the person wants to call; `false` when they would rather not.
    pub(crate) async fn is_ready(&mut self) -> bool {
        const QUESTION: &str = "    Press Enter to call.";
        show(QUESTION);
        let event = self.keyboard.next().await;
        show(&format!("\r{}\r", " ".repeat(QUESTION.len())));
        event != CallerEvent::HangUp
    }
}

impl<C: Caller> Echo<C> {
    pub(crate) fn new(caller: C, screen: Screen) -> Self {
        Echo { caller, screen }
    }
}

impl Caller for Terminal {
    fn listen_in(&mut self, language: Language) {
        self.screen.speak(language);
    }

    fn hear(&mut self, sound: &Sound) {
        show(&self.screen.hear(sound).replace('\n', "\r\n"));
    }

    async fn next(&mut self, _listening: bool) -> CallerEvent {
        self.keyboard.next().await
    }

    fn pressed(&mut self, key: Key, taken: bool) {
        if taken {
            show(&self.screen.press(key).replace('\n', "\r\n"));
        }
    }

    fn ended(&mut self, ending: Ending) {
        show(&self.screen.end(ending).replace('\n', "\r\n"));
    }
}

impl<C: Caller> Caller for Echo<C> {
    fn listen_in(&mut self, language: Language) {
        self.screen.speak(language);
        self.caller.listen_in(language);
    }

    fn hear(&mut self, sound: &Sound) {
        show(&self.screen.hear(sound));
        self.caller.hear(sound);
    }

    async fn next(&mut self, listening: bool) -> CallerEvent {
        self.caller.next(listening).await
    }

    fn pressed(&mut self, key: Key, taken: bool) {
        if taken {
            show(&self.screen.press(key));
        }
        self.caller.pressed(key, taken);
    }

    fn ended(&mut self, ending: Ending) {
        show(&self.screen.end(ending));
        self.caller.ended(ending);
    }
}

/// Shows text at once, without waiting for the end of a line. A reader who has gone does not end the call.
pub(crate) fn show(text: &str) {
    let _ = print(text);
}

/// [`show`], for what must have been seen.
///
/// # Errors
/// When it cannot be written, unless the reader has gone and has seen enough.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
