//! A small disk that can be filled up.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::namespace::{command, run};

/// A file system in memory, unmounted on drop.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts one of so many MiB at `folder`, which is made. Needs root.
    ///
    /// # Errors
    /// When `mount` fails, with what it said.
    pub fn mount(folder: &Path, mebibytes: u32) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let options = format!("size={mebibytes}m,mode=0755");
        run(command("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Leaves no byte free.
    ///
    /// # Errors
    /// When it is not for want of room that no more can be written.
    pub fn fill(&self) -> io::Result<()> {
        let mut ballast = fs::File::create(self.ballast())?;
        loop {
            match ballast.write_all(&[0; 4096]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes room again.
    ///
    /// # Errors
    /// When the disk was not full.
    pub fn clear(&self) -> io::Result<()> {
        fs::remove_file(self.ballast())
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: somebody may still be on his way out.
        let _ = run(command("umount").arg("--lazy").arg(&self.folder));
    }
}
