//! Many accounts at once, as it can be typed.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct BulkFile {
    /// The file: one account in each line, below one that names the columns; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// Do it: without this, it is shown only
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where the PINs of new accounts are written to, once: a new file that only its owner can read
    #[arg(long, value_name = "FILE")]
    pub(crate) pins: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportFile {
    /// A new file, that only its owner can read; standard output when not given, or -
    #[arg(value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
}
