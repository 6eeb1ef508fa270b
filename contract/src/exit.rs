use std::process::ExitCode;

/// How a program ends, by the numbers of sysexits(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Ok,
    /// The program did its work, which was to look, and what it looked at is to be watched (what monitoring plugins
    /// tell; these two are no numbers of sysexits).
    Warning,
    /// It did, and what it looked at does not work or is not safe.
    Critical,
    /// The command line is wrong.
    Usage,
    /// The data given is wrong.
    DataErr,
    /// A service that is needed does not answer.
    Unavailable,
    /// A bug in this program.
    Software,
    /// Reading or writing failed.
    IoErr,
    /// It may work later.
    TempFail,
    /// The user may not do this.
    NoPerm,
    /// The configuration is wrong.
    Config,
}

impl Exit {
    /// The number the operating system is told.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Usage => 64,
            Self::DataErr => 65,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::IoErr => 74,
            Self::TempFail => 75,
            Self::NoPerm => 77,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
