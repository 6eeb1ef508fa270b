//! `GET DATA`: `ast_app_getdata_full` and `ast_readstring_full` of `main/app.c` and `main/channel.c`.

use std::time::Duration;

use super::key::Key;

/// How long Asterisk waits for the first key and between keys; `None` is for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Patience {
    pub(super) first: Option<Duration>,
    pub(super) between: Option<Duration>,
}

impl Patience {
    /// Zero is six seconds for the first key and two between keys; a negative number is for ever.
    pub(super) fn from_milliseconds(milliseconds: i64) -> Self {
        let given = u64::try_from(milliseconds).ok().map(Duration::from_millis);
        match given {
            Some(Duration::ZERO) => Patience {
                first: Some(Duration::from_secs(6)),
                between: Some(Duration::from_secs(2)),
            },
            other => Patience { first: other, between: other },
        }
    }
}

/// The keys that a `GET DATA` has so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Collection {
    digits: Vec<u8>,
    max: usize,
    pub(super) patience: Patience,
}

impl Collection {
    /// `None` when `max` is not positive: Asterisk answers -1 at once.
    pub(super) fn new(patience: Patience, max: i64) -> Option<Self> {
        let max = usize::try_from(max).ok().filter(|max| *max > 0)?;
        Some(Collection { digits: Vec::new(), max, patience })
    }

    /// Takes one key; the value of `result=` when it was the last one.
    pub(super) fn press(&mut self, key: Key) -> Option<Vec<u8>> {
        if key != Key::POUND {
            self.digits.push(key.ascii());
        }
        (key == Key::POUND || self.digits.len() >= self.max).then(|| self.digits.clone())
    }

    /// The value of `result=` when nobody pressed another key in time.
    pub(super) fn timed_out(&self) -> Vec<u8> {
        [&self.digits, &b" (timeout)"[..]].concat()
    }
}
