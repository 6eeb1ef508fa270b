//! Talks with the Asterisk of this machine, within bounds.

use std::path::Path;
use std::time::Duration;

use crate::child;

/// Where packages and `make install` put it.
pub(crate) const ASTERISK: &str = "/usr/sbin/asterisk";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What Asterisk says to a command, or what went wrong, in words.
pub(crate) fn ask(asterisk: &Path, question: &str) -> Result<String, String> {
    let mut command = child::command(asterisk);
    let answer = child::run(command.args(["-rx", question]), PATIENCE)?;
    if answer.is_success { Ok(answer.out) } else { Err("did not answer (does it run?)".to_owned()) }
}
