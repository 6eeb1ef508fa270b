//! What the caller can hear in our own words; digits, letters and dates are Asterisk's.

/// A recording. Its words are in `sounds/prompts.toml` under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "prompts.toml says what each one says")]
pub enum Prompt {
    Welcome,
    EnterAccount,
    EnterPin,
    LoginFailed,
    EnterAddress,
    AddressInvalid,
    NothingEntered,
    YouEntered,
    ConfirmAddress,
    OneMoment,
    OpenUntil,
    ExtendedUntil,
    Queued,
    RefusedAccount,
    RefusedPrivateAddress,
    RefusedSpecialAddress,
    RefusedOwnAddress,
    RefusedLifetime,
    RefusedTooMany,
    RefusedStale,
    AlreadyClosed,
    TooManyTries,
    Busy,
    TryAgainLater,
    Goodbye,
}

impl Prompt {
    /// Every prompt.
    pub const ALL: &[Self] = &[
        Self::Welcome,
        Self::EnterAccount,
        Self::EnterPin,
        Self::LoginFailed,
        Self::EnterAddress,
        Self::AddressInvalid,
        Self::NothingEntered,
        Self::YouEntered,
        Self::ConfirmAddress,
        Self::OneMoment,
        Self::OpenUntil,
        Self::ExtendedUntil,
        Self::Queued,
        Self::RefusedAccount,
        Self::RefusedPrivateAddress,
        Self::RefusedSpecialAddress,
        Self::RefusedOwnAddress,
        Self::RefusedLifetime,
        Self::RefusedTooMany,
        Self::RefusedStale,
        Self::AlreadyClosed,
        Self::TooManyTries,
        Self::Busy,
        Self::TryAgainLater,
        Self::Goodbye,
    ];

    /// The recording under Asterisk's sounds folder, without language and extension.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Welcome => "dialgate/welcome",
            Self::EnterAccount => "dialgate/enter-account",
            Self::EnterPin => "dialgate/enter-pin",
            Self::LoginFailed => "dialgate/login-failed",
            Self::EnterAddress => "dialgate/enter-address",
            Self::AddressInvalid => "dialgate/address-invalid",
            Self::NothingEntered => "dialgate/nothing-entered",
            Self::YouEntered => "dialgate/you-entered",
            Self::ConfirmAddress => "dialgate/confirm-address",
            Self::OneMoment => "dialgate/one-moment",
            Self::OpenUntil => "dialgate/open-until",
            Self::ExtendedUntil => "dialgate/extended-until",
            Self::Queued => "dialgate/queued",
            Self::RefusedAccount => "dialgate/refused-account",
            Self::RefusedPrivateAddress => "dialgate/refused-private-address",
            Self::RefusedSpecialAddress => "dialgate/refused-special-address",
            Self::RefusedOwnAddress => "dialgate/refused-own-address",
            Self::RefusedLifetime => "dialgate/refused-lifetime",
            Self::RefusedTooMany => "dialgate/refused-too-many",
            Self::RefusedStale => "dialgate/refused-stale",
            Self::AlreadyClosed => "dialgate/already-closed",
            Self::TooManyTries => "dialgate/too-many-tries",
            Self::Busy => "dialgate/busy",
            Self::TryAgainLater => "dialgate/try-again-later",
            Self::Goodbye => "dialgate/goodbye",
        }
    }
}
