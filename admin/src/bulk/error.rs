use std::path::PathBuf;

use dialgate_contract::{AccountNumber, Exit};

/// Why no account was imported, or none exported. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BulkError {
    #[error("line 1 names a column {name:?} that accounts do not have: use some of {known}")]
    Column { name: String, known: String },
    #[error("line 1 names the column {0} twice: leave one of them out")]
    Twice(&'static str),
    #[error("line 1 has to name the columns, {0} among them: such as {1}")]
    Header(&'static str, String),
    #[error("{0} holds no accounts: below the line that names the columns, write one in each line")]
    Nothing(String),
    #[error("{} cannot be taken, so nothing was changed: mend this, then try again{list}", lines(*.count))]
    Bad { count: usize, list: String },
    #[error(
        "{} a PIN that is to be generated: say with --pins FILE where all of them are written to; a file that only its owner can read is made there",
        accounts(*.0)
    )]
    NoPinsFile(usize),
    #[error("{} is there already: name a file that is not", .0.display())]
    There(PathBuf),
    #[error("account {0} was changed meanwhile by somebody else, so nothing was: try again")]
    Changed(AccountNumber),
    #[error("writing CSV: {0}")]
    Write(csv::Error),
}

impl BulkError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Column { .. }
            | Self::Twice(_)
            | Self::Header(..)
            | Self::Nothing(_)
            | Self::Bad { .. }
            | Self::There(_) => Exit::DataErr,
            Self::NoPinsFile(_) => Exit::Usage,
            Self::Changed(_) => Exit::TempFail,
            Self::Write(_) => Exit::IoErr,
        }
    }
}

fn lines(count: usize) -> String {
    if count == 1 { "one line".to_owned() } else { format!("{count} lines") }
}

fn accounts(count: usize) -> String {
    if count == 1 { "one account needs".to_owned() } else { format!("{count} accounts need") }
}
