/// Stands for what was typed as an account: the start of a keyed hash, because what is typed there may be a PIN.
/// Nothing typed, and what no account number can be, has a key like everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountKey([u8; 16]);

/// Stands for the number that was called from: the start of a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallerKey([u8; 16]);

/// Who calls, as far as the network tells. Never a credential: it only selects what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The network does not tell. All of them are counted as one, which never becomes known to an account.
    Unknown,
    /// A number.
    Number(CallerKey),
}

impl AccountKey {
    /// Takes a keyed hash.
    #[must_use]
    pub const fn new(hash: [u8; 16]) -> Self {
        Self(hash)
    }

    /// As it is stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl CallerKey {
    /// Takes a keyed hash.
    #[must_use]
    pub const fn new(hash: [u8; 16]) -> Self {
        Self(hash)
    }

    /// As it is stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Caller {
    /// As it is stored: no bytes where the network does not tell.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Unknown => &[],
            Self::Number(key) => key.as_bytes(),
        }
    }
}
