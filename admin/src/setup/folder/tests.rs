use std::os::unix::fs::{chown, lchown, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const NEW: Rights = Rights { owner: None, mode: 0o640 };

fn folder() -> (tempfile::TempDir, Folder) {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("etc/asterisk")).unwrap();
    let folder = Folder::open(root.path(), Path::new("/etc/asterisk")).unwrap().unwrap();
    (root, folder)
}

#[test]
fn a_file_is_made_replaced_and_removed_and_keeps_its_mode() {
    let (root, folder) = folder();
    let path = root.path().join("etc/asterisk/x.conf");
    assert_eq!(folder.read("x.conf").unwrap(), None);
    folder.write("x.conf", b"one", NEW).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o7777;
    assert_eq!((folder.read("x.conf").unwrap().unwrap(), mode(&path)), (b"one".to_vec(), 0o640));
    std::fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    folder.write("x.conf", b"two", NEW).unwrap();
    assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o664));
    folder.remove("x.conf").unwrap();
    assert_eq!(std::fs::read_dir(root.path().join("etc/asterisk")).unwrap().count(), 0);
}

#[test]
fn links_and_other_things_in_a_files_place_are_left_alone() {
    let (root, folder) = folder();
    let place = |name: &str| root.path().join("etc/asterisk").join(name);
    let secret = root.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    symlink(&secret, place("soft")).unwrap();
    std::fs::hard_link(&secret, place("hard")).unwrap();
    std::fs::create_dir(place("folder")).unwrap();
    for name in ["soft", "hard", "folder"] {
        for refused in [folder.read(name).map(|_| ()), folder.write(name, b"x", NEW)] {
            assert!(matches!(refused, Err(Error::Foreign { .. })), "{name}: {refused:?}");
        }
    }
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    assert_eq!(folder.entry("soft").unwrap(), Entry::Link(secret));
}

#[test]
fn links_are_made_once_and_folders_are_removed_when_they_are_empty() {
    let (_root, folder) = folder();
    let target = Path::new("/usr/share/dialgate/sounds/en");
    folder.link("dialgate", target).unwrap();
    assert_eq!(folder.entry("dialgate").unwrap(), Entry::Link(target.to_owned()));
    assert!(folder.link("dialgate", Path::new("/x")).is_err());
    folder.make_folder("en").unwrap();
    assert_eq!(folder.entry("en").unwrap(), Entry::Other);
    assert!(folder.remove_folder("en").unwrap());
    assert_eq!(folder.entry("en").unwrap(), Entry::Nothing);
}

#[test]
fn the_way_to_a_folder_leads_through_our_own_links_only() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    std::fs::create_dir_all(path("usr/sounds/en_US")).unwrap();
    std::fs::create_dir(path("alternatives")).unwrap();
    symlink("/alternatives/en", path("usr/sounds/en")).unwrap();
    symlink("../usr/sounds/en_US", path("alternatives/en")).unwrap();
    let open = || Folder::open(root.path(), Path::new("/usr/sounds/en"));
    open().unwrap().unwrap().link("x", Path::new("/x")).unwrap();
    assert!(path("usr/sounds/en_US/x").is_symlink());
    assert!(Folder::open(root.path(), Path::new("/usr/none/en")).unwrap().is_none());
    symlink("loop", path("usr/loop")).unwrap();
    assert!(Folder::open(root.path(), Path::new("/usr/loop")).is_err());
    if rustix::process::geteuid().is_root() {
        lchown(path("alternatives/en"), Some(1), Some(1)).unwrap();
        assert!(matches!(open(), Err(Error::Foreign { .. })));
    }
}

#[test]
fn a_file_keeps_its_owner_and_a_new_one_has_that_of_the_folder() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (root, _) = folder();
    let place = root.path().join("etc/asterisk");
    chown(&place, Some(1), Some(2)).unwrap();
    let folder = Folder::open(root.path(), Path::new("/etc/asterisk")).unwrap().unwrap();
    std::fs::write(place.join("old"), "x").unwrap();
    chown(place.join("old"), Some(0), Some(3)).unwrap();
    std::fs::write(place.join("foreign"), "x").unwrap();
    chown(place.join("foreign"), Some(4), Some(4)).unwrap();
    for (name, owner) in [("old", (0, 3)), ("new", (1, 2))] {
        folder.write(name, b"y", NEW).unwrap();
        let found = place.join(name).metadata().unwrap();
        assert_eq!((found.uid(), found.gid()), owner, "{name}");
    }
    assert!(folder.write("foreign", b"y", NEW).is_err());
    // Where root alone can put files, they are whose they are.
    chown(&place, Some(0), Some(0)).unwrap();
    let folder = Folder::open(root.path(), Path::new("/etc/asterisk")).unwrap().unwrap();
    folder.write("foreign", b"y", NEW).unwrap();
    let found = place.join("foreign").metadata().unwrap();
    assert_eq!((found.uid(), found.gid()), (4, 4));
}

#[test]
fn a_link_that_comes_and_goes_is_never_written_through() {
    let (root, folder) = folder();
    let (place, secret) = (root.path().join("etc/asterisk/x.conf"), root.path().join("secret"));
    std::fs::write(&secret, "secret").unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // What is written meanwhile may be in the way.
                let _ = std::fs::remove_file(&place);
                let _ = symlink(&secret, &place);
            }
        });
        for _ in 0..300 {
            if let Ok(Some(read)) = folder.read("x.conf") {
                assert_ne!(read, b"secret");
            }
            // What is refused now may be free the next time.
            let _ = folder.write("x.conf", b"mine", NEW);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
}
