use std::fmt;

/// How a call ended, for the dialplan, in the channel variable `DIALGATE_RESULT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// The address was let in.
    Open,
    /// The address was in already and stays longer.
    Extended,
    /// What was open is closed.
    Closed,
    /// A request was made and its outcome was not known in time.
    Queued,
    /// A request was refused, or the caller named no address in three tries.
    Refused,
    /// No login in three tries.
    FailedLogin,
    /// The caller hung up before the outcome was known.
    Hangup,
    /// Too many calls at a time.
    Busy,
    /// Something of ours does not work.
    Error,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Open,
        Self::Extended,
        Self::Closed,
        Self::Queued,
        Self::Refused,
        Self::FailedLogin,
        Self::Hangup,
        Self::Busy,
        Self::Error,
    ];

    /// The value of `DIALGATE_RESULT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Extended => "extended",
            Self::Closed => "closed",
            Self::Queued => "queued",
            Self::Refused => "refused",
            Self::FailedLogin => "failed-login",
            Self::Hangup => "hangup",
            Self::Busy => "busy",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
