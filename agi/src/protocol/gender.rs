/// Of the noun that a counted number stands before: "un día", but "una hora".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// Feminine.
    Feminine,
    /// Masculine.
    Masculine,
}

impl Gender {
    /// As `SAY NUMBER` takes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feminine => "f",
            Self::Masculine => "m",
        }
    }
}
