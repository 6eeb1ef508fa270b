//! Backups, as they can be typed.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct BackupFile {
    /// The file, that only its owner can read; an older backup there is replaced; - for standard output
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreFile {
    /// The backup; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// Do it: without this, it is shown only
    #[arg(long)]
    pub(crate) yes: bool,
    /// Do it even if your own SSH connection is kept out by what comes back
    #[arg(long)]
    pub(crate) even_me: bool,
}
