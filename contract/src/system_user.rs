use nix::unistd::{Gid, Uid, User};

/// A user of this machine that programs run as and files belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUser {
    /// The user's name.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The number of the user's own group.
    pub gid: u32,
}

/// Why a user could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SystemUserError {
    /// No such user here.
    #[error(
        "there is no user {0:?} on this machine: create it with `useradd --system --home-dir /nonexistent \
         --shell /usr/sbin/nologin {0}`, or set `user` in the configuration"
    )]
    Unknown(String),
    /// The user database did not answer.
    #[error("looking up user {0:?}: {1}")]
    Lookup(String, nix::Error),
    /// The change of user failed.
    #[error("becoming user {0:?}: {1}; start the program as root or as that user")]
    Become(String, nix::Error),
}

impl SystemUser {
    /// Finds a user by name.
    ///
    /// # Errors
    /// When there is none, or the user database does not answer.
    pub fn lookup(name: &str) -> Result<Self, SystemUserError> {
        match User::from_name(name) {
            Ok(Some(user)) => {
                Ok(Self { name: name.to_owned(), uid: user.uid.as_raw(), gid: user.gid.as_raw() })
            }
            Ok(None) => Err(SystemUserError::Unknown(name.to_owned())),
            Err(error) => Err(SystemUserError::Lookup(name.to_owned(), error)),
        }
    }

    /// Makes this process run as the user, for good and without any of root's groups. Does nothing when it does
    /// already. Call it before the first thread is started.
    ///
    /// # Errors
    /// When the process is neither root nor that user.
    pub fn assume(&self) -> Result<(), SystemUserError> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        if Uid::effective() == uid && Uid::current() == uid {
            return Ok(());
        }
        nix::unistd::setgroups(&[])
            .and_then(|()| nix::unistd::setresgid(gid, gid, gid))
            .and_then(|()| nix::unistd::setresuid(uid, uid, uid))
            .map_err(|error| SystemUserError::Become(self.name.clone(), error))
    }

    /// Whether this process has root's rights.
    #[must_use]
    pub fn is_root() -> bool {
        Uid::effective().is_root()
    }
}
