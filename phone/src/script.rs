use std::collections::{BTreeMap, VecDeque};
use std::future;

use crate::{Caller, CallerEvent, Key, KeyError, Sound};

/// What a scripted caller does once a recording plays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Presses these keys. Those that the running command does not want reach the next one.
    Press(Vec<Key>),
    /// Presses these keys, then hangs up.
    PressAndHangUp(Vec<Key>),
    /// Hangs up at once.
    HangUp,
    /// Lets the command finish, then hangs up while the server thinks.
    HangUpAfter,
    /// Does nothing.
    Silence,
}

/// A caller who knows beforehand what to do at each recording.
///
/// Several steps for one recording are done in turn, one each time it plays; the last one is repeated for ever.
#[derive(Clone, Default, Debug)]
pub struct Script {
    steps: BTreeMap<String, VecDeque<Step>>,
    to_do: VecDeque<Action>,
    wrong: Option<KeyError>,
}

#[derive(Clone, Debug)]
enum Action {
    Press(Key),
    HangUp,
    HangUpAfter,
}

impl Script {
    /// A caller who listens and says nothing.
    pub fn new() -> Self {
        Script::default()
    }

    /// Presses `keys` once `prompt` plays. A character that is not a key makes the call fail before it begins.
    #[must_use]
    pub fn on(self, prompt: &str, keys: &str) -> Self {
        self.with_keys(prompt, keys, Step::Press)
    }

    /// Presses `keys` once `prompt` plays and hangs up after the last.
    #[must_use]
    pub fn hang_up_amid(self, prompt: &str, keys: &str) -> Self {
        self.with_keys(prompt, keys, Step::PressAndHangUp)
    }

    /// Does `step` once `prompt` plays.
    #[must_use]
    pub fn step(mut self, prompt: &str, step: Step) -> Self {
        self.steps.entry(prompt.to_owned()).or_default().push_back(step);
        self
    }

    /// Whether every key in the script is one.
    ///
    /// # Errors
    /// With the first character that no telephone has a key for.
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        self.wrong.clone().map_or(Ok(()), Err)
    }

    fn with_keys(mut self, prompt: &str, keys: &str, step: fn(Vec<Key>) -> Step) -> Self {
        match Key::parse_all(keys) {
            Ok(keys) => self.step(prompt, step(keys)),
            Err(error) => {
                self.wrong.get_or_insert(error);
                self
            }
        }
    }

    fn next_step(&mut self, prompt: &str) -> Option<Step> {
        let steps = self.steps.get_mut(prompt)?;
        if steps.len() > 1 { steps.pop_front() } else { steps.front().cloned() }
    }
}

impl Caller for Script {
    fn hear(&mut self, sound: &Sound) {
        match sound.file().and_then(|name| self.next_step(name)) {
            Some(Step::Press(keys)) => self.to_do.extend(keys.into_iter().map(Action::Press)),
            Some(Step::PressAndHangUp(keys)) => {
                self.to_do.extend(keys.into_iter().map(Action::Press));
                self.to_do.push_back(Action::HangUp);
            }
            Some(Step::HangUp) => self.to_do.push_back(Action::HangUp),
            Some(Step::HangUpAfter) => self.to_do.push_back(Action::HangUpAfter),
            Some(Step::Silence) | None => {}
        }
    }

    async fn next(&mut self, listening: bool) -> CallerEvent {
        let event = match self.to_do.front() {
            Some(Action::Press(key)) if listening => CallerEvent::Key(*key),
            Some(Action::HangUpAfter) if !listening => CallerEvent::HangUp,
            Some(Action::HangUp) => CallerEvent::HangUp,
            Some(Action::Press(_) | Action::HangUpAfter) | None => future::pending().await,
        };
        self.to_do.pop_front();
        event
    }
}
