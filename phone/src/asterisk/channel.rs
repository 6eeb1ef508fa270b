use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::activity::{Activity, Next};
use super::argv::{MAX_ARGS, argv};
use super::command::Command;
use super::environment::Environment;
use super::key::Key;
use super::variables::Variables;
use super::verb;

/// What becomes of keys that are pressed while no command is running.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Typeahead {
    /// They are lost, as in Asterisk.
    #[default]
    Lost,
    /// They wait for the next command that listens. No Asterisk does this.
    Kept,
}

/// One channel in `AGI()`, without a clock: whoever drives it says when a sound has been played or a wait is over.
///
/// Only what happens on a telephone and in a dialogue is here. Of the commands, those that an IVR needs; `EXEC` knows
/// `NoOp` alone.
pub struct Channel {
    pub(super) variables: Variables,
    pub(super) typeahead: Typeahead,
    pub(super) missing: BTreeSet<String>,
    pub(super) pending: VecDeque<Key>,
    pub(super) activity: Activity,
    pub(super) output: Vec<u8>,
    pub(super) answered: bool,
    pub(super) dead: bool,
    pub(super) autohangup: Option<Duration>,
    pub(super) mistakes: Vec<String>,
}

impl Channel {
    /// A ringing channel, whose environment has been written to [`Channel::output`].
    pub fn new(environment: &Environment, typeahead: Typeahead) -> Self {
        Channel {
            variables: Variables::new(environment),
            typeahead,
            missing: BTreeSet::new(),
            pending: VecDeque::new(),
            activity: Activity::Idle,
            output: environment.render(),
            answered: false,
            dead: false,
            autohangup: None,
            mistakes: Vec::new(),
        }
    }

    /// Makes a recording one that is not installed.
    pub fn remove_sound(&mut self, name: impl Into<String>) {
        self.missing.insert(name.into());
    }

    /// A command line from the server, without its line feed.
    ///
    /// Another command while one is running stops that one, which is then never answered (`WAIT FOR DIGIT` alone is).
    pub fn line(&mut self, line: &[u8]) -> Next {
        self.interrupt(line);
        if line.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"failure")) {
            return self.close();
        }
        let words = argv(line);
        if words.len() == MAX_ARGS {
            self.mistakes.push("a command with 127 words or more".into());
        }
        let Some(entry) = verb::find(&words) else {
            return self.reply("510 Invalid or unknown command");
        };
        if self.dead && !entry.dead {
            return self.reply("511 Command Not Permitted on a dead channel or intercept routine");
        }
        let Some(command) = Command::parse(entry, &words) else {
            return self.reply(&format!(
                "520-Invalid command syntax.  Proper usage follows:\n{}\n520 End of proper usage.",
                entry.usage
            ));
        };
        let next = self.run(command);
        self.press_pending(next)
    }

    /// The caller presses a key; `position` is how long the sound has been playing.
    pub fn key(&mut self, key: Key, position: Duration) -> Next {
        match std::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::Streaming { escape } if escape.contains(&key.ascii()) => {
                self.reply(&format!("200 result={} endpos={}", key.ascii(), samples(position)))
            }
            Activity::Saying { escape } if escape.contains(&key.ascii()) => {
                self.result(key.ascii())
            }
            Activity::Prompting(mut collection) | Activity::Collecting(mut collection) => {
                if let Some(value) = collection.press(key) {
                    return self.reply_value(&value);
                }
                let wait = collection.patience.between;
                self.activity = Activity::Collecting(collection);
                Next::Collect(wait)
            }
            Activity::Waiting => self.result(key.ascii()),
            Activity::Idle => {
                if self.typeahead == Typeahead::Kept {
                    self.pending.push_back(key);
                }
                Next::Command
            }
            same @ (Activity::Streaming { .. } | Activity::Saying { .. } | Activity::Closed) => {
                self.activity = same;
                Next::Same
            }
        }
    }

    /// The sound has been played to its end, which took `length` when nobody hurried it.
    pub fn played(&mut self, length: Duration) -> Next {
        match std::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::Streaming { .. } => {
                self.reply(&format!("200 result=0 endpos={}", samples(length)))
            }
            Activity::Saying { .. } => self.result(0),
            Activity::Prompting(collection) => {
                let wait = collection.patience.first;
                self.activity = Activity::Collecting(collection);
                Next::Collect(wait)
            }
            other @ (Activity::Idle
            | Activity::Collecting(_)
            | Activity::Waiting
            | Activity::Closed) => {
                self.activity = other;
                Next::Same
            }
        }
    }

    /// Nobody pressed a key for as long as [`Next::Collect`] or [`Next::Wait`] said.
    pub fn timed_out(&mut self) -> Next {
        match std::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::Collecting(collection) => self.reply_value(&collection.timed_out()),
            Activity::Waiting => self.result(0),
            other @ (Activity::Idle
            | Activity::Streaming { .. }
            | Activity::Saying { .. }
            | Activity::Prompting(_)
            | Activity::Closed) => {
                self.activity = other;
                Next::Same
            }
        }
    }

    /// The caller hangs up, or the automatic hang-up is due.
    pub fn hang_up(&mut self, position: Duration) -> Next {
        if self.dead {
            return Next::Same;
        }
        match std::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::Streaming { .. } => {
                self.write(&format!("200 result=-1 endpos={}", samples(position)));
            }
            Activity::Saying { .. }
            | Activity::Prompting(_)
            | Activity::Collecting(_)
            | Activity::Waiting => self.write("200 result=-1"),
            Activity::Idle => {}
            Activity::Closed => return self.close(),
        }
        self.dead = true;
        self.reply("HANGUP")
    }

    /// The server has closed its side; `rest` is what it wrote after its last line feed, which is a command too.
    pub fn server_closed(&mut self, rest: &[u8]) -> Next {
        if !rest.is_empty() {
            let _ = self.line(rest);
        }
        self.close()
    }

    /// The bytes for the server since the last time.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// When `SET AUTOHANGUP` ends the call, counted from its command; told once. Zero means no more.
    pub fn take_autohangup(&mut self) -> Option<Duration> {
        self.autohangup.take()
    }

    /// Whether a key that is pressed now reaches a command.
    pub fn is_listening(&self) -> bool {
        !matches!(self.activity, Activity::Idle | Activity::Closed)
    }

    /// Whether the caller has hung up or was hung up on.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// The variables that the server has set.
    pub fn variables(&self) -> BTreeMap<String, String> {
        self.variables.set_by_server()
    }

    /// The language of what is heard, as a tag such as `de_AT`.
    pub fn language(&self) -> String {
        let tag = self.variables.get(b"CHANNEL(language)").unwrap_or_default();
        String::from_utf8_lossy(tag).into_owned()
    }

    /// What the server did that a real Asterisk takes amiss, in words.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

/// A position in samples, of which there are 8000 in a second.
fn samples(position: Duration) -> u128 {
    position.as_millis() * 8
}
