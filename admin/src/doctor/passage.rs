//! The folders above the programs' files: their user has to come through.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dialgate_contract::SystemUser;

use super::check::{Check, Fix};
use super::place::Place;

/// Nothing when all can be passed; nobody is kept out where the programs have no user of their own.
pub(super) fn check(place: &Place<'_>, user: Option<&SystemUser>) -> Vec<Check> {
    let Some(user) = user else { return Vec::new() };
    let config = place.config;
    let below = [place.config_file, &config.data_dir, &config.pepper_file];
    let above: BTreeSet<&Path> = below
        .iter()
        .flat_map(|path| path.ancestors().skip(1))
        .filter(|it| it.is_absolute())
        .collect();
    let shut = above.into_iter().filter(|folder| {
        std::fs::metadata(folder).is_ok_and(|found| {
            !passes((found.uid(), found.gid(), found.mode()), (user.uid, user.gid))
        })
    });
    shut.map(|folder| judge(folder.to_owned(), user)).collect()
}

/// By the first of the three that the user is one of (path_resolution(7)).
const fn passes((uid, gid, mode): (u32, u32, u32), user: (u32, u32)) -> bool {
    let bit = if uid == user.0 {
        0o100
    } else if gid == user.1 {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

fn judge(folder: PathBuf, user: &SystemUser) -> Check {
    let folder = folder.display().to_string();
    let what = format!("{folder} lets user {} not through to the files in it", user.name);
    Check::fail("folders", what, Fix::run(&["chmod", "a+x", &folder]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_the_user_is_one_of_decides() {
        let user = (990, 991);
        for (folder, expected) in [
            ((0, 0, 0o755), true),
            ((0, 0, 0o750), false),
            ((0, 991, 0o750), true),
            ((0, 991, 0o705), false),
            ((990, 991, 0o700), true),
            ((990, 991, 0o077), false),
        ] {
            assert_eq!(passes(folder, user), expected, "{folder:?}");
        }
    }
}
