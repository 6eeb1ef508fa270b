/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything, in minutes.
    Full,
    /// Enough to see that it works, in seconds.
    Quick,
}

impl Extent {
    /// How many calls at a time, and how often, where no call waits on purpose.
    pub(super) const fn quick_calls(self) -> &'static [(u32, u32)] {
        match self {
            Self::Full => &[(1, 1_000), (100, 50), (1_000, 5), (10_000, 1)],
            Self::Quick => &[(1, 20), (100, 2)],
        }
    }

    /// The same where each call takes more than a second.
    pub(super) const fn slow_calls(self) -> &'static [(u32, u32)] {
        match self {
            Self::Full => &[(1, 5), (100, 5), (1_000, 2), (10_000, 1)],
            Self::Quick => &[(1, 1), (100, 1)],
        }
    }

    /// How many calls sit idle when memory is looked at.
    pub(super) const fn idle(self) -> &'static [u32] {
        match self {
            Self::Full => &[1_000, 10_000],
            Self::Quick => &[100],
        }
    }

    pub(super) const fn rounds(self) -> u32 {
        match self {
            Self::Full => 3,
            Self::Quick => 1,
        }
    }
}
