//! The files and folders that `dialgate init` makes: there, whose they should be, and closed to everybody else.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dialgate_contract::SystemUser;
use dialgate_contract::config::Config;
use nix::unistd::{Gid, Group};

use super::check::{Check, Fix, command};
use super::place::Place;

/// What should be there.
#[derive(Debug)]
struct Wanted {
    name: &'static str,
    path: PathBuf,
    is_folder: bool,
    /// User and group; `None`: anybody's.
    owner: Option<(u32, u32)>,
    mode: u32,
    /// Whether it is nothing bad when it is not there.
    may_lack: bool,
}

/// What is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Link,
    /// Something that is no plain file or no folder.
    Another,
    There {
        owner: (u32, u32),
        mode: u32,
    },
    /// Who looks may not even see it.
    Hidden,
}

/// What the programs' user and its group are called.
#[derive(Debug)]
struct Names<'a> {
    user: &'a SystemUser,
    group: String,
}

/// One line when all is well, and one for each that is not.
pub(super) fn check(place: &Place<'_>, user: Option<&SystemUser>) -> Vec<Check> {
    let wanted = wanted(place.config_file, place.config, user);
    let names = user.map(Names::of);
    let looked: Vec<(&Wanted, Found)> = wanted.iter().map(|it| (it, look(it))).collect();
    let bad: Vec<Check> =
        looked.iter().filter_map(|(it, found)| judge(it, *found, names.as_ref(), place)).collect();
    if !bad.is_empty() {
        return bad;
    }
    let there = looked.iter().filter(|(_, found)| *found != Found::Nothing).count();
    vec![Check::ok("files", format!("{there} files and folders have the right owner and mode"))]
}

/// Whether nobody but root, or whoever runs a site without users, can have put anything in the ledger's place: who can
/// commands the process that opens it.
pub(super) fn is_ledger_ours(config: &Config, user: Option<&SystemUser>) -> bool {
    let ours = |path: &Path| {
        std::fs::symlink_metadata(path).is_ok_and(|found| {
            let owner = user.is_none() || found.uid() == 0;
            owner && !found.is_symlink() && found.mode() & 0o022 == 0
        })
    };
    ours(&config.data_dir) && ours(&config.ledger_file())
}

/// As `init` makes them.
fn wanted(config_file: &Path, config: &Config, user: Option<&SystemUser>) -> Vec<Wanted> {
    let shared = user.map(|user| (0, user.gid));
    let theirs = user.map(|user| (user.uid, user.gid));
    let file = |name, path: PathBuf, may_lack| Wanted {
        name,
        path,
        is_folder: false,
        owner: shared,
        mode: 0o640,
        may_lack,
    };
    let folder = |name, path, owner, mode| Wanted {
        name,
        path,
        is_folder: true,
        owner,
        mode,
        may_lack: false,
    };
    let beside = |suffix| {
        let mut path = config.ledger_file().into_os_string();
        path.push(suffix);
        PathBuf::from(path)
    };
    let mut wanted = vec![
        folder("data-dir", config.data_dir.clone(), shared, 0o750),
        folder("queue-dir", config.queue_dir(), theirs, 0o700),
        file("ledger", config.ledger_file(), false),
        file("ledger", beside("-wal"), true),
        file("ledger", beside("-shm"), true),
        file("pepper", config.pepper_file.clone(), false),
    ];
    // Without a user of their own the programs run as whoever wrote it.
    if user.is_some() {
        wanted.insert(0, file("config", config_file.to_owned(), false));
    }
    wanted
}

fn look(wanted: &Wanted) -> Found {
    let found = match std::fs::symlink_metadata(&wanted.path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
        Err(_) => return Found::Hidden,
    };
    if found.is_symlink() {
        return Found::Link;
    }
    let is_kind = if wanted.is_folder { found.is_dir() } else { found.is_file() };
    if !is_kind || (!wanted.is_folder && found.nlink() != 1) {
        return Found::Another;
    }
    Found::There { owner: (found.uid(), found.gid()), mode: found.mode() & 0o7777 }
}

