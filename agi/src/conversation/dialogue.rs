use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::question::{Question, Tries};
use super::{Action, Ahead, Conversation, Ending, Speech, Stage, Turn, answered};
use crate::Prompt;
use crate::protocol::{Digits, Ended, Key};

/// What is still to be said, what has been typed already, and how many tries are left.
#[derive(Debug, Default)]
pub(super) struct Dialogue {
    speech: VecDeque<Speech>,
    /// What was typed of the next entry before it was asked for.
    begun: Zeroizing<String>,
    /// That is all of it.
    is_whole: bool,
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

    /// Asks.
    pub(super) fn ask(self, question: Question) -> Turn {
        self.say([], Stage::Asking(question))
    }

    /// Says something and asks once more, or says goodbye when that was the last try.
    pub(super) fn ask_again(self, speech: Vec<Speech>, question: Question) -> Turn {
        let mut dialogue = self;
        let allowed = dialogue.tries.allow(&question);
        dialogue.ask_if(allowed, speech, question)
    }

    /// Asks something else than what was to be answered.
    pub(super) fn turn_to(self, question: Question) -> Turn {
        let mut dialogue = self;
        let allowed = dialogue.tries.allow_turn();
        dialogue.ask_if(allowed, vec![], question)
    }

    /// Asks once more because the caller wants to hear it again.
    pub(super) fn say_again(self, speech: Vec<Speech>, question: Question) -> Turn {
        let mut dialogue = self;
        let allowed = dialogue.tries.allow_turn();
        dialogue.ask_if(allowed, speech, question)
    }

    fn ask_if(self, allowed: bool, mut speech: Vec<Speech>, question: Question) -> Turn {
        if allowed {
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
            Stage::Asking(question) if self.is_whole || self.is_one_key_of(&question) => {
                self.is_whole = false;
                let keys = std::mem::take(&mut self.begun);
                answered(self, question, &keys)
            }
            Stage::Asking(question) => {
                let action = question.collect(self.begun.len(), &self.tries);
                self.perform(action, Stage::Collecting(question))
            }
            Stage::Closing(ending) => Turn::End(ending),
            Stage::Answering
            | Stage::Collecting(_)
            | Stage::CheckingLogin
            | Stage::LookingUp(_)
            | Stage::SettingLanguage(_)
            | Stage::HashingPin(_)
            | Stage::Enqueueing(..)
            | Stage::AwaitingVerdict(..) => Turn::End(Ending::Error),
        }
    }

    /// Takes a key pressed during the speech for the beginning of the entry, or all of it; any other than a `#`, and
    /// one that comes before the address to be confirmed has begun to be read back.
    pub(super) fn barge_in(mut self, question: Question, key: Key) -> Turn {
        self.hash_may_follow = false;
        let unheard = self.speech.iter().any(|speech| matches!(speech, Speech::Address(_)));
        if key.as_char() != '#' && !(unheard && question.needs_the_address_heard()) {
            self.speech.clear();
            self.begun.push(key.as_char());
            self.hash_may_follow = self.is_one_key_of(&question);
        }
        self.go_on(Stage::Asking(question))
    }

    /// Takes what was typed before anything was asked for the beginning of the next entry, or all of it. A `#` alone
    /// belongs to the entry before.
    pub(super) fn begin_entry(&mut self, ahead: &Ahead) {
        self.hash_may_follow = false;
        self.is_whole = ahead.is_whole && !ahead.digits.is_empty();
        self.begun.push_str(ahead.digits.as_str());
    }

    /// How many keys were typed before anything was asked.
    pub(super) fn begun(&self) -> usize {
        self.begun.len()
    }

    /// The whole entry, or `None` when it is only the `#` that belongs to the entry before it.
    pub(super) fn entry(&mut self, digits: &Digits, ended: Ended) -> Option<Zeroizing<String>> {
        let begun = std::mem::take(&mut self.begun);
        let hash_alone = begun.is_empty() && digits.is_empty() && ended == Ended::Hash;
        let late = std::mem::replace(&mut self.hash_may_follow, ended == Ended::Full);
        if late && hash_alone {
            return None;
        }
        let mut entry = Zeroizing::new(String::with_capacity(begun.len() + digits.len()));
        entry.push_str(&begun);
        entry.push_str(digits.as_str());
        Some(entry)
    }

    fn is_one_key_of(&self, question: &Question) -> bool {
        question.takes_one_key() && self.begun.len() == 1
    }
}
