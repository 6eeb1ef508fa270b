use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use dialgate_contract::SystemUser;

use super::process;

/// Whoever has no rights on any machine.
const NAME: &str = "nobody";

/// Whom the telephone side and the children run as in a demo in `folder`: `None` for the person at the keyboard, who is
/// not root or has a machine where nobody else can run this program.
pub(super) fn unprivileged(folder: &Path) -> io::Result<Option<SystemUser>> {
    let Ok(user) = SystemUser::lookup(NAME) else { return Ok(None) };
    if !SystemUser::is_root() {
        return Ok(None);
    }
    // To pass through, not to look into.
    std::fs::set_permissions(folder, Permissions::from_mode(0o711))?;
    Ok(process::can_run(&user, folder).then_some(user))
}

/// Gives `path` to `user`.
pub(super) fn give(path: &Path, user: Option<&SystemUser>) -> io::Result<()> {
    user.map_or(Ok(()), |user| chown(path, Some(user.uid), Some(user.gid)))
}
