use std::time::Duration;

use super::collect::Collection;
use super::sound::Sound;

/// What the channel does until something happens to it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Next {
    /// No command is running: it waits for one.
    Command,
    /// It plays this from the start; [`Channel::played`](super::Channel::played) ends it.
    Play(Sound),
    /// `GET DATA` listens for a key; [`Channel::timed_out`](super::Channel::timed_out) after this long, or never.
    Collect(Option<Duration>),
    /// `WAIT FOR DIGIT` listens for a key; [`Channel::timed_out`](super::Channel::timed_out) after this long, or never.
    Wait(Option<Duration>),
    /// It goes on as before: the key was not asked for.
    Same,
    /// Asterisk has closed the connection.
    Closed,
}

/// What a channel is at.
pub(super) enum Activity {
    Idle,
    Streaming { escape: Vec<u8> },
    Saying { escape: Vec<u8> },
    Prompting(Collection),
    Collecting(Collection),
    Waiting,
    Closed,
}