fn judge(
    wanted: &Wanted,
    found: Found,
    names: Option<&Names<'_>>,
    place: &Place<'_>,
) -> Option<Check> {
    let path = wanted.path.display().to_string();
    let fail = |what: String, fix| Some(Check::fail(wanted.name, what, fix));
    match found {
        Found::Nothing if wanted.may_lack => None,
        Found::Nothing => fail(format!("{path} is missing"), missing(wanted, place)),
        Found::Link => fail(
            format!("{path} is a symbolic link, which can be made to mean another file"),
            Fix::advice("put the real file there, or name its right place in the configuration"),
        ),
        Found::Another => fail(
            format!("{path} is no plain file or folder of its own"),
            Fix::advice("move it away, then run `dialgate init`"),
        ),
        Found::Hidden => Some(Check::skip(
            wanted.name,
            format!("{path} is not for this user to see"),
            Fix::advice("run this as root"),
        )),
        Found::There { owner, mode } => {
            let strange = wanted.owner.filter(|right| *right != owner);
            let wrong_mode = mode != wanted.mode;
            let mut what = Vec::new();
            let mut run = Vec::new();
            if let Some(right) = strange {
                let right = names.map_or_else(|| pair(right), |names| names.pair(right));
                what.push(format!("belongs to {}, not {right}", pair(owner)));
                run.push(command(&["chown", &right, &path]));
            }
            if wrong_mode {
                what.push(about_mode(mode, wanted.mode).to_owned());
                run.push(command(&["chmod", &format!("{:o}", wanted.mode), &path]));
            }
            let what = format!("{path} {}", what.join(" and "));
            if run.is_empty() { None } else { fail(what, Fix::Run(run)) }
        }
    }
}

/// A lost pepper cannot be made again.
fn missing(wanted: &Wanted, place: &Place<'_>) -> Fix {
    if wanted.name == "pepper" && place.has_accounts() {
        return Fix::advice(
            "put the old file back: without it no PIN is right. If it is lost, run `dialgate init` and give every \
             account a new PIN with `dialgate account pin NUMBER`",
        );
    }
    place.dialgate(&["init"])
}

fn about_mode(mode: u32, right: u32) -> &'static str {
    let more = mode & !right;
    match (more & 0o022, more & 0o055, more) {
        (1.., ..) => "can be written by others",
        (_, 1.., _) => "can be read by others",
        (.., 1..) => "has more rights than it needs",
        (.., 0) => "cannot be read by those who need it",
    }
}

fn pair((user, group): (u32, u32)) -> String {
    format!("{user}:{group}")
}

impl<'a> Names<'a> {
    fn of(user: &'a SystemUser) -> Self {
        let group = Group::from_gid(Gid::from_raw(user.gid)).ok().flatten();
        Self { user, group: group.map_or_else(|| user.gid.to_string(), |group| group.name) }
    }

    /// Whom a file belongs to: root or the programs' user, and that one's group.
    fn pair(&self, (uid, _): (u32, u32)) -> String {
        let user = if uid == 0 { "root" } else { &self.user.name };
        format!("{user}:{}", self.group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> SystemUser {
        SystemUser { name: "dialgate".to_owned(), uid: 990, gid: 991 }
    }

    fn judged(found: Found) -> Option<Check> {
        let (config, user) = (Config::default(), user());
        let place = Place::new(Path::new("/etc/dialgate/dialgate.toml"), &config);
        let all = wanted(place.config_file, &config, Some(&user));
        let pepper = all.iter().find(|wanted| wanted.name == "pepper").unwrap();
        let names = Names { user: &user, group: "phones".to_owned() };
        judge(pepper, found, Some(&names), &place)
    }

    fn there(uid: u32, gid: u32, mode: u32) -> Found {
        Found::There { owner: (uid, gid), mode }
    }

    #[test]
    fn whose_a_file_is_and_who_may_read_it_are_told_with_the_commands_that_mend_it() {
        let chmod = "chmod 640 /etc/dialgate/pepper";
        let chown = "chown root:phones /etc/dialgate/pepper";
        for (found, words, run) in [
            (there(0, 991, 0o644), "can be read by others", vec![chmod]),
            (there(0, 991, 0o666), "can be written by others", vec![chmod]),
            (there(0, 991, 0o4640), "more rights", vec![chmod]),
            (there(0, 991, 0o600), "cannot be read by those", vec![chmod]),
            (there(990, 991, 0o640), "belongs to 990:991, not root:phones", vec![chown]),
            (there(990, 991, 0o604), "and can be read by others", vec![chown, chmod]),
            (Found::Nothing, "is missing", vec!["dialgate init"]),
        ] {
            let check = judged(found).unwrap();
            assert!(check.what.contains(words), "{check:?}");
            let run = run.into_iter().map(str::to_owned).collect();
            assert_eq!((check.name, check.fix), ("pepper", Some(Fix::Run(run))));
        }
        assert_eq!(judged(there(0, 991, 0o640)), None);
    }

    #[test]
    fn what_could_be_made_to_mean_another_file_is_not_mended_by_a_command() {
        for found in [Found::Link, Found::Another] {
            assert!(matches!(judged(found).unwrap().fix, Some(Fix::Advice(_))), "{found:?}");
        }
    }

    #[test]
    fn what_this_user_may_not_see_counts_neither_way() {
        let check = judged(Found::Hidden).unwrap();
        assert_eq!(check.outcome, super::super::check::Health::Skip);
    }
}
