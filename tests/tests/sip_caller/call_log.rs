use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What the dialplan says in the log with the call's Call-ID, before all else.
const CALLED: &str = "caller: ";

const PLAYING: &str = "> Playing 'dialgate/";
const ENDED: &str = "dialgate: call ended: ";

/// Asterisk's log of many calls at a time.
pub(crate) struct CallLog {
    file: File,
    /// The beginning of a line that is not whole yet.
    rest: Vec<u8>,
}

/// Something that happened to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    /// It is the call with this Call-ID.
    Called(String),
    /// A prompt of ours began.
    Heard(String),
    /// The dialplan is done; `DIALGATE_RESULT`.
    Ended(String),
}

impl CallLog {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, rest: Vec::new() })
    }

    /// What has happened since the last time, and to which call, as Asterisk numbers them.
    pub(crate) fn news(&mut self) -> io::Result<Vec<(String, Happened)>> {
        self.file.read_to_end(&mut self.rest)?;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<u8> = self.rest.drain(..whole).collect();
        Ok(String::from_utf8_lossy(&lines).lines().filter_map(parse).collect())
    }
}

fn parse(line: &str) -> Option<(String, Happened)> {
    let (_, rest) = line.split_once("[C-")?;
    let (call, rest) = rest.split_once("] ")?;
    let said = rest.strip_prefix("app_verbose.c: ");
    let happened = if let Some((_, file)) = rest.split_once(PLAYING) {
        Happened::Heard(file.split('.').next()?.to_owned())
    } else if let Some(id) = said.and_then(|said| said.strip_prefix(CALLED)) {
        Happened::Called(id.to_owned())
    } else {
        Happened::Ended(said?.strip_prefix(ENDED)?.to_owned())
    };
    Some((call.to_owned(), happened))
}
