use std::io::{self, Write};
use std::process::ExitCode;

use dialgate_contract::Exit;

use crate::CallError;

/// Why the program ends before it should: what to say, and how to end.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, message: message.into() }
    }

    /// Says it on stderr.
    pub(crate) fn report(&self) -> ExitCode {
        // There is no other place to say it.
        let _ = writeln!(io::stderr(), "dialgate-phone: {}", self.message);
        self.exit.into()
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let exit = match error {
            CallError::Script(_) => Exit::Software,
            CallError::Connect { .. } => Exit::Unavailable,
            CallError::Unfinished { .. } => Exit::TempFail,
        };
        Failure::new(exit, error.to_string())
    }
}
