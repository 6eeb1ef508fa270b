//! Waiting for something that another process does.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Looks again every few milliseconds until `look` finds something.
///
/// # Errors
/// What `look` failed with, or after `within` that `what` did not happen.
#[expect(clippy::disallowed_methods, reason = "a deadline on another process is read off a clock")]
pub fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl FnMut() -> io::Result<Option<T>>,
) -> io::Result<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            let text = format!("{what}: did not happen within {within:?}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        sleep(Duration::from_millis(5));
    }
}
