//! What the doctor is to look at.

use std::path::PathBuf;

use clap::Args;

use crate::asterisk::ASTERISK;
use crate::contact::Email;

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Send a test letter there, too, and wait until the mail server has taken it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) letter: Option<Email>,
    /// Place no call: it takes one line for two seconds, and leaves lines in logs
    #[arg(long)]
    pub(crate) no_call: bool,
    /// Where Asterisk's program is
    #[arg(long, value_name = "PROGRAM", default_value = ASTERISK)]
    pub(crate) asterisk: PathBuf,
}
