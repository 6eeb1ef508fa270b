//! The programs under test, as cargo built them.

use std::io;
use std::path::PathBuf;

/// The path of one of the workspace's programs, beside this one.
///
/// # Errors
/// When it has not been built.
pub fn path(name: &str) -> io::Result<PathBuf> {
    let me = std::env::current_exe()?;
    // A test is one folder deeper than the programs, in `deps`.
    let found =
        me.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        io::Error::other(format!("{name} is not built: run `cargo build --workspace` first"))
    })
}
