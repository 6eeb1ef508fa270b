//! What each command does to the channel, and the shapes of its replies.

use std::time::Duration;

use super::activity::{Activity, Next};
use super::channel::Channel;
use super::collect::Collection;
use super::command::Command;
use super::sound::Sound;

impl Channel {
    pub(super) fn run(&mut self, command: Command) -> Next {
        match command {
            Command::Answer => {
                self.answered = true;
                self.result(0)
            }
            Command::ChannelStatus { other: None } => {
                self.result(if self.answered { 6 } else { 4 })
            }
            Command::Hangup { other: None } => {
                self.write("200 result=1");
                self.dead = true;
                self.reply("HANGUP")
            }
            Command::ChannelStatus { .. } | Command::Hangup { .. } => self.reply("200 result=-1"),
            Command::Exec { application } if application.eq_ignore_ascii_case(b"NoOp") => {
                self.result(0)
            }
            Command::Exec { .. } => self.reply("200 result=-2"),
            Command::GetData { file, patience, max } => {
                self.get_data(file, Collection::new(patience, max), max)
            }
            Command::GetFullVariable { expression } => {
                let value = self.variables.expand(&expression);
                self.reply_variable(Some(&value))
            }
            Command::GetVariable { name } => {
                let value = self.variables.get(&name).map(<[u8]>::to_vec);
                self.reply_variable(value.as_deref())
            }
            Command::Noop => self.result(0),
            Command::Say { sound, escape } => {
                self.activity = Activity::Saying { escape };
                Next::Play(sound)
            }
            Command::SetAutohangup { after } => {
                self.autohangup = Some(after);
                self.result(0)
            }
            Command::SetVariable { name, value } => {
                self.variables.set(name, value);
                self.result(1)
            }
            Command::StreamFile { file, .. } if self.missing.contains(&file) => {
                self.reply("200 result=-1 endpos=0")
            }
            Command::StreamFile { file, escape } => {
                self.activity = Activity::Streaming { escape };
                Next::Play(Sound::File(file))
            }
            Command::Verbose => self.result(1),
            Command::WaitForDigit { limit } => {
                self.activity = Activity::Waiting;
                Next::Wait(limit)
            }
        }
    }

    fn get_data(&mut self, file: String, collection: Option<Collection>, max: i64) -> Next {
        if max > 1023 {
            self.mistakes.push(format!("GET DATA for {max} keys, which overruns Asterisk's stack"));
        }
        let Some(collection) = collection.filter(|_| !self.missing.contains(&file)) else {
            return self.reply("200 result=-1");
        };
        if file.is_empty() {
            let wait = collection.patience.first;
            self.activity = Activity::Collecting(collection);
            return Next::Collect(wait);
        }
        self.activity = Activity::Prompting(collection);
        Next::Play(Sound::File(file))
    }

    pub(super) fn press_pending(&mut self, mut next: Next) -> Next {
        while self.is_listening() {
            let Some(key) = self.pending.pop_front() else { break };
            let pressed = self.key(key, Duration::ZERO);
            if pressed != Next::Same {
                next = pressed;
            }
        }
        next
    }

    /// A command arrives: the one that is running, if any, stops.
    pub(super) fn interrupt(&mut self, line: &[u8]) {
        if self.is_listening() {
            let late = String::from_utf8_lossy(line);
            self.mistakes.push(format!("{late:?} was sent while another command was running"));
        }
        if matches!(self.activity, Activity::Waiting) {
            self.write("200 result=1");
        }
        self.activity = Activity::Idle;
    }

    pub(super) fn close(&mut self) -> Next {
        if !self.dead {
            self.dead = true;
            self.write("HANGUP");
        }
        self.activity = Activity::Closed;
        Next::Closed
    }

    pub(super) fn result(&mut self, result: u8) -> Next {
        self.reply(&format!("200 result={result}"))
    }

    pub(super) fn reply_value(&mut self, value: &[u8]) -> Next {
        self.output.extend_from_slice(b"200 result=");
        self.output.extend_from_slice(value);
        self.reply("")
    }

    fn reply_variable(&mut self, value: Option<&[u8]>) -> Next {
        match value {
            Some(value) => self.reply_value(&[b"1 (", value, b")"].concat()),
            None => self.result(0),
        }
    }

    pub(super) fn reply(&mut self, line: &str) -> Next {
        self.write(line);
        Next::Command
    }

    pub(super) fn write(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.push(b'\n');
    }
}
