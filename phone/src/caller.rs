use std::future::Future;

use dialgate_contract::Language;

use crate::{Ending, Key, Sound};

/// What a caller does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerEvent {
    /// Presses a key.
    Key(Key),
    /// Hangs up.
    HangUp,
}

/// Whoever holds the receiver: a [`Script`](crate::Script) or a person at a terminal.
pub trait Caller: Send {
    /// What the caller hears next is in this language.
    fn listen_in(&mut self, language: Language) {
        let _ = language;
    }

    /// The caller hears this, from now on.
    fn hear(&mut self, sound: &Sound);

    /// What the caller does next, whenever that is. It is dropped and called again whenever something else happens.
    ///
    /// `listening` says whether a command is running; a key that is pressed while none is, is lost.
    fn next(&mut self, listening: bool) -> impl Future<Output = CallerEvent> + Send;

    /// A key has been pressed; `taken` says whether the command that is running asked for it.
    fn pressed(&mut self, key: Key, taken: bool) {
        let _ = (key, taken);
    }

    /// The call is over.
    fn ended(&mut self, ending: Ending) {
        let _ = ending;
    }
}
