//! The chain: the hash of a line covers the hash of the line before it, so that no line can be changed, left out or put
//! in without every later one being written anew.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use super::given;
use crate::database::DatabaseError;

/// What a line and all before it are known by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineHash([u8; 32]);

/// The line that was the last one at some time. Written `17:` and its hash in 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The number of the line.
    pub id: i64,
    /// Its hash.
    pub hash: LineHash,
}

/// A text that is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the number of a line, a colon and its hash of 64 digits, as `dialgate audit verify` prints them"
)]
pub struct HeadError;

/// What came of looking at every line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// How many lines are as they were written, from the first one on.
    pub lines: u64,
    /// The last of them; `None` when there is none.
    pub head: Option<Head>,
    /// What is wrong after them; `None` when nothing is.
    pub fault: Option<Fault>,
}

/// What is wrong with the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The line of this number is not there.
    Missing(i64),
    /// The line of this number is not what was written after the one before it.
    Changed(i64),
    /// The line of this number has another hash than it had: it, or one before it, was written anew.
    Rewritten(i64),
}

impl Fault {
    /// The number of the first bad line.
    #[must_use]
    pub const fn line(self) -> i64 {
        match self {
            Self::Missing(id) | Self::Changed(id) | Self::Rewritten(id) => id,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(id) => write!(f, "line {id} is missing"),
            Self::Changed(id) => {
                write!(f, "line {id} is not what was written after line {}", id.saturating_sub(1))
            }
            Self::Rewritten(id) => {
                write!(f, "line {id} has another hash than it had: the trail was written anew")
            }
        }
    }
}

/// A line as it is stored.
pub(super) struct Line<'a> {
    pub(super) id: i64,
    pub(super) at: i64,
    pub(super) actor: &'a [u8],
    pub(super) action: &'a [u8],
    pub(super) account: Option<&'a [u8]>,
    pub(super) detail: &'a [u8],
}

impl Line<'_> {
    /// Its hash after a line of this hash: SHA-256 (FIPS 180-4) over that, the number and the time, in eight bytes each
    /// with the highest first, then actor, action and detail, each after its length in the same eight bytes, and last
    /// a byte 1 and the account in the same way, or a byte 0 where there is none.
    pub(super) fn hash(&self, before: LineHash) -> LineHash {
        let mut hash = Sha256::new();
        hash.update(before.0);
        hash.update(self.id.to_be_bytes());
        hash.update(self.at.to_be_bytes());
        let mut text = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        text(self.actor);
        text(self.action);
        text(self.detail);
        hash.update([u8::from(self.account.is_some())]);
        if let Some(account) = self.account {
            hash.update((account.len() as u64).to_be_bytes());
            hash.update(account);
        }
        LineHash(hash.finalize().into())
    }
}

/// Looks at every line, and whether the one that is `known` to have been the last some time is still there.
///
/// # Errors
/// When the database cannot be read.
pub fn verify(connection: &Connection, known: Option<Head>) -> Result<Chain, DatabaseError> {
    // Both questions are about the same moment.
    let snapshot = connection.unchecked_transaction()?;
    let mut chain = walk(&snapshot, known)?;
    if chain.fault.is_none() {
        let next = chain.head.map_or(0, |head| head.id).saturating_add(1);
        let is_short = known.is_some_and(|known| known.id >= next) || given(&snapshot)? >= next;
        chain.fault = is_short.then_some(Fault::Missing(next));
    }
    Ok(chain)
}

fn walk(connection: &Connection, known: Option<Head>) -> Result<Chain, DatabaseError> {
    let mut statement = connection
        .prepare("SELECT id, at, actor, action, account, detail, hash FROM audit ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut chain = Chain { lines: 0, head: None, fault: None };
    while let Some(row) = rows.next()? {
        let expected = chain.head.map_or(0, |head| head.id).saturating_add(1);
        let before = chain.head.map_or(LineHash::NONE, |head| head.hash);
        let id: i64 = row.get(0)?;
        let hash = line(row, id)?.hash(before);
        let stored = LineHash::from_stored(bytes(row.get_ref(6)?));
        chain.fault = match known.filter(|known| known.id == id) {
            _ if id < expected => Some(Fault::Changed(id)),
            _ if id > expected => Some(Fault::Missing(expected)),
            _ if stored != Some(hash) => Some(Fault::Changed(id)),
            Some(known) if known.hash != hash => Some(Fault::Rewritten(id)),
            Some(_) | None => None,
        };
        if chain.fault.is_some() {
            break;
        }
        chain.lines = chain.lines.saturating_add(1);
        chain.head = Some(Head { id, hash });
    }
    Ok(chain)
}

fn line<'a>(row: &'a Row<'_>, id: i64) -> Result<Line<'a>, DatabaseError> {
    let account = row.get_ref(4)?;
    Ok(Line {
        id,
        at: row.get(1)?,
        actor: bytes(row.get_ref(2)?),
        action: bytes(row.get_ref(3)?),
        account: (account != ValueRef::Null).then(|| bytes(account)),
        detail: bytes(row.get_ref(5)?),
    })
}

/// A text, even one that is no text any more, or a hash.
fn bytes(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    }
}

impl LineHash {
    /// What the first line follows.
    pub(super) const NONE: Self = Self([0; 32]);

    pub(super) fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, self.hash)
    }
}

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, digits) = text.split_once(':').ok_or(HeadError)?;
        let id: i64 = id.parse().ok().filter(|id| *id > 0).ok_or(HeadError)?;
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> =
            pairs.iter().map(|&[high, low]| Some((digit(high)? << 4) | digit(low)?)).collect();
        let hash =
            bytes.filter(|_| rest.is_empty()).and_then(|bytes| LineHash::from_stored(&bytes));
        Ok(Self { id, hash: hash.ok_or(HeadError)? })
    }
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
