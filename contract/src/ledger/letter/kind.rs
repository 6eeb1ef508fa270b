use super::Letter;
use crate::text_enum::text_enum;

text_enum! {
    /// What a letter is about: letters of a kind have the same words, but for who and what they are about.
    pub enum LetterKind ("kind of letter") {
        /// Access is open.
        Opened = "opened",
        /// Access was open already, and lasts longer.
        Extended = "extended",
        /// Access was closed by telephone.
        Closed = "closed",
        /// The PIN was changed by telephone.
        PinChanged = "pin-changed",
        /// Logins to the account keep failing.
        FailedLogins = "failed-logins",
        /// Access ends soon.
        Reminder = "reminder",
        /// Access ended because nobody used it.
        Unused = "unused",
        /// To the operator: logins to many accounts keep failing.
        Guessing = "guessing",
        /// To the operator: somebody else keeps changing the firewall back.
        Contested = "contested",
        /// To the operator: a request was refused.
        Refused = "refused",
        /// To see whether letters arrive.
        Test = "test",
    }
}

impl LetterKind {
    /// Whether a traveller reads it, in a language of the traveller's own; the operator's are in English.
    #[must_use]
    pub const fn is_for_travellers(self) -> bool {
        match self {
            Self::Opened
            | Self::Extended
            | Self::Closed
            | Self::PinChanged
            | Self::FailedLogins
            | Self::Reminder
            | Self::Unused => true,
            Self::Guessing | Self::Contested | Self::Refused | Self::Test => false,
        }
    }
}

impl Letter {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> LetterKind {
        match self {
            Self::Opened { extended: false, .. } => LetterKind::Opened,
            Self::Opened { extended: true, .. } => LetterKind::Extended,
            Self::Closed { .. } => LetterKind::Closed,
            Self::PinChanged { .. } => LetterKind::PinChanged,
            Self::FailedLogins { .. } => LetterKind::FailedLogins,
            Self::Reminder { .. } => LetterKind::Reminder,
            Self::Unused { .. } => LetterKind::Unused,
            Self::Guessing { .. } => LetterKind::Guessing,
            Self::Contested { .. } => LetterKind::Contested,
            Self::Refused { .. } => LetterKind::Refused,
            Self::Test { .. } => LetterKind::Test,
        }
    }
}
