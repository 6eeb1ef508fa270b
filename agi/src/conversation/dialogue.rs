use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::question::{Question, Tries};
use super::{Action, Conversation, Ending, Speech, Stage, Turn};
use crate::Prompt;
use crate::protocol::{Digits, Ended, Key};

/// What is still to be said, what has been typed already, and how many tries are left.
#[derive(Debug, Default)]
pub(super) struct Dialogue {
    speech: VecDeque<Speech>,
    /// The key that cut the speech before a question short.
    first_key: Option<Key>,
    /// The last entry ended with its last possible key, so that a `#` may follow it late.
    hash_may_follow: bool,
    tries: Tries,
}

impl Dialogue {
    /// Says everything, then does what `stage` is about.
    pub(super) fn say(mut self, speech: impl IntoIterator<Item = Speech>, stage: Stage) -> Turn {
        self.speech.extend(speech);
        self.go_on(stage)
    }

    /// Says something and asks once more, or says goodbye when that was the last try.
    pub(super) fn ask_again(mut self, mut speech: Vec<Speech>, question: Question) -> Turn {
        if self.tries.allow(&question) {
            return self.say(speech, Stage::Asking(question));
        }
        speech.push(Prompt::TooManyTries.into());
        self.close(speech, question.ending())
    }

    /// Says the last words, and goodbye.
    pub(super) fn close(
        mut self,
        speech: impl IntoIterator<Item = Speech>,
        ending: Ending,
    ) -> Turn {
        self.speech.extend(speech);
        self.say([Prompt::Goodbye.into()], Stage::Closing(ending))
    }

    pub(super) fn perform(self, action: Action, stage: Stage) -> Turn {
        Turn::Do(Conversation { stage, dialogue: self }, action)
    }

    /// Says what is left to say, then asks or ends.
    pub(super) fn go_on(mut self, stage: Stage) -> Turn {
        if let Some(speech) = self.speech.pop_front() {
            return self.perform(Action::Say(speech), stage);
        }
        match stage {
            Stage::Asking(question) => {
                let action = question.collect(self.first_key.is_some());
                self.perform(action, Stage::Collecting(question))
            }
            Stage::Closing(ending) => Turn::End(ending),
            Stage::Answering
            | Stage::Collecting(_)
            | Stage::CheckingLogin
            | Stage::Enqueueing(_)
            | Stage::AwaitingVerdict(_) => Turn::End(Ending::Error),
        }
    }

    /// Takes a key pressed during the speech for the beginning of the entry. `false` for a key that is none: a `#`,
    /// or one that comes before the address to be confirmed has begun to be read back.
    pub(super) fn begin_entry(&mut self, key: Key) -> bool {
        self.hash_may_follow = false;
        let unheard = self.speech.iter().any(|speech| matches!(speech, Speech::Address(_)));
        if unheard || key.as_char() == '#' {
            return false;
        }
        self.speech.clear();
        self.first_key = Some(key);
        true
    }

    /// The entry, when one key is all of it.
    pub(super) fn entry_of_one_key(&mut self) -> Zeroizing<String> {
        self.hash_may_follow = true;
        self.first_key
            .take()
            .map(|key| Zeroizing::new(key.as_char().to_string()))
            .unwrap_or_default()
    }

    /// The whole entry, or `None` when it is only the `#` that belongs to the entry before it.
    pub(super) fn entry(&mut self, digits: &Digits, ended: Ended) -> Option<Zeroizing<String>> {
        let first_key = self.first_key.take();
        let hash_alone = first_key.is_none() && digits.is_empty() && ended == Ended::Hash;
        let late = std::mem::replace(&mut self.hash_may_follow, ended == Ended::Full);
        if late && hash_alone {
            return None;
        }
        let mut entry = Zeroizing::new(String::with_capacity(digits.len() + 1));
        entry.extend(first_key.map(Key::as_char));
        entry.push_str(digits.as_str());
        Some(entry)
    }
}
