//! SIGHUP: the configuration file is read again. One that is wrong changes nothing.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;

use dialgate_contract::config::{Config, ConfigError};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::self_check::{self, SelfCheckError};

/// Waits for the signal, with the file and what it said last.
#[derive(Debug)]
pub(crate) struct Reload {
    file: PathBuf,
    config: Config,
    signals: SignalFd,
}

/// Why the old configuration stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReloadError {
    /// The file is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Somebody else may write it.
    #[error("{0}")]
    SelfCheck(#[from] SelfCheckError),
    /// It says what cannot be changed on the way.
    #[error("{0} takes effect with `systemctl restart dialgate-reconciler`")]
    Restart(&'static str),
}

impl Reload {
    /// From now on SIGHUP does not end this process, nor the tools that it starts.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(crate) fn new(file: PathBuf, config: Config) -> std::io::Result<Self> {
        let mut hangup = SigSet::empty();
        hangup.add(Signal::SIGHUP);
        hangup.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Self { file, config, signals: SignalFd::with_flags(&hangup, flags)? })
    }

    /// What to poll for reading.
    #[must_use]
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }

    /// Whether the signal has come since the last call.
    pub(crate) fn is_asked(&mut self) -> bool {
        let mut asked = false;
        while let Ok(Some(_)) = self.signals.read_signal() {
            asked = true;
        }
        asked
    }

    /// What the file says now.
    ///
    /// # Errors
    /// When it is wrong, or says what takes a restart.
    pub(crate) fn read(&mut self) -> Result<&Config, ReloadError> {
        self_check::trusted(&self.file)?;
        let new = Config::load(&self.file)?;
        if new.data_dir != self.config.data_dir {
            return Err(ReloadError::Restart("another `data-dir`"));
        }
        if new.user != self.config.user {
            return Err(ReloadError::Restart("another `user`"));
        }
        if new.firewall.backend != self.config.firewall.backend {
            return Err(ReloadError::Restart("another `firewall.backend`"));
        }
        self.config = new;
        Ok(&self.config)
    }
}
